/** Tables of users, asked as clients ask for them. The compatibility kit asks much more (test/integration/catalog-kit.test.ts). */
import { describe, expect, test } from 'vitest'
import { append, askedApi, SCHEMA } from '../support.ts'

/** Ids that JSON.parse would round. */
const [FIRST, SECOND] = ['8942384278849645268', '9007199254740993123']

describe('a table', () => {
  test('gets ids and a folder of its own, and is found, renamed, and dropped with its files', async () => {
    const { ask, made, ports } = askedApi()
    const metadata = await made('research', 'prices')
    expect(metadata).toMatchObject({ 'format-version': 2, 'last-column-id': 2, 'current-snapshot-id': -1 })
    expect(metadata.schemas[0].fields.map(({ id, name }: { id: number; name: string }) => [id, name])).toEqual([
      ...[
        [1, 'symbol'],
        [2, 'price'],
      ],
    ])
    expect(metadata.location).toMatch(/^memory:\/\/lake\/user_tables\/research\/prices-[0-9a-f]{12}$/)
    expect((await ask('POST', 'namespaces/research/tables', { name: 'prices', schema: SCHEMA })).body.error).toEqual({
      ...{ message: 'Table already exists: research.prices', type: 'AlreadyExistsException', code: 409 },
    })
    const rename = {
      source: { namespace: ['research'], name: 'prices' },
      destination: { namespace: ['research'], name: 'p' },
    }
    expect((await ask('POST', 'tables/rename', rename)).status).toBe(204)
    expect((await ask('GET', 'namespaces/research/tables')).body.identifiers).toEqual([
      { namespace: ['research'], name: 'p' },
    ])
    expect((await ask('HEAD', 'namespaces/research/tables/prices')).status).toBe(404)
    expect((await ask('HEAD', 'namespaces/research/tables/p')).status).toBe(204)
    expect((await ask('DELETE', 'namespaces/research/tables/p?purgeRequested=true')).status).toBe(204)
    const left: string[] = []
    for await (const { key } of ports.store.list('user_tables/')) left.push(key)
    expect(left).toEqual([])
    expect((await ask('GET', 'namespaces/nowhere/tables/t')).body.error.type).toBe('NoSuchTableException')
  })

  test('keeps snapshot ids of 64 bits to the last digit', async () => {
    const { ask, made, manifestList } = askedApi()
    const { location } = await made('research', 't')
    const lists = [await manifestList(location, BigInt(FIRST)), await manifestList(location, BigInt(SECOND))]
    expect((await ask('POST', 'namespaces/research/tables/t', append(FIRST, lists[0]))).status).toBe(200)
    const next = append(SECOND, lists[1], { sequence: 2, parent: FIRST })
    expect((await ask('POST', 'namespaces/research/tables/t', next)).status).toBe(200)
    const { metadata } = (await ask('GET', 'namespaces/research/tables/t')).body
    expect(metadata['current-snapshot-id']).toBe(BigInt(SECOND))
    expect(metadata.snapshots.map((snapshot: Record<string, bigint>) => snapshot['snapshot-id'])).toEqual([
      ...[BigInt(FIRST), BigInt(SECOND)],
    ])
    const refs = (await ask('GET', 'namespaces/research/tables/t?snapshots=refs')).body.metadata
    expect(refs.snapshots.map((snapshot: Record<string, bigint>) => snapshot['snapshot-id'])).toEqual([BigInt(SECOND)])
  })

  test('refuses what was planned on another state, and says which', async () => {
    const { ask, made, manifestList } = askedApi()
    const { location } = await made('research', 't')
    await ask('POST', 'namespaces/research/tables/t', append(FIRST, await manifestList(location, BigInt(FIRST))))
    const late = append(SECOND, await manifestList(location, BigInt(SECOND)))
    expect((await ask('POST', 'namespaces/research/tables/t', late)).body.error).toEqual({
      message: 'Requirement failed: branch main was created concurrently',
      ...{ type: 'CommitFailedException', code: 409 },
    })
    const create = { requirements: [{ type: 'assert-create' }], updates: [] }
    expect((await ask('POST', 'namespaces/research/tables/t', create)).body.error.message).toBe(
      'Requirement failed: table already exists',
    )
  })

  test.each([
    [
      'a snapshot that it does not have',
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 5 },
      /unknown snapshot: 5/,
    ],
    [
      'a manifest list that is not there',
      {
        action: 'add-snapshot',
        snapshot: {
          'snapshot-id': 5,
          'sequence-number': 1,
          'timestamp-ms': 1,
          summary: { operation: 'append' },
          'manifest-list': 'LOCATION/metadata/none.avro',
        },
      },
      /none\.avro of snapshot 5 does not exist/,
    ],
    [
      'a manifest list somewhere else',
      {
        action: 'add-snapshot',
        snapshot: {
          'snapshot-id': 5,
          'sequence-number': 1,
          'timestamp-ms': 1,
          summary: { operation: 'append' },
          'manifest-list': 'memory://lake/market_data/x.avro',
        },
      },
      /not where users' tables are/,
    ],
    ['a schema that is not its own', { action: 'set-current-schema', 'schema-id': 4 }, /schema 4: there is none/],
    [
      'a partition of no column',
      { action: 'add-spec', spec: { fields: [{ 'source-id': 99, name: 'p', transform: 'identity' }] } },
      /no column 99/,
    ],
    ['version 3', { action: 'upgrade-format-version', 'format-version': 3 }, /version 2, which every engine reads/],
    [
      'a type of version 3',
      {
        action: 'add-schema',
        schema: { type: 'struct', fields: [{ id: 9, name: 'v', required: false, type: 'variant' }] },
      },
      /needs format version 3/,
    ],
    [
      'a folder of the pipeline',
      { action: 'set-location', location: 'memory://lake/market_data/gold' },
      /not where users' tables are/,
    ],
    [
      'a folder around it',
      { action: 'set-location', location: 'memory://lake/user_tables/research' },
      /in the folder of another namespace/,
    ],
  ])('is not given %s', async (_, update, message) => {
    const { ask, made } = askedApi()
    const { location } = await made('research', 't')
    const updates = JSON.parse(JSON.stringify([update]).replaceAll('LOCATION', location))
    const { status, body } = await ask('POST', 'namespaces/research/tables/t', { requirements: [], updates })
    expect(status).toBe(400)
    expect(body.error.message).toMatch(message)
    expect((await ask('GET', 'namespaces/research/tables/t')).body.metadata.snapshots).toEqual([])
  })

  test('does not take a manifest that is not there, nor a sequence number that goes back', async () => {
    const { ask, made, manifestList } = askedApi()
    const { location } = await made('research', 't')
    const missing = await manifestList(location, 1, [`${location}/metadata/none-m0.avro`])
    expect((await ask('POST', 'namespaces/research/tables/t', append('1', missing))).body.error.message).toMatch(
      /none-m0\.avro of snapshot 1 does not exist/,
    )
    await ask('POST', 'namespaces/research/tables/t', append('2', await manifestList(location, 2), { sequence: 4 }))
    const back = append('3', await manifestList(location, 3), { sequence: 4, parent: '2' })
    expect((await ask('POST', 'namespaces/research/tables/t', back)).body.error).toMatchObject({
      code: 409,
      message: /older than last sequence number 4/,
    })
  })

  test('is staged without a trace, and made by the commit', async () => {
    const { ask, ports } = askedApi()
    await ask('POST', 'namespaces', { namespace: ['research'] })
    const staged = await ask('POST', 'namespaces/research/tables', { name: 't', schema: SCHEMA, 'stage-create': true })
    expect((await ask('HEAD', 'namespaces/research/tables/t')).status).toBe(404)
    const { metadata } = staged.body
    const updates = [
      { action: 'assign-uuid', uuid: metadata['table-uuid'] },
      { action: 'set-location', location: metadata.location },
      { action: 'add-schema', schema: metadata.schemas[0], 'last-column-id': 2 },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]
    const commit = { requirements: [{ type: 'assert-create' }], updates }
    expect((await ask('POST', 'namespaces/research/tables/t', commit)).status).toBe(200)
    const made = (await ask('GET', 'namespaces/research/tables/t')).body.metadata
    expect(made).toMatchObject({
      'table-uuid': metadata['table-uuid'],
      location: metadata.location,
      'last-column-id': 2,
    })
    expect(made['partition-specs']).toEqual([{ 'spec-id': 0, fields: [] }])
    expect(await ports.state.query('catalog', 'TABLES research')).toHaveLength(1)
  })

  test('that has not changed is answered 304', async () => {
    const { ask, made } = askedApi()
    await made('research', 't')
    const { headers } = await ask('GET', 'namespaces/research/tables/t')
    const etag = headers.get('etag') ?? ''
    expect((await ask('GET', 'namespaces/research/tables/t', undefined, { 'if-none-match': etag })).status).toBe(304)
    expect(
      (await ask('GET', 'namespaces/research/tables/t?snapshots=refs', undefined, { 'if-none-match': etag })).status,
    ).toBe(200)
    const rename = { requirements: [], updates: [{ action: 'set-properties', updates: { a: 'b' } }] }
    await ask('POST', 'namespaces/research/tables/t', rename)
    expect((await ask('GET', 'namespaces/research/tables/t', undefined, { 'if-none-match': etag })).status).toBe(200)
  })

  test('whose metadata file is gone is 404 in Java’s own words, and can still be dropped', async () => {
    const { ask, made, ports } = askedApi()
    await made('research', 't')
    const { body } = await ask('GET', 'namespaces/research/tables/t')
    await ports.store.delete([body['metadata-location'].slice('memory://lake/'.length)])
    expect((await ask('GET', 'namespaces/research/tables/t')).body.error).toEqual({
      message: `Failed to open input stream for file: ${body['metadata-location']}`,
      ...{ type: 'NotFoundException', code: 404 },
    })
    expect((await ask('DELETE', 'namespaces/research/tables/t')).status).toBe(204)
  })

  test('drops old metadata files from its folder where it asks for that', async () => {
    const { ask, made, ports } = askedApi()
    await made('research', 't')
    const set = (updates: object) =>
      ask('POST', 'namespaces/research/tables/t', {
        requirements: [],
        updates: [{ action: 'set-properties', updates }],
      })
    await set({ 'write.metadata.previous-versions-max': '2', 'write.metadata.delete-after-commit.enabled': 'true' })
    for (const value of ['1', '2', '3', '4']) await set({ value })
    const files: string[] = []
    for await (const { key } of ports.store.list('user_tables/')) if (key.endsWith('.metadata.json')) files.push(key)
    expect(files).toHaveLength(3)
  })
})
