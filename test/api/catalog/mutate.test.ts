/** Changes of several tables, requests that come again, and writers that meet. */
import { describe, expect, test } from 'vitest'
import { Conflict, Throttled, TradelakeError } from '../../../domain/errors.ts'
import { takeLease } from '../../../domain/lease.ts'
import type { Ports } from '../../../domain/ports.ts'
import { append, askedApi, SCHEMA } from '../support.ts'

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

  test('is done once under its key, whichever change it asks for', async () => {
    const { ask, made } = askedApi()
    await made('research', 'a')
    const table = (name: string) => ({ namespace: ['research'], name })
    const changes: [number, string, string, object?][] = [
      [204, 'POST', 'tables/rename', { source: table('a'), destination: table('b') }],
      [200, 'POST', 'namespaces', { namespace: ['other'] }],
      [200, 'POST', 'namespaces/other/properties', { updates: { owner: 'me' }, removals: ['gone'] }],
      [204, 'DELETE', 'namespaces/other'],
      [204, 'DELETE', 'namespaces/research/tables/b'],
    ]
    for (const [at, [status, method, path, body]] of changes.entries()) {
      const headers = { 'idempotency-key': `change-${at}` }
      const first = await ask(method, path, body, headers)
      expect(first.status, path).toBe(status)
      expect(await ask(method, path, body, headers), path).toMatchObject({ status, body: first.body })
    }
  })

  test('is not told of a conflict with itself, where the first one commits while the second is planned', async () => {
    const lake = askedApi()
    const { location } = await lake.made('research', 't')
    const commit = append('1', await lake.manifestList(location, 1))
    const headers = { 'idempotency-key': 'the-same' }
    const { get } = lake.ports.state
    let first: Promise<number> | undefined
    lake.ports.state.get = async key => {
      const found = await get(key)
      if (!key.partition.startsWith('request#') || first) return found
      first = lake.ask('POST', 'namespaces/research/tables/t', commit, headers).then(({ status }) => status)
      await first
      return found
    }
    expect((await lake.ask('POST', 'namespaces/research/tables/t', commit, headers)).status).toBe(200)
    expect(await first).toBe(200)
  })
})

/** The first transaction takes effect, and is not heard of. */
function failAfter(transact: Ports['state']['transact'], error: Error = new Throttled('No answer came.')) {
  let failed = false
  return async (...args: Parameters<typeof transact>) => {
    await transact(...args)
    if (failed) return
    failed = true
    throw error
  }
}

describe('a transaction that is not heard of', () => {
  test.for([new Throttled('It is slow.'), new TradelakeError('It timed out.')])(
    'is not said to have failed, and leaves its files: $message',
    async error => {
      const { ask, made, ports } = askedApi()
      await made('research', 't')
      ports.state.transact = failAfter(ports.state.transact, error)
      const set = { requirements: [], updates: [{ action: 'set-properties', updates: { a: '1' } }] }
      expect((await ask('POST', 'namespaces/research/tables/t', set)).body.error).toMatchObject({
        type: 'CommitStateUnknownException',
      })
      const { status, body } = await ask('GET', 'namespaces/research/tables/t')
      expect([status, body.metadata?.properties.a]).toEqual([200, '1'])
    },
  )

  test('is known again where its own effect is what a second attempt meets, without a key too', async () => {
    const lake = askedApi()
    const { ask, ports } = lake
    const { location } = await lake.made('research', 't')
    const list = await lake.manifestList(location, 1)
    const { transact } = ports.state
    const unheard = (method: string, path: string, body?: unknown) => {
      ports.state.transact = failAfter(transact, new Conflict('another item is there', 0))
      return ask(method, path, body).then(({ status }) => status)
    }
    expect(await unheard('POST', 'namespaces/research/tables/t', append('1', list))).toBe(200)
    const { body } = await ask('GET', 'namespaces/research/tables/t')
    expect(body.metadata['current-snapshot-id']).toBe(1)
    expect(await unheard('POST', 'namespaces/research/tables', { name: 'new', schema: SCHEMA })).toBe(200)
    expect((await ask('GET', 'namespaces/research/tables/new')).status).toBe(200)
    const table = (name: string) => ({ namespace: ['research'], name })
    expect(await unheard('POST', 'tables/rename', { source: table('t'), destination: table('u') })).toBe(204)
    expect(await unheard('DELETE', 'namespaces/research/tables/u')).toBe(204)
    expect(await unheard('POST', 'namespaces', { namespace: ['other'] })).toBe(200)
    expect(await unheard('DELETE', 'namespaces/other')).toBe(204)
  })

  test('stays unknown where the next reading fails', async () => {
    const { ask, made, ports } = askedApi()
    await made('research', 't')
    const { get } = ports.state
    ports.state.transact = failAfter(ports.state.transact, new Conflict('another is under way', -1))
    const after = ports.state.transact
    ports.state.transact = async (...args) => {
      ports.state.get = async () => {
        throw new Throttled('It is slow.')
      }
      await after(...args)
    }
    const set = { requirements: [], updates: [{ action: 'set-properties', updates: { a: '1' } }] }
    const { error } = (await ask('POST', 'namespaces/research/tables/t', set)).body
    expect(error.type).toBe('CommitStateUnknownException')
    ports.state.get = get
    expect((await ask('GET', 'namespaces/research/tables/t')).body.metadata.properties.a).toBe('1')
  })
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

test('who makes a table is told so, though another drops it with its files before the answer', async () => {
  const { ask, ports } = askedApi()
  await ask('POST', 'namespaces', { namespace: ['research'] })
  const { transact } = ports.state
  ports.state.transact = async (writes, token) => {
    ports.state.transact = transact
    await transact(writes, token)
    expect((await ask('DELETE', 'namespaces/research/tables/t?purgeRequested=true')).status).toBe(204)
  }
  const made = await ask('POST', 'namespaces/research/tables', { name: 't', schema: SCHEMA })
  expect(made).toMatchObject({ status: 200, body: { metadata: { 'format-version': 2 } } })
  expect((await ask('GET', 'namespaces/research/tables/t')).status).toBe(404)
})
