import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { partitionOf } from '../../feeds/partitioner.ts'
import { createMarket, type MarketOptions, type MarketRecord, TICK_MICROS } from './market.ts'

const START = 1_790_000_000_000_000n
const options: MarketOptions = {
  seed: 42,
  startMicros: START,
  ratePerSecond: 2_000,
  exchange: EXCHANGES[0],
  partitions: 40,
}

function ticks(of: MarketOptions, from: number, to: number): MarketRecord[] {
  const market = createMarket(of)
  return Array.from({ length: to - from }, (_, i) => market.tick(from + i)).flat()
}

function digest(records: readonly MarketRecord[]): string {
  const hash = createHash('sha256')
  for (const { partition, key, value, timestamp } of records)
    hash
      .update(`${partition} ${timestamp} `)
      .update(key ?? 'null')
      .update(value ?? 'null')
  return hash.digest('hex')
}

test('the same seed gives the same market, another seed another', () => {
  const first = digest(ticks(options, 0, 50))
  expect(digest(ticks(options, 0, 50))).toBe(first)
  for (const other of [
    { seed: 43 },
    { seed: 42 + 2 ** 32 },
    { market: 1 },
    { exchange: EXCHANGES[1] },
    { ratePerSecond: 2_001 },
  ])
    expect(digest(ticks({ ...options, ...other }, 0, 50)), JSON.stringify(other)).not.toBe(first)
})

test('a market has not changed since it was written: runs go on after an upgrade', () => {
  expect(digest(ticks(options, 0, 200))).toMatchInlineSnapshot(
    `"92e733b7ed001a7788cb180b97b35ee3b6e112aeb8da5bb490a2484b4b5e6b85"`,
  )
})

test('ticks are the same however a run is cut', () => {
  const slow = { ...options, ratePerSecond: 300 }
  const whole = createMarket(slow)
  const all = Array.from({ length: 400 }, (_, k) => digest(whole.tick(k)))
  fc.assert(
    fc.property(fc.array(fc.nat(399), { minLength: 1, maxLength: 4 }), wanted => {
      const market = createMarket(slow)
      for (const k of wanted) expect(digest(market.tick(k))).toBe(all[k])
    }),
    { numRuns: 15 },
  )
})

test('far ticks come without making those before', () => {
  const records = createMarket(options).tick(1_000_000)
  expect(records.length).toBeGreaterThan(50)
  for (const { timestamp } of records) {
    expect(timestamp).toBeGreaterThanOrEqual(Number((START + 1_000_000n * TICK_MICROS) / 1000n))
    expect(timestamp).toBeLessThan(Number((START + 1_000_001n * TICK_MICROS) / 1000n))
  }
})

test('rates, repeats, late trades and broken records are about as many as promised', () => {
  const records = ticks(options, 0, 640)
  const per = (part: number) => part / records.length
  const good = records.filter(record => record.trade)
  const distinct = new Map(good.map(({ trade }) => [trade?.messageId, trade]))
  // 128 s of 80 % of 2,000 a second.
  expect(distinct.size / 204_800).toBeGreaterThan(0.99)
  expect(distinct.size / 204_800).toBeLessThan(1.01)
  expect(per(good.length - distinct.size)).toBeGreaterThan(0.007)
  expect(per(good.length - distinct.size)).toBeLessThan(0.012)
  expect(per(records.length - good.length)).toBeGreaterThan(0.004)
  expect(per(records.length - good.length)).toBeLessThan(0.006)
  const ages = [...distinct.values()].map(trade => Number((trade?.ingestionTimestamp ?? 0n) - (trade?.timestamp ?? 0n)))
  const late = ages.filter(age => age > 1_000_000)
  expect(per(late.length)).toBeGreaterThan(0.002)
  expect(per(late.length)).toBeLessThan(0.004)
  expect(Math.max(...late)).toBeLessThan(7_201_000_000)
  expect(Math.max(...late)).toBeGreaterThan(3_600_000_000)
  expect(ages.every(age => age >= 5_000)).toBe(true)
})

test('two seconds of each half minute are a burst', () => {
  const market = createMarket(options)
  const counts = Array.from({ length: 160 }, (_, k) => market.tick(k).length).sort((a, b) => b - a)
  expect(counts[9] / counts[10]).toBeGreaterThan(2.5)
})

test('a value is the trade that comes with it, and repeats are byte for byte the same', () => {
  const type = avroType(TRADE_SCHEMA)
  const seen = new Map<string, { value: string; timestamp: number }>()
  let repeats = 0
  for (const exchange of EXCHANGES)
    for (const { key, value, timestamp, partition, trade } of ticks(
      { ...options, ratePerSecond: 600, exchange },
      0,
      200,
    )) {
      if (!trade || !value || !key) continue
      const decoded = type.fromBuffer(Buffer.from(value.subarray(5)))
      expect(decoded.message_id).toBe(trade.messageId)
      expect(decimalFromBytes(decoded.price)! * 100n).toBe(trade.price)
      expect(decimalFromBytes(decoded.quantity)).toBe(trade.quantity)
      expect(decoded.timestamp).toBe(trade.timestamp)
      expect(Buffer.from(key).toString()).toBe(trade.symbol)
      expect(partition).toBe(partitionOf(key, 40))
      expect(trade.price > 0n && trade.quantity > 0n && trade.exchange === exchange.code).toBe(true)
      const bytes = Buffer.from(value).toString('base64')
      const before = seen.get(trade.messageId)
      if (before) {
        repeats++
        expect(bytes).toBe(before.value)
        expect(timestamp - before.timestamp).toBeGreaterThanOrEqual(200)
        expect(timestamp - before.timestamp).toBeLessThanOrEqual(30_000)
      } else seen.set(trade.messageId, { value: bytes, timestamp })
    }
  expect(repeats).toBeGreaterThan(20)
})

test('trade ids count up without a gap by symbol, and markets share none', () => {
  const numbers = (market: number) => {
    const trades = ticks({ ...options, market }, 0, 100).flatMap(record => record.trade ?? [])
    return Map.groupBy(trades, trade => trade.symbol)
      .values()
      .map(group => new Set(group.map(trade => Number(trade.tradeId.split('-')[1]))))
      .toArray()
  }
  for (const ids of numbers(0)) expect(Math.max(...ids) - Math.min(...ids)).toBe(ids.size - 1)
  for (const ids of numbers(3)) expect(Math.min(...ids)).toBeGreaterThan(30_000_000_000)
})

test('an exchange without a venue of its own trades too', () => {
  const records = ticks({ ...options, exchange: { name: 'fourth', code: 'FOURTH' } }, 0, 50)
  expect(records.length).toBeGreaterThan(100)
  expect(records.find(record => record.trade)?.trade?.tradeId).toMatch(/^FOURTH-\d+$/)
})

test('options out of range are refused', () => {
  for (const wrong of [
    { seed: -1 },
    { seed: 0.5 },
    { ratePerSecond: Number.NaN },
    { ratePerSecond: -1 },
    { market: -1 },
  ])
    expect(() => createMarket({ ...options, ...wrong })).toThrow(RangeError)
  expect(() => createMarket(options).tick(-1)).toThrow(RangeError)
})

test('partitions are those that Kafka’s Java client chooses', () => {
  // From Apache Kafka's UtilsTest.testMurmur2, as (hash & 0x7fffffff) % 1000.
  const hashes: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  for (const [text, hash] of hashes)
    expect(partitionOf(new TextEncoder().encode(text), 1000), text).toBe((hash & 0x7fffffff) % 1000)
})
