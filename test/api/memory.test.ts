/** Answers and readings that are used again are never older than they may be. */
import { expect, test, vi } from 'vitest'
import { brieflyKept } from '../../api/http/brief-state.ts'
import { memoryLake } from '../functions/support.ts'
import { addTrades, HOUR, MINUTE, marketLake, NOW } from './market/market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

test('a state store is asked once within a moment, and again after it, or after a failure', async () => {
  const { ports, clock } = memoryLake()
  const key = { table: 'catalog', partition: 'market_data.x', sort: 'market_data' } as const
  const get = vi.fn(ports.state.get)
  const state = brieflyKept({ ...ports.state, get }, clock, 250)
  await Promise.all([state.get(key), state.get(key), state.get({ ...key, sort: 'other' })])
  expect(get).toHaveBeenCalledTimes(2)
  clock.advance(249)
  await state.get(key)
  expect(get).toHaveBeenCalledTimes(2)
  clock.advance(1)
  get.mockRejectedValueOnce(new Error('not now'))
  await expect(state.get(key)).rejects.toThrow('not now')
  await state.get(key)
  expect(get).toHaveBeenCalledTimes(4)
})

test('a reading that finds something new makes all others new: what was committed together is seen together', async () => {
  const { ports, clock } = memoryLake()
  const key = (sort: string) => ({ table: 'catalog', partition: 'market_data.x', sort }) as const
  const put = (v: string) =>
    ports.state.transact(
      ['a', 'b'].map(sort => ({ kind: 'put' as const, item: { key: key(sort), attributes: { v } } })),
      ports.ids.uuid(),
    )
  const state = brieflyKept(ports.state, clock, 250)
  await put('one')
  await state.get(key('a'))
  clock.advance(200)
  await state.get(key('b'))
  await put('two')
  clock.advance(100)
  expect([(await state.get(key('a')))?.v, (await state.get(key('b')))?.v]).toEqual(['two', 'two'])
})

test('an answer is given again until a commit, the end of a window, or a loss makes another', async () => {
  const lake = await marketLake()
  const reads = vi.spyOn(lake.ports.store, 'get')
  const ask = async (path: string): Promise<Json> => (await lake.get(path)).json()
  const candles = 'candles?symbols=BTCUSDT&timeframe=5m&limit=3'
  const first = await ask(candles)
  reads.mockClear()
  expect(await ask(candles)).toEqual(first)
  expect(reads).not.toHaveBeenCalled()

  await addTrades(lake, [{ timestamp: NOW - MINUTE, price: 77n * 10n ** 10n }])
  const changed = await ask(candles)
  expect(changed.data.at(-1).trades).toBe(first.data.at(-1).trades + 1)

  lake.clock.advance(60_000)
  const open = await ask('candles?symbols=BTCUSDT&timeframe=1h&fill=previous&limit=1')
  expect(open.data[0]).toMatchObject({ start: '2026-11-20T12:00:00Z', status: 'open' })
  lake.clock.advance(3_600_000)
  const statuses = async () => {
    const { data } = await ask('candles?symbols=BTCUSDT&timeframe=1h&fill=previous&limit=2')
    return data.map(({ status }: Json) => status)
  }
  // Nothing is traded any more: ten minutes after its end the hour is closed.
  expect(await statuses()).toEqual(['open', 'open'])
  lake.clock.advance(539_999)
  expect(await statuses()).toEqual(['open', 'open'])
  lake.clock.advance(1)
  expect(await statuses()).toEqual(['closed', 'open'])
  const hour = `candles?symbols=BTCUSDT&timeframe=1h&fill=previous&start=${NOW}&end=${NOW + HOUR}`
  expect((await ask(hour)).data[0].status).toBe('closed')

  const { attributes, key } = {
    key: { table: 'state', partition: 'lost_times', sort: 'a' } as const,
    attributes: { from: String(NOW), to: String(NOW + MINUTE) },
  }
  await lake.ports.state.transact([{ kind: 'put', item: { key, attributes } }], lake.ports.ids.uuid())
  expect((await ask(hour)).data[0].status).toBe('gap')
})

test('an answer is of its host, its format and its coding', async () => {
  const lake = await marketLake()
  const path = 'candles?symbols=BTCUSDT&timeframe=1h&limit=400&start=2026-11-01'
  const plain = await (await lake.get(path)).text()
  const packed = await lake.get(path, { 'accept-encoding': 'gzip' })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect((await (await lake.get(path, { accept: 'text/csv' })).text()).slice(0, 9)).toBe('timeframe')
  expect(await (await lake.get(path)).text()).toBe(plain)
})
