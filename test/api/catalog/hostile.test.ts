/** What a hostile or clumsy client tried: each of these destroyed or spoilt something once. */
import { expect, test } from 'vitest'
import { GOLD_TABLE } from '../../../domain/tables.ts'
import { createTable, loadTable } from '../../../iceberg/catalog.ts'
import { stageSnapshot } from '../../../iceberg/commit.ts'
import { append, askedApi, SCHEMA } from '../support.ts'

const TABLE = 'namespaces/research/tables/t'
const commit = (...updates: object[]) => ({ requirements: [], updates })

test.each([
  { 'max-ref-age-ms': 1.5 },
  { 'max-ref-age-ms': -5 },
  { 'max-ref-age-ms': 1e300 },
  { 'min-snapshots-to-keep': 3 },
  { 'max-snapshot-age-ms': 1 },
  { 'ref-name': '\ud800' },
  { 'ref-name': '' },
  { 'ref-name': 'x'.repeat(3_000) },
])('a tag of the pipeline’s tables with %j, which other readers refuse, is refused', async odd => {
  const { ask, ports } = askedApi()
  const table = await createTable(ports, GOLD_TABLE)
  const { write, snapshotId } = await stageSnapshot(ports, { table, operation: 'append' })
  await ports.state.transact([write], ports.ids.uuid())
  const tag = { action: 'set-snapshot-ref', 'ref-name': 'backtest', type: 'tag', 'snapshot-id': snapshotId, ...odd }
  expect((await ask('POST', `namespaces/market_data/tables/${GOLD_TABLE.name}`, commit(tag))).status).toBe(400)
  expect((await loadTable(ports, GOLD_TABLE.name)).metadata.refs).toEqual({
    main: { type: 'branch', 'snapshot-id': snapshotId },
  })
})

test.each([
  ['snapshot-id', '1.5'],
  ['snapshot-id', '-1'],
  ['snapshot-id', '0'],
  ['snapshot-id', '10000000000000000000'],
  ['sequence-number', '1e300'],
  ['sequence-number', '1.5'],
  ['timestamp-ms', '1e300'],
  ['timestamp-ms', '-1'],
  ['schema-id', '55'],
  ['summary', '{}'],
])('a snapshot whose %s is %s is refused', async (name, value) => {
  const { ask, made, manifestList } = askedApi()
  const { location } = await made('research', 't')
  const list = await manifestList(location, 5)
  const parts = {
    ...{
      'snapshot-id': '5',
      'sequence-number': '1',
      'timestamp-ms': '1763640000000',
      summary: '{"operation":"append"}',
    },
    ...{ 'manifest-list': `"${list}"`, [name]: value },
  }
  const snapshot = Object.entries(parts).map(([key, text]) => `"${key}":${text}`)
  const body = `{"requirements":[],"updates":[{"action":"add-snapshot","snapshot":{${snapshot.join(',')}}}]}`
  expect((await ask('POST', TABLE, body)).status).toBe(400)
})

test('a table that becomes version 2 in the commit that adds a snapshot has its files looked at too', async () => {
  const { ask, made } = askedApi()
  await made('research', 'any')
  await ask('POST', 'namespaces/research/tables', { name: 't', schema: SCHEMA, properties: { 'format-version': '1' } })
  const whole = JSON.parse(append('5', 'file:///etc/passwd'))
  whole.updates.push({ action: 'upgrade-format-version', 'format-version': 2 })
  expect((await ask('POST', TABLE, whole)).status).toBe(400)
})

test('metadata files are in the table’s own folder', async () => {
  const { ask, made } = askedApi()
  const { location } = await made('research', 't')
  for (const path of [location.replace(/\/t-/, '/other-'), 'memory://lake/market_data/x', `${location}x/metadata`]) {
    const set = { action: 'set-properties', updates: { 'write.metadata.path': path } }
    expect((await ask('POST', TABLE, commit(set))).status, path).toBe(400)
  }
  const own = { action: 'set-properties', updates: { 'write.metadata.path': `${location}/elsewhere` } }
  expect((await ask('POST', TABLE, commit(own))).body['metadata-location']).toMatch(/\/elsewhere\/00001-/)
})

test('a commit that took place is said to have, whatever becomes of old files', async () => {
  const { ask, made, ports } = askedApi()
  await made('research', 't')
  const few = { 'write.metadata.previous-versions-max': '1', 'write.metadata.delete-after-commit.enabled': 'true' }
  await ask('POST', TABLE, commit({ action: 'set-properties', updates: few }))
  ports.store.delete = async () => {
    throw new Error('The store does not answer.')
  }
  expect((await ask('POST', TABLE, commit({ action: 'set-properties', updates: { a: 'b' } }))).status).toBe(200)
})

test('a key for one namespace puts no table into the folder of another', async () => {
  const { ask, made } = askedApi()
  await made('research', 't')
  for (const location of [
    'memory://lake/user_tables/other',
    'memory://lake/user_tables/other/t',
    'memory://lake/user_tables',
  ])
    expect(
      (await ask('POST', 'namespaces/research/tables', { name: 'u', schema: SCHEMA, location })).status,
      location,
    ).toBe(400)
})

test.each(['', '{', 'null', '{"format-version":2}', '\u001f\u008bx'])(
  'damaged metadata %j is refused, and no fault of the server',
  async text => {
    const { ask, made, ports } = askedApi()
    await made('research', 't')
    await ports.store.put('user_tables/research/x/metadata/a.json', Buffer.from(text, 'latin1'))
    const register = { name: 'x', 'metadata-location': 'memory://lake/user_tables/research/x/metadata/a.json' }
    expect((await ask('POST', 'namespaces/research/register', register)).status).toBe(400)
  },
)

test.each([
  ['refs', '{"main":null}'],
  ['schemas', '5'],
  ['schemas', '[]'],
  ['partition-specs', '[null]'],
  ['snapshots', '[null]'],
  ['metadata-log', '5'],
  ['current-schema-id', '77'],
  ['properties', '5'],
])('metadata whose %s is %s is not registered', async (name, value) => {
  const { ask, made, ports } = askedApi()
  const { location, ...whole } = await made('research', 't')
  const text = JSON.stringify({ ...whole, location: `${location}-x`, [name]: JSON.parse(value) })
  await ports.store.put('user_tables/research/x.json', Buffer.from(text))
  const register = { name: 'x', 'metadata-location': 'memory://lake/user_tables/research/x.json' }
  expect((await ask('POST', 'namespaces/research/register', register)).status).toBe(400)
})

test.each(['.', '..'])('a name that no URL can have is none: %s', async name => {
  const { ask, made } = askedApi()
  await made('research', 't')
  expect((await ask('POST', 'namespaces', { namespace: [name] })).status).toBe(400)
  expect((await ask('POST', 'namespaces/research/tables', { name, schema: SCHEMA })).status).toBe(400)
})

test.each([
  ['gzip', 'gzip'],
  ['br, gzip;q=0.5', 'gzip'],
  ['GZIP', 'gzip'],
  ['*', 'gzip'],
  ['identity;q=0, *;q=0.1', 'gzip'],
  ['gzip;q=0', null],
  ['gzip; q=0.000, *', null],
  ['*;q=0', null],
  ['identity, gzip;q=0.5', null],
  ['identity', null],
  ['br', null],
  ['', null],
])('of a client that accepts %j the answer’s coding is %s', async (accepted, coding) => {
  const { ask, made } = askedApi()
  await made('research', 't')
  const { status, headers } = await ask('GET', TABLE, undefined, { 'accept-encoding': accepted })
  expect([status, headers.get('content-encoding')]).toEqual([200, coding])
})

test('a table that is dropped as soon as it is made was made nevertheless', async () => {
  const lake = askedApi()
  await lake.ask('POST', 'namespaces', { namespace: ['research'] })
  let dropped = 0
  lake.after = async ({ writes }) => {
    if (!writes.some(write => write.kind === 'put' && write.item.attributes['p.metadata_location'])) return
    dropped = (await lake.ask('DELETE', TABLE)).status
  }
  const made = await lake.ask('POST', 'namespaces/research/tables', { name: 't', schema: SCHEMA })
  expect([dropped, made.status]).toEqual([204, 200])
  const register = { name: 't', 'metadata-location': made.body['metadata-location'] }
  const again = await lake.ask('POST', 'namespaces/research/register', register)
  expect([dropped, again.status]).toEqual([204, 200])
  expect((await lake.ask('GET', TABLE)).status).toBe(404)
})
