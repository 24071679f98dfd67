/** Whatever is sent: an answer in the specification's own form, never a stack trace, and a table that can still be read. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { append, askedApi, SCHEMA } from './support.ts'

const ROUTES = [
  ...[
    'GET namespaces',
    'POST namespaces',
    'GET namespaces/research',
    'DELETE namespaces/none',
    'POST namespaces/research/properties',
  ],
  ...['GET namespaces/research/tables', 'POST namespaces/research/tables', 'GET namespaces/research/tables/t'],
  ...[
    'POST namespaces/research/tables/t',
    'POST namespaces/research/register',
    'POST tables/rename',
    'POST transactions/commit',
  ],
  ...[
    'POST namespaces/research/views',
    'GET namespaces/research/views',
    'POST namespaces/research/views/v',
    'POST views/rename',
  ],
  ...['POST namespaces/research/tables/t/metrics', 'POST oauth/tokens', 'POST namespaces/research/register-view'],
  ...[
    'POST namespaces/research/tables/t/sign',
    'GET namespaces/research/tables/t/credentials',
    'PUT namespaces',
    'PATCH config',
  ],
]

/** JSON that looks like a request here and there. */
const words = fc.constantFrom(
  ...[
    'namespace',
    'name',
    'schema',
    'properties',
    'requirements',
    'updates',
    'action',
    'type',
    'fields',
    'snapshot',
    'snapshot-id',
  ],
  ...[
    'add-snapshot',
    'set-snapshot-ref',
    'add-schema',
    'add-spec',
    'assert-ref-snapshot-id',
    'struct',
    'main',
    'branch',
    'research',
    't',
  ],
  ...[
    'metadata-location',
    'memory://lake/user_tables/x',
    'source',
    'destination',
    'table-changes',
    'identifier',
    'view-version',
    '__proto__',
  ],
)
const { json } = fc.letrec(tie => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(words, fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(words, fc.string()), tie('json'), { maxKeys: 6 }),
  ),
}))

test('an error has a message, a type and a code, and is the client’s', async () => {
  const { ask, made } = askedApi()
  await made('research', 't')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ROUTES),
      fc.oneof(
        fc.string(),
        json.map(body => JSON.stringify(body)),
      ),
      async (route, body) => {
        const [method, path] = route.split(' ')
        const answer = await ask(method, path, method === 'GET' ? undefined : (body ?? 'null'))
        expect(answer.status, `${route} ${body}`).toBeLessThan(500)
        if (answer.status < 400 || path === 'oauth/tokens') return
        expect(answer.body.error).toEqual({
          message: expect.any(String),
          type: expect.any(String),
          code: answer.status,
        })
        expect(answer.body.error.message).not.toMatch(/\n|\bat [\w.]+ \(/)
      },
    ),
    { numRuns: 600 },
  )
  expect((await ask('GET', 'namespaces/research/tables/t')).status).toBe(200)
})

test('a commit with anything in the place of one of its values is refused, or leaves a table that can be read', async () => {
  const { ask, made, manifestList } = askedApi()
  const { location } = await made('research', 't')
  const whole = JSON.parse(append('5', await manifestList(location, 5)))
  whole.updates.push(
    { action: 'add-schema', schema: SCHEMA },
    { action: 'add-spec', spec: { fields: [{ 'source-id': 1, name: 'p', transform: 'identity' }] } },
    { action: 'set-properties', updates: { a: 'b' } },
  )
  const paths: (string | number)[][] = []
  const walk = (value: unknown, path: (string | number)[]) => {
    if (path.length > 0) paths.push(path)
    if (typeof value === 'object' && value !== null)
      for (const [key, each] of Object.entries(value)) walk(each, [...path, Array.isArray(value) ? Number(key) : key])
  }
  walk(whole, [])
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), json, async (path, value) => {
      const body = structuredClone(whole)
      let at = body
      for (const step of path.slice(0, -1)) at = at[step]
      at[path.at(-1) as string] = value
      expect((await ask('POST', 'namespaces/research/tables/t', body)).status).toBeLessThan(500)
      const { status, body: found } = await ask('GET', 'namespaces/research/tables/t')
      expect(status).toBe(200)
      const { metadata } = found
      expect(metadata.schemas.map((schema: Record<string, number>) => schema['schema-id'])).toContain(
        metadata['current-schema-id'],
      )
      const ids = metadata.snapshots.map((snapshot: Record<string, unknown>) => snapshot['snapshot-id'])
      for (const { 'snapshot-id': id } of Object.values<Record<string, unknown>>(metadata.refs))
        expect(ids).toContain(id)
    }),
    { numRuns: 250 },
  )
})

test('a body beyond its limit is refused before it is read', async () => {
  const { ask } = askedApi()
  const body = JSON.stringify({ namespace: ['a'], properties: { big: 'x'.repeat(33 * 1024 * 1024) } })
  expect((await ask('POST', 'namespaces', body, { 'content-length': String(body.length) })).status).toBe(413)
})

test.each([
  ['an empty level', 'namespaces/a%1F', /1 to 255 bytes/],
  ['a control character', 'namespaces/a%07', /no control characters/],
  ['many levels', `namespaces/${Array.from({ length: 17 }, () => 'a').join('%1F')}`, /1 to 16 levels/],
  ['a long name', `namespaces/${'a'.repeat(256)}`, /1 to 255 bytes/],
  ['a page of no size', 'namespaces/research/tables?pageSize=0', /pageSize is 0/],
  ['snapshots of no kind', 'namespaces/research/tables/t?snapshots=some', /give all or refs/],
])('a path with %s is refused in words', async (_, path, message) => {
  const { ask, made } = askedApi()
  await made('research', 't')
  const { status, body } = await ask('GET', path)
  expect([status, body.error.message]).toEqual([400, expect.stringMatching(message)])
})

/** Updates of one kind, each unlike the others: a thousand took seconds when each was compared with all. */
const MANY = {
  schemas: (n: number) => ({
    action: 'add-schema',
    schema: { ...SCHEMA, fields: [...SCHEMA.fields, { id: 9, name: `n${n}`, required: false, type: 'long' }] },
  }),
  specs: (n: number) => ({
    action: 'add-spec',
    spec: { fields: [{ 'source-id': 1, transform: `bucket[${n + 1}]`, name: 'b' }] },
  }),
  orders: (n: number) => ({
    action: 'add-sort-order',
    'sort-order': {
      fields: [{ 'source-id': 1, transform: `bucket[${n + 1}]`, direction: 'asc', 'null-order': 'nulls-first' }],
    },
  }),
}
test.each(Object.entries(MANY))(
  'a thousand %s at once are a second’s work at most, and more are refused in words',
  async (_, update) => {
    const { ask, made } = askedApi()
    await made('research', 't')
    const updates = Array.from({ length: 1_000 }, (_, n) => update(n))
    const commit = (some: readonly object[]) =>
      ask('POST', 'namespaces/research/tables/t', { requirements: [], updates: some })
    const from = performance.now()
    expect((await commit(updates)).status).toBe(200)
    // Again: each is found among those that are there.
    const { body } = await commit(updates)
    expect(performance.now() - from).toBeLessThan(1_000)
    expect(
      body.metadata.schemas.length + body.metadata['partition-specs'].length + body.metadata['sort-orders'].length,
    ).toBe(1_003)
    expect((await commit([...updates, update(1_000)])).body.error).toMatchObject({
      code: 400,
      message:
        'The body cannot be used at updates: at most 1000 updates of a table in one request: make several of it.',
    })
  },
)
