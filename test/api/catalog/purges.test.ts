/** Drops of tables with their files, as they go wrong: a folder is its table's until all that is in it is gone, and nobody else's files go with it. */
import { expect, test } from 'vitest'
import { crashOnce } from '../../functions/support.ts'
import { type AskedApi, askedApi, SCHEMA } from '../support.ts'

const TABLE = 'namespaces/research/tables/t'
const commit = (...updates: object[]) => ({ requirements: [], updates })
const DROP = `${TABLE}?purgeRequested=true`
async function userFiles({ ports }: AskedApi): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of ports.store.list('user_tables/')) keys.push(key)
  return keys
}

test('the folder that a table had stays its own, and is purged with it', async () => {
  const { ask, made, ports } = askedApi()
  const { location } = await made('research', 't')
  const moved = `${location}-moved`
  expect((await ask('POST', TABLE, commit({ action: 'set-location', location: moved }))).status).toBe(200)
  const other = { name: 'other', schema: SCHEMA, location }
  expect((await ask('POST', 'namespaces/research/tables', other)).status).toBe(400)
  expect((await ask('POST', TABLE, commit({ action: 'set-location', location }))).status).toBe(200)
  const renamed = {
    source: { namespace: ['research'], name: 't' },
    destination: { namespace: ['research'], name: 'u' },
  }
  await ask('POST', 'tables/rename', renamed)
  expect((await ask('DELETE', 'namespaces/research/tables/u?purgeRequested=true')).status).toBe(204)
  const left: string[] = []
  for await (const { key } of ports.store.list('user_tables/')) left.push(key)
  expect(left).toEqual([])
  expect(await ports.state.query('catalog', 'FOLDERS')).toEqual([])
})

test('a folder is nobody’s while its files are deleted, and a purge that was stopped goes on when it is asked again', async () => {
  const lake = askedApi()
  const { location } = await lake.made('research', 't')
  const { delete: remove } = lake.ports.store
  lake.ports.store.delete = async () => {
    throw new Error('The process ended here.')
  }
  const headers = { 'idempotency-key': 'purge-1' }
  expect((await lake.ask('DELETE', `${TABLE}?purgeRequested=true`, undefined, headers)).status).toBe(500)
  const again = { name: 'again', schema: SCHEMA, location }
  expect((await lake.ask('POST', 'namespaces/research/tables', again)).body.error.message).toMatch(
    /a table that is being deleted/,
  )
  lake.ports.store.delete = remove
  expect((await lake.ask('DELETE', `${TABLE}?purgeRequested=true`, undefined, headers)).status).toBe(204)
  expect((await lake.ask('POST', 'namespaces/research/tables', again)).status).toBe(200)
  // A third time finds the folder another's.
  expect((await lake.ask('DELETE', `${TABLE}?purgeRequested=true`, undefined, headers)).status).toBe(204)
  expect((await lake.ask('GET', 'namespaces/research/tables/again')).status).toBe(200)
})

test('a purge whose process was killed, and that nobody asks for again, is ended by a later request', async () => {
  const lake = askedApi()
  const { location } = await lake.made('research', 't')
  crashOnce(lake, 'after', ({ writes }) => writes.some(({ kind }) => kind === 'remove'))
  expect((await lake.ask('DELETE', DROP)).status).toBe(500)
  lake.clock.advance(60_000)
  // As after a restart.
  const later = askedApi({}, lake)
  expect(await userFiles(later)).toHaveLength(1)
  await later.ask('GET', 'config')
  expect(await userFiles(later)).toEqual([])
  expect((await later.ask('POST', 'namespaces/research/tables', { name: 'u', schema: SCHEMA, location })).status).toBe(
    200,
  )
})

test('one late purge that fails keeps no other from its end, and no request from its answer', async () => {
  const lake = askedApi()
  await lake.made('research', 't')
  await lake.made('research', 'u')
  for (const name of ['t', 'u']) {
    crashOnce(lake, 'after', ({ writes }) => writes.some(({ kind }) => kind === 'remove'))
    await lake.ask('DELETE', `namespaces/research/tables/${name}?purgeRequested=true`)
  }
  lake.clock.advance(60_000)
  const { delete: remove } = lake.ports.store
  lake.ports.store.delete = async keys => {
    if (keys.some(key => key.includes('/t-'))) throw new Error('Not allowed.')
    await remove(keys)
  }
  expect((await lake.ask('GET', 'config')).status).toBe(200)
  expect(await userFiles(lake)).toEqual([expect.stringContaining('/t-')])
})

test('a purge deletes nothing of the table that has the folder next', async () => {
  const lake = askedApi()
  const { location } = await lake.made('research', 't')
  const { list } = lake.ports.store
  const next = { name: 'next', schema: SCHEMA, location }
  lake.ports.store.list = async function* (prefix) {
    lake.ports.store.list = list
    // Another process ends the purge while this one is slow, and the folder is given to another table.
    lake.clock.advance(60_000)
    await askedApi({}, lake).ask('GET', 'config')
    expect((await lake.ask('POST', 'namespaces/research/tables', next)).status).toBe(200)
    yield* list(prefix)
  }
  expect((await lake.ask('DELETE', DROP)).status).toBe(204)
  expect(await userFiles(lake)).toHaveLength(1)
  expect((await lake.ask('GET', 'namespaces/research/tables/next')).status).toBe(200)
})

test('a table that has been in very many folders goes to no other, so that it can still be dropped', async () => {
  const lake = askedApi()
  const { location } = await lake.made('research', 't')
  const statuses: number[] = []
  for (let n = 0; n < 22; n++)
    statuses.push(
      (await lake.ask('POST', TABLE, commit({ action: 'set-location', location: `${location}-${n}` }))).status,
    )
  expect(statuses).toEqual([...new Array(20).fill(200), 400, 400])
  expect((await lake.ask('DELETE', DROP)).status).toBe(204)
  expect(await userFiles(lake)).toEqual([])
})
