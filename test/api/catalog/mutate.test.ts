/** Changes of several tables, requests that come again, and writers that meet. */
import { describe, expect, test } from 'vitest'
import { Conflict, Throttled } from '../../../domain/errors.ts'
import { takeLease } from '../../../domain/lease.ts'
import { askedApi, SCHEMA } from '../support.ts'

describe('several tables', () => {
  test('are changed all or none', async () => {
    const { ask, made, ports } = askedApi()
    await made('research', 'a')
    await made('research', 'b')
    const change = (name: string, uuid?: string) => ({
      identifier: { namespace: ['research'], name },
      requirements: uuid === undefined ? [] : [{ type: 'assert-table-uuid', uuid }],
      updates: [{ action: 'set-properties', updates: { changed: 'yes' } }],
    })
    const wrong = { 'table-changes': [change('a'), change('b', '00000000-0000-0000-0000-000000000000')] }
    expect((await ask('POST', 'transactions/commit', wrong)).status).toBe(409)
    const changed = async (name: string) =>
      (await ask('GET', `namespaces/research/tables/${name}`)).body.metadata.properties.changed
    expect([await changed('a'), await changed('b')]).toEqual([undefined, undefined])
    expect((await ask('POST', 'transactions/commit', { 'table-changes': [change('a'), change('b')] })).status).toBe(204)
    expect([await changed('a'), await changed('b')]).toEqual(['yes', 'yes'])
    expect((await ask('POST', 'transactions/commit', { 'table-changes': [change('a'), change('a')] })).status).toBe(400)
    // What the refused attempt had written is gone.
    const files: string[] = []
    for await (const { key } of ports.store.list('user_tables/')) if (key.endsWith('.metadata.json')) files.push(key)
    expect(files.length).toBeLessThanOrEqual(5)
  })
})

describe('a request that comes again', () => {
  test('is done once under its key, and answered as the first time', async () => {
    const { ask, made } = askedApi()
    await made('research', 't')
    const body = { requirements: [], updates: [{ action: 'set-properties', updates: { a: '1' } }] }
    const headers = { 'idempotency-key': '0198c7a4-7f4f-7c43-9d1c-111111111111' }
    const first = await ask('POST', 'namespaces/research/tables/t', body, headers)
    const again = await ask('POST', 'namespaces/research/tables/t', body, headers)
    expect(again).toMatchObject({ status: 200, body: first.body })
    const other = { requirements: [], updates: [{ action: 'set-properties', updates: { a: '2' } }] }
    expect((await ask('POST', 'namespaces/research/tables/t', other, headers)).status).toBe(422)
    expect((await ask('GET', 'config')).body['idempotency-key-lifetime']).toBe('PT1H')
  })

  test('finds a table made whose answer was lost, where a plain one meets its own', async () => {
    const lake = askedApi()
    await lake.ask('POST', 'namespaces', { namespace: ['research'] })
    const create = { name: 't', schema: SCHEMA }
    const headers = { 'idempotency-key': '0198c7a4-7f4f-7c43-9d1c-222222222222' }
    lake.ports.state.transact = failAfter(lake.ports.state.transact)
    const lost = await lake.ask('POST', 'namespaces/research/tables', create, headers)
    expect(lost.body.error).toMatchObject({ type: 'CommitStateUnknownException', code: 500 })
    expect((await lake.ask('POST', 'namespaces/research/tables', create, headers)).status).toBe(200)
    expect((await lake.ask('POST', 'namespaces/research/tables', create)).status).toBe(409)
  })

  /** The first transaction takes effect, and its answer is lost. */
  function failAfter(transact: (...args: never[]) => Promise<void>) {
    let failed = false
    return async (...args: never[]) => {
      await transact(...args)
      if (failed) return
      failed = true
      throw new Throttled('No answer came.')
    }
  }
})

describe('writers', () => {
  test('that meet are planned again from what is there', async () => {
    const { ask, made, ports } = askedApi()
    await made('research', 't')
    const { transact } = ports.state
    let collisions = 3
    ports.state.transact = async (writes, token) => {
      if (collisions-- > 0) throw new Conflict('another came first', 0)
      return transact(writes, token)
    }
    const set = { requirements: [], updates: [{ action: 'set-properties', updates: { a: '1' } }] }
    expect((await ask('POST', 'namespaces/research/tables/t', set)).status).toBe(200)
    ports.state.transact = async () => {
      throw new Conflict('another came first', 0)
    }
    expect((await ask('POST', 'namespaces/research/tables/t', set)).body.error).toMatchObject({
      type: 'CommitFailedException',
      code: 409,
    })
  })

  test('wait while somebody has the lake to himself', async () => {
    const { ask, made, ports } = askedApi()
    await made('research', 't')
    await takeLease(ports, 'lake', 'tradelake restore', 60_000)
    const set = { requirements: [], updates: [{ action: 'set-properties', updates: { a: '1' } }] }
    expect((await ask('POST', 'namespaces/research/tables/t', set)).body.error).toMatchObject({
      code: 503,
      message: /tradelake restore has the lake/,
    })
    expect((await ask('GET', 'namespaces/research/tables/t')).status).toBe(200)
  })
})
