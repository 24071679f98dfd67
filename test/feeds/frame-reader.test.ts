import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { MalformedFrame, type Unreadable } from '../../feeds/decoder.ts'
import { DECODERS } from '../../feeds/exchanges/decoders.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { decoderOf } from '../../feeds/fields.ts'
import { createFrameReader } from '../../feeds/frame-reader.ts'
import { createFeedMetrics } from '../../feeds/metrics.ts'
import { createFakeTimers } from './fake-timers.ts'

function reader(exchange: 'binance' | 'kraken' = 'binance', decoder = DECODERS[exchange]) {
  const registry = new Registry()
  const warnings: unknown[] = []
  const trades: string[] = []
  const unreadable: Unreadable[] = []
  const timers = createFakeTimers(1_790_000_000_000)
  const read = createFrameReader(
    {
      exchange,
      decoder,
      api: VENUES[exchange].stream,
      metrics: createFeedMetrics(registry, exchange),
      timers,
      log: { info() {}, error() {}, warn: (message, fields) => warnings.push({ message, ...fields }) },
    },
    { trade: trade => trades.push(trade.tradeId), unreadable: trade => unreadable.push(trade), reached() {} },
  )
  const counted = async (name: string) =>
    (await registry.getSingleMetric(`binance_feed_${name}`)?.get())?.values[0].value
  return { read, counted, warnings, timers, trades, unreadable }
}

test('what was received counts in bytes of UTF-8', async () => {
  const { read, counted } = reader()
  const frame = '{"e":"news","title":"10 € for 1 ₿"}'
  read(frame)
  expect(await counted('received_bytes_total')).toBe(Buffer.byteLength(frame))
  expect(Buffer.byteLength(frame)).toBe(frame.length + 4)
})

test('what is of an unknown type is counted each time and logged once a second', async () => {
  const { read, counted, warnings } = reader()
  for (let i = 0; i < 3; i++) read('{"e":"news"}')
  expect(warnings).toEqual([{ message: 'a message of an unknown type', exchange: 'binance', frame: '{"e":"news"}' }])
  expect(await counted('unknown_messages_total')).toBe(3)
})

test('what cannot be read is handed on as it came: a frame that is not JSON, and a trade without a price', () => {
  const { read, unreadable } = reader()
  expect(read('{"e":"trade"')).toEqual({ kind: 'other' })
  const frame = '{"e":"trade","s":"BTCUSDT","t":9007199254740991,"p":null,"q":"1.50","T":1,"m":true}'
  expect(read(frame)).toEqual({ kind: 'other' })
  expect(unreadable).toEqual([
    { raw: '{"e":"trade"', symbol: undefined, number: undefined, problem: expect.stringMatching(/not JSON/) },
    {
      raw: frame,
      symbol: 'BTCUSDT',
      number: 9007199254740991,
      problem: expect.stringMatching(/no decimal number in 'p'/),
    },
  ])
})

test('one bad trade of a frame does not cost its neighbours', () => {
  const { read, trades, unreadable } = reader('kraken')
  const trade = (id: number, price: string) =>
    `{"symbol":"BTC/USD","side":"buy","price":${price},"qty":1.10,"trade_id":${id},"timestamp":"2026-11-20T10:00:00.000000Z"}`
  const rows = [trade(102, '86416.1'), trade(103, '"cheap"'), trade(104, '86416.2'), trade(105, '86416.3')]
  read(`{"channel":"trade","type":"update","data":[${rows.join(',')}]}`)
  expect(trades).toEqual(['KRAKEN-102', 'KRAKEN-104', 'KRAKEN-105'])
  expect(unreadable).toMatchObject([{ symbol: 'BTCUSD', number: 103, raw: rows[1] }])
})

test('a frame whose values would fill the memory is not parsed', () => {
  const { read, unreadable } = reader()
  const frame = `[${'1,'.repeat(20_000_000)}1]`
  const before = process.memoryUsage().rss
  expect(read(frame)).toEqual({ kind: 'other' })
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
  expect(unreadable).toMatchObject([{ problem: 'A frame is too large: 40000003 characters.' }])
  // Nesting is no way around it.
  expect(read('['.repeat(10_000_000))).toEqual({ kind: 'other' })
})

test('a text that a decoder names is no fault, though it is not JSON', async () => {
  const decoder = decoderOf(function* () {}, 'pong')
  expect([...decoder.map('pong', 0n)]).toEqual([])
  expect(() => [...decoder.map('ping', 0n)]).toThrow(MalformedFrame)
  const { read, unreadable, warnings } = reader('binance', decoder)
  expect(read('pong')).toEqual({ kind: 'heartbeat' })
  expect([unreadable, warnings]).toEqual([[], []])
})
