/** What Silver refuses, and how it says so. */
import { beforeEach, describe, expect, test } from 'vitest'
import { consumers } from '../../domain/names.ts'
import { tradeStream } from '../../domain/streams.ts'
import { DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import type { Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import {
  BINANCE,
  kafkaEvent,
  type MemoryLake,
  memoryLake,
  pendingIds,
  refineAll,
  rowsOf,
  START,
  START_MICROS,
  type TestRecord,
  tradeOf,
} from './support.ts'

const DAY_MICROS = 86_400_000_000n
let lake: MemoryLake
beforeEach(() => {
  lake = memoryLake()
})

const put = (records: readonly TestRecord[], into = lake) =>
  ingest(into.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
const deadRows = (of = lake) => rowsOf(of, DLQ_TABLE)

/** The verdict on one value: undefined where it is a trade. */
async function verdictOn(value: Uint8Array | null, timestamp = START) {
  const own = memoryLake()
  await put([{ partition: 0, offset: 0, value, timestamp }], own)
  const { valid, invalid } = await refineAll(own, BINANCE)
  expect(valid + invalid).toBe(1)
  const [dead] = await deadRows(own)
  if (!dead) {
    expect(await rowsOf(own, silverTable(BINANCE))).toHaveLength(1)
    return undefined
  }
  expect(dead.raw_record && Buffer.from(dead.raw_record as Uint8Array)).toEqual(value && Buffer.from(value))
  return { type: dead.error_type, reason: dead.error_reason, schemaId: dead.schema_id }
}

describe('a record that is not a trade', () => {
  const decoding = 'deserialization_failed_or_null_fields'
  const valid = encodeTrade(tradeOf(1))

  test('is a dead letter with its bytes, its place and the reason', async () => {
    lake.clock.advance(250)
    await put([{ partition: 4, offset: 77, value: Buffer.from('{"not":"avro"}') }])
    expect(await refineAll(lake, BINANCE)).toMatchObject({ valid: 0, invalid: 1 })
    const [{ raw_record: raw, ...row }] = await deadRows()
    expect(Buffer.from(raw as Uint8Array).toString()).toBe('{"not":"avro"}')
    expect(row).toEqual({
      error_reason: "the first byte is 123, not the wire format's 0",
      error_type: decoding,
      error_timestamp: START_MICROS + 250_000n,
      bronze_source: 'bronze_binance_trades',
      kafka_offset: 77n,
      schema_id: null,
      dlq_date: Math.floor(START / 86_400_000),
      exchange: 'BINANCE',
      topic_epoch: 0,
      kafka_partition: 4,
    })
    expect(await pendingIds(lake, consumers.gold('binance'))).toEqual([])
  })

  test('for want of a frame says why', async () => {
    expect(await verdictOn(null)).toMatchObject({ type: decoding, reason: expect.stringContaining('tombstone') })
    expect(await verdictOn(Buffer.alloc(0))).toMatchObject({
      type: decoding,
      reason: expect.stringContaining('0 bytes'),
    })
    expect(await verdictOn(valid.subarray(0, 4))).toMatchObject({ reason: expect.stringContaining('4 bytes') })
    expect(await verdictOn(Buffer.concat([Buffer.from([1]), valid.subarray(1)]))).toMatchObject({
      type: decoding,
      reason: expect.stringContaining('first byte is 1,'),
      schemaId: null,
    })
    expect(await verdictOn(Buffer.concat([valid, Buffer.from([0])]))).toMatchObject({
      type: decoding,
      reason: expect.stringContaining('1 bytes are left over'),
      schemaId: 1,
    })
  })

  test('for being cut off, at whichever byte', async () => {
    const records = Array.from(valid.keys(), length => ({
      partition: 0,
      offset: length,
      value: valid.subarray(0, length),
    }))
    await put([...records, { partition: 0, offset: valid.length, value: valid }])
    expect(await refineAll(lake, BINANCE)).toMatchObject({ valid: 1, invalid: valid.length })
    const rows = await deadRows()
    expect(new Set(rows.map(row => row.error_type))).toEqual(new Set([decoding]))
    expect(rows.map(row => Buffer.from(row.raw_record as Uint8Array))).toEqual(
      records.map(record => Buffer.from(record.value as Uint8Array)),
    )
  })

  test('for a schema that the registry does not know', async () => {
    expect(await verdictOn(encodeTrade(tradeOf(1), { trade: 999_999, wide: 2 }))).toEqual({
      type: 'unknown_schema',
      reason: 'the registry knows no Avro schema 999999',
      schemaId: 999_999,
    })
    expect(await verdictOn(encodeTrade(tradeOf(1), { trade: 0xffff_fffe, wide: 2 }))).toMatchObject({
      type: 'unknown_schema',
      schemaId: -2,
    })
  })

  const now = START_MICROS
  const YEAR = 365n * DAY_MICROS
  const rules: [type: string, broken: Partial<Trade>, value: string][] = [
    ['price_validation', { price: 0n }, '0.0000000000'],
    ['price_validation', { price: -1_234_567_800n }, '-0.1234567800'],
    ['quantity_validation', { quantity: 0n }, '0.00000000'],
    ['quantity_validation', { quantity: 1n - 10n ** 18n }, '-9999999999.99999999'],
    ['timestamp_validation', { timestamp: 0n }, '0'],
    ['timestamp_validation', { timestamp: -(2n ** 63n) }, '-9223372036854775808'],
    ['timestamp_validation', { timestamp: now + 60_000_001n }, `${now + 60_000_001n}`],
    ['timestamp_validation', { timestamp: now - YEAR - 1n }, `${now - YEAR - 1n}`],
    ['timestamp_validation', { timestamp: 2n ** 63n - 1n }, '9223372036854775807'],
    ['symbol_validation', { symbol: '' }, '""'],
    ['symbol_validation', { symbol: 'BTC/USD' }, '"BTC/USD"'],
    ['symbol_validation', { symbol: 'btcusd' }, '"btcusd"'],
    ['symbol_validation', { symbol: 'BTCUSD\n' }, '"BTCUSD\\n"'],
    ['notional_validation', { price: 10n ** 14n, quantity: 10n ** 16n }, 'is not below'],
    ['text_validation', { currency: '\u001b' }, 'currency'],
    ['side_validation', { side: 'UNKNOWN' }, 'UNKNOWN'],
    ['side_validation', { side: 'SELL_SHORT' }, 'SELL_SHORT'],
    ['message_id_validation', { messageId: '' }, '""'],
    ['message_id_validation', { messageId: 'not-a-uuid' }, '"not-a-uuid"'],
    ['message_id_validation', { messageId: '6f1c4a2e-8d3b-5f70-a94e-1b7c2d8e3f5g' }, '3f5g"'],
    ['asset_class_validation', { assetClass: 'equities' }, 'equities'],
    ['exchange_validation', { exchange: 'KRAKEN' }, '"KRAKEN"'],
    ['exchange_validation', { exchange: 'binance' }, '"binance"'],
  ]

  for (const [type, broken, value] of rules)
    test(`for its ${Object.keys(broken)[0]}: ${value}`, async () => {
      expect(await verdictOn(encodeTrade(tradeOf(1, broken)))).toEqual({
        type,
        reason: expect.stringContaining(value),
        schemaId: 1,
      })
    })

  test('is named for the first rule that it breaks', async () => {
    const order = rules.filter(([type], i) => type !== rules[i - 1]?.[0])
    expect(order).toHaveLength(10)
    let broken: Partial<Trade> = {}
    for (const [type, one] of order.toReversed()) {
      broken = { ...broken, ...one }
      expect(await verdictOn(encodeTrade(tradeOf(1, broken)))).toMatchObject({ type })
    }
  })

  test('is not one at the very edge of the rules', async () => {
    const edges: Partial<Trade>[] = [
      { price: 1n },
      { quantity: 1n },
      { timestamp: now + 60_000_000n },
      { timestamp: now - YEAR },
      { messageId: '6F1C4A2E-8d3b-5f70-a94e-1b7c2d8e3f56' },
      { symbol: '1' },
    ]
    for (const edge of edges) expect(await verdictOn(encodeTrade(tradeOf(1, edge)))).toBeUndefined()
  })

  test('is judged by its own Kafka time, and by the ingestion time where it has none', async () => {
    const old = START - 3 * 365 * 86_400_000
    const trade = (at: number) => encodeTrade(tradeOf(1, { timestamp: BigInt(at) * 1000n }))
    expect(await verdictOn(trade(old), old)).toBeUndefined()
    expect(await verdictOn(trade(old), START)).toMatchObject({ type: 'timestamp_validation' })
    expect(await verdictOn(trade(START), old)).toMatchObject({ type: 'timestamp_validation' })
    expect(await verdictOn(trade(START), 0)).toBeUndefined()
    expect(await verdictOn(trade(START), -1)).toBeUndefined()
    expect(await verdictOn(trade(old), 0)).toMatchObject({ type: 'timestamp_validation' })
  })
})
