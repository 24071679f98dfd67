/** A table's folder is its own: whatever a client writes, it gets at no other, by credentials, signatures or drops. */
import { beforeEach, expect, test } from 'vitest'
import type { FileService } from '../../api/catalog/delegation.ts'
import { memoryLake, pauseOnce } from '../functions/support.ts'
import { type AskedApi, askedApi, SCHEMA } from './support.ts'

const SERVICE: FileService = {
  ...{ region: 'eu-central-1', endpoint: undefined, pathStyle: false },
  credentials: async (folder, access) => ({
    ...{ accessKeyId: folder, secretAccessKey: access, sessionToken: 'token', expiresAt: 1_700_000_000_000 },
  }),
  sign: async ({ headers }) => headers,
  presign: async uri => uri,
}
const VENDED = { 'x-iceberg-access-delegation': 'vended-credentials' }

let api: AskedApi
/** What a client without rights to `theirs` would like to have. */
let theirs: string
let mine: string
beforeEach(async () => {
  const lake = memoryLake()
  // Credentials are given for files that are in S3.
  Object.assign(lake.ports.store, { root: 's3://lake' })
  api = askedApi({ service: SERVICE }, lake)
  theirs = (await api.made('theirs', 't')).location
  mine = (await api.made('mine', 't')).location
})

const folderGiven = async (path: string) =>
  (await api.ask('GET', path, undefined, VENDED)).body['storage-credentials']?.[0].prefix

/** The client writes over the table's metadata, which lies in the folder that it may write. */
async function tamper(change: (metadata: object) => object): Promise<string> {
  const { body } = await api.ask('GET', 'namespaces/mine/tables/t')
  const key = body['metadata-location'].slice('s3://lake/'.length)
  // The store keeps what was there first: what is written over is deleted before.
  await api.ports.store.delete([key])
  await api.ports.store.put(key, Buffer.from(JSON.stringify(change(body.metadata))))
  // The catalog remembers what it read; another process of it does not.
  api = askedApi({ service: SERVICE }, api)
  return body['metadata-location']
}
const filesOf = async (location: string) => {
  const keys: string[] = []
  for await (const { key } of api.ports.store.list(location.slice('s3://lake/'.length))) keys.push(key)
  return keys.length
}

test('credentials are for the folder that the catalog keeps, not for the one that the metadata file names', async () => {
  expect(await folderGiven('namespaces/mine/tables/t')).toBe(`${mine}/`)
  await tamper(metadata => ({ ...metadata, location: theirs }))
  expect(await folderGiven('namespaces/mine/tables/t')).toBe(`${mine}/`)
  expect(await folderGiven('namespaces/mine/tables/t/credentials')).toBe(`${mine}/`)
  const uri = 'https://lake.s3.eu-central-1.amazonaws.com/'
  const sign = (folder: string) =>
    api.ask('POST', 'namespaces/mine/tables/t/sign', {
      ...{ method: 'GET', region: 'eu-central-1', uri: `${uri}${folder.slice('s3://lake/'.length)}/a`, headers: {} },
    })
  expect((await sign(theirs)).status).toBe(403)
  expect((await sign(mine)).status).toBe(200)
})

test('a commit on such a file is refused, and a drop deletes the table’s own files', async () => {
  await tamper(metadata => ({ ...metadata, location: theirs }))
  const set = { requirements: [], updates: [{ action: 'set-properties', updates: { a: 'b' } }] }
  expect((await api.ask('POST', 'namespaces/mine/tables/t', set)).body.error).toMatchObject({
    code: 400,
    message: `The location ${theirs} overlaps ${theirs}, where theirs.t is: give each table a folder of its own.`,
  })
  expect((await api.ask('DELETE', 'namespaces/mine/tables/t?purgeRequested=true')).status).toBe(204)
  expect([await filesOf(mine), await filesOf(theirs)]).toEqual([0, 1])
})

test('files of another table are not deleted as old ones, though the history names them', async () => {
  const { body } = await api.ask('GET', 'namespaces/theirs/tables/t')
  const location = await tamper(metadata => ({
    ...metadata,
    properties: { 'write.metadata.delete-after-commit.enabled': 'true', 'write.metadata.previous-versions-max': '1' },
    'metadata-log': [{ 'metadata-file': body['metadata-location'], 'timestamp-ms': 1 }],
  }))
  const set = { requirements: [], updates: [{ action: 'set-properties', updates: { a: 'b' } }] }
  const commit = async () => expect((await api.ask('POST', 'namespaces/mine/tables/t', set)).status).toBe(200)
  await commit()
  expect(await filesOf(theirs)).toBe(1)
  await commit()
  // Its own are.
  expect(await api.ports.store.head(location.slice('s3://lake/'.length))).toBeUndefined()
})

test('a table that is only staged gets none in another’s folder', async () => {
  const staged = (location: string) =>
    api.ask('POST', 'namespaces/mine/tables', { name: 'u', schema: SCHEMA, location, 'stage-create': true }, VENDED)
  expect(await staged(theirs)).toMatchObject({ status: 400 })
  expect(await staged(`${theirs}/data`)).toMatchObject({ status: 400 })
  const own = await staged('s3://lake/user_tables/mine/u')
  expect(own.body['storage-credentials'][0].prefix).toBe('s3://lake/user_tables/mine/u/')
})

test('registering over a table takes no folder of another, and moves to a free one', async () => {
  const { body } = await api.ask('GET', 'namespaces/theirs/tables/t')
  const register = (location: string) =>
    api.ask('POST', 'namespaces/mine/register', { name: 't', 'metadata-location': location, overwrite: true })
  expect(await register(body['metadata-location'])).toMatchObject({ status: 400 })
  await api.ask('DELETE', 'namespaces/theirs/tables/t')
  expect(await register(body['metadata-location'])).toMatchObject({ status: 200 })
  expect(await folderGiven('namespaces/mine/tables/t')).toBe(`${theirs}/`)
  // The first one holds older files of the table: it is free when the table is dropped.
  const again = { name: 'u', schema: SCHEMA, location: mine }
  expect(await api.ask('POST', 'namespaces/mine/tables', again)).toMatchObject({ status: 400 })
  expect(await api.ask('DELETE', 'namespaces/mine/tables/t')).toMatchObject({ status: 204 })
  expect(await api.ask('POST', 'namespaces/mine/tables', again)).toMatchObject({ status: 200 })
})

test('registering what is there already says so, before it says anything of folders', async () => {
  const { body } = await api.ask('GET', 'namespaces/mine/tables/t')
  const again = { name: 't', 'metadata-location': body['metadata-location'] }
  expect(await api.ask('POST', 'namespaces/mine/register', again)).toMatchObject({
    status: 409,
    body: { error: { type: 'AlreadyExistsException', message: 'Table already exists: mine.t' } },
  })
  const view = {
    ...{ name: 'v', schema: SCHEMA, properties: {} },
    'view-version': {
      ...{ 'version-id': 1, 'timestamp-ms': 1, 'schema-id': 0, summary: {}, 'default-namespace': ['mine'] },
      representations: [{ type: 'sql', sql: 'SELECT 1', dialect: 'spark' }],
    },
  }
  const made = await api.ask('POST', 'namespaces/mine/views', view)
  expect(made).toMatchObject({ status: 200 })
  const viewAgain = { name: 'v', 'metadata-location': made.body['metadata-location'] }
  expect(await api.ask('POST', 'namespaces/mine/register-view', viewAgain)).toMatchObject({
    status: 409,
    body: { error: { message: 'View already exists: mine.v' } },
  })
})

test('a table keeps its folder under another name', async () => {
  const [source, destination] = ['t', 'u'].map(name => ({ namespace: ['mine'], name }))
  expect((await api.ask('POST', 'tables/rename', { source, destination })).status).toBe(204)
  expect(await folderGiven('namespaces/mine/tables/u')).toBe(`${mine}/`)
})

test.each(['s3://lake/user_tables/mine/a/b', 's3://lake/user_tables/mine/a'])(
  'of two who ask at one moment for a folder and for one in it, one gets it: %s',
  async outer => {
    await api.ask('POST', 'namespaces', { namespace: ['mine', 'a'] })
    await api.ask('DELETE', 'namespaces/mine/tables/t')
    const create = (namespace: string, location: string) =>
      api.ask('POST', `namespaces/${namespace}/tables`, { name: 'new', schema: SCHEMA, location })
    const inner = 's3://lake/user_tables/mine/a/b/c'
    for (const [first, second] of [
      [() => create('mine', outer), () => create('mine%1Fa', inner)],
      [() => create('mine%1Fa', inner), () => create('mine', outer)],
    ]) {
      const { reached, go } = pauseOnce(api, ({ kind }) => kind === 'transact')
      const slow = first()
      await reached
      expect((await second()).status).toBe(200)
      go()
      expect((await slow).body.error.message).toMatch(/overlaps/)
      for (const path of ['mine', 'mine%1Fa']) await api.ask('DELETE', `namespaces/${path}/tables/new`)
    }
  },
)

test('tables that one transaction makes get folders that do not overlap', async () => {
  const make = (name: string, location: string) => ({
    identifier: { namespace: ['mine'], name },
    requirements: [{ type: 'assert-create' }],
    updates: [
      { action: 'add-schema', schema: SCHEMA },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'set-location', location },
    ],
  })
  const commit = (...changes: object[]) => api.ask('POST', 'transactions/commit', { 'table-changes': changes })
  const folder = 's3://lake/user_tables/mine/new'
  expect(await commit(make('a', folder), make('b', `${folder}/b`))).toMatchObject({ status: 400 })
  expect(await commit(make('a', folder), make('b', folder))).toMatchObject({ status: 400 })
  expect(await commit(make('a', `${folder}/a`), make('b', `${folder}/b`))).toMatchObject({ status: 204 })
  expect(await folderGiven('namespaces/mine/tables/b')).toBe(`${folder}/b/`)
})
