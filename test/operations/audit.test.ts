/**
 * The audit finds what is wrong, and names the law: each test breaks one thing in a good lake and mends it again.
 * Over 250 lines: each way to break each law.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { advanceCheckpoint, type Checkpoint, listCheckpoints } from '../../domain/checkpoint.ts'
import { topicName } from '../../domain/names.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import type { AuditReport } from '../../operations/audit/report.ts'
import { drainLake, newLake, publishMarket, rewriteFile, type TestLake } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'
import { broken, goodLake, wordsOf } from './audit-support.ts'

let lake: TestLake

beforeAll(async () => {
  lake = await goodLake()
})
afterAll(() => lake.remove())

test('a good lake', async () => {
  const report = await auditLake(lake)
  expect(report.laws.map(({ law, holds, violations }) => [law, holds, violations])).toEqual(
    [1, 2, 3, 4, 5, 6].map(law => [law, true, []]),
  )
  expect(report.holds).toBe(true)
  const [bronze, silver, gold, candles, files] = report.laws.map(law => law.figures)
  const rows = bronze.rows as number
  expect(rows).toBeGreaterThan(4000)
  expect((silver.silver as number) + (silver.dlq as number)).toBe(rows)
  expect(silver.dlq).toBeGreaterThan(5)
  expect(gold.silver).toBe(silver.silver)
  expect(gold.rows).toBeLessThan(gold.silver as number)
  expect(Object.keys(candles.candles as object)).toEqual(TIMEFRAMES.map(({ name }) => name))
  expect(files.files).toBeGreaterThan(15)
})

const BRONZE = 'bronze_binance_trades'
const SILVER = 'silver_binance_trades'
const DLQ = 'silver_dlq_trades'
const GOLD = 'gold_crypto_trades'
const MINUTE = 'gold_ohlcv_1m'

const without = (rows: string, order: string) =>
  `SELECT * EXCLUDE (place) FROM (SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM ${rows}) WHERE place <> 7`
const twice = (rows: string, order: string) =>
  `SELECT * FROM ${rows} UNION ALL (SELECT * FROM ${rows} ORDER BY ${order} LIMIT 1)`
/** The seventh row gets another value in a column. */
const changed = (rows: string, order: string, column: string, value: string) =>
  `SELECT * EXCLUDE (place) REPLACE (CASE WHEN place = 7 THEN ${value} ELSE ${column} END AS ${column})
   FROM (SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM ${rows})`

const AT = '"partition", "offset"'
const FROM = 'kafka_partition, kafka_offset'
const TRADE = 'symbol, "timestamp", message_id'
const WINDOW = 'window_start, exchange, symbol'

/** What is done to a table, the laws that it breaks, and what is said of the first of them. */
const REWRITES: [title: string, table: string, select: (rows: string) => string, laws: number[], words: RegExp][] = [
  ['a Bronze row is lost', BRONZE, rows => without(rows, AT), [1, 2], /offsets are not as the checkpoints/],
  ['a Bronze row comes twice', BRONZE, rows => twice(rows, AT), [1], /in Bronze more than once/],
  [
    'a Bronze row comes again in another epoch',
    BRONZE,
    rows =>
      `SELECT * FROM ${rows} UNION ALL (SELECT * REPLACE ((topic_epoch - 1)::INTEGER AS topic_epoch) FROM ${rows} ORDER BY ${AT} LIMIT 1)`,
    [1, 2],
    /again in a later epoch of the topic/,
  ],
  [
    'the last Bronze row of a partition is lost',
    BRONZE,
    rows =>
      `SELECT * FROM ${rows} WHERE ("partition", "offset") <> (SELECT ("partition", max("offset")) FROM ${rows} GROUP BY "partition" ORDER BY 1 LIMIT 1)`,
    [1, 2],
    /offsets are not as the checkpoints/,
  ],
  [
    'a Bronze row is of another topic',
    BRONZE,
    rows => changed(rows, AT, 'topic', `'elsewhere'`),
    [1],
    /offsets are not/,
  ],
  ['a Silver row is lost', SILVER, rows => without(rows, FROM), [2, 3], /files do not add up/],
  ['a Silver row comes twice', SILVER, rows => twice(rows, FROM), [2], /more than once in Silver and the DLQ/],
  [
    'a Silver row is another’s',
    SILVER,
    rows => changed(rows, FROM, 'kafka_offset', '999999'),
    [2],
    /files do not add up/,
  ],
  [
    'a DLQ row is lost',
    DLQ,
    rows => `SELECT * FROM ${rows} ORDER BY kafka_offset OFFSET 1`,
    [2],
    /files do not add up/,
  ],
  [
    'a DLQ row has other bytes',
    DLQ,
    rows => `SELECT * REPLACE (raw_record || 'x'::BLOB AS raw_record) FROM ${rows}`,
    [2],
    /DLQ rows of binance have other bytes than Bronze/,
  ],
  [
    'a DLQ row of a tombstone has empty bytes',
    DLQ,
    rows => `SELECT * REPLACE (coalesce(raw_record, ''::BLOB) AS raw_record) FROM ${rows}`,
    [2],
    /DLQ rows of \w+ have other bytes than Bronze/,
  ],
  ['a Gold row is lost', GOLD, rows => without(rows, TRADE), [3, 4], /valid trades of Silver are not in Gold/],
  ['a Gold row comes twice', GOLD, rows => twice(rows, TRADE), [3, 4], /rows of Gold are the same trade as another/],
  [
    'a Gold row comes again within a second',
    GOLD,
    rows =>
      `SELECT * FROM ${rows} UNION ALL (SELECT * REPLACE ("timestamp" + INTERVAL 900 MILLISECONDS AS "timestamp") FROM ${rows} ORDER BY ${TRADE} LIMIT 1)`,
    [3, 4],
    /come from no Silver row/,
  ],
  [
    'a trade of Gold is also there as an aggregate',
    GOLD,
    rows =>
      `SELECT * FROM ${rows} UNION ALL (SELECT * REPLACE ('BINANCE-AGG-7' AS trade_id, uuid()::VARCHAR AS message_id,
        MAP {'first_trade_id': regexp_extract(trade_id, '[0-9]+$'), 'last_trade_id': regexp_extract(trade_id, '[0-9]+$')} AS vendor_data)
        FROM ${rows} WHERE exchange = 'BINANCE' ORDER BY ${TRADE} LIMIT 1)`,
    [3, 4],
    /their volume counts twice/,
  ],
  [
    'a price of Gold is another',
    GOLD,
    rows => changed(rows, TRADE, 'price', '(price + 0.0000000001)::DECIMAL(20,10)'),
    [3, 4],
    /come from no Silver row with the same fields/,
  ],
  [
    'a field of Gold that no candle needs is another',
    GOLD,
    rows => changed(rows, TRADE, 'vendor_data', `MAP {'a': 'b'}`),
    [3],
    /come from no Silver row/,
  ],
  [
    'an hour of Gold is another',
    GOLD,
    rows => changed(rows, TRADE, 'exchange_hour', '(exchange_hour + 1) % 24'),
    [3, 5],
    /another date or hour/,
  ],
  ['a candle is lost', MINUTE, rows => without(rows, WINDOW), [4], /candles of gold_ohlcv_1m are missing/],
  ['a candle comes twice', MINUTE, rows => twice(rows, WINDOW), [4], /days of gold_ohlcv_1m do not add up/],
  ['a candle has no trades', MINUTE, rows => changed(rows, WINDOW, 'symbol', `'XXXYYY'`), [4], /are missing/],
]

test.each(REWRITES)('%s', async (_, table, select, laws, words) => {
  const undo = await rewriteFile(lake, table, { select })
  const report = await auditLake(lake)
  await undo()
  expect(broken(report)).toEqual(laws)
  expect(wordsOf(report.laws[laws[0] - 1]).join()).toMatch(words)
  for (const { violations } of report.laws)
    for (const { count, rows } of violations) expect(Math.min(count, 20)).toBe(rows.length)
})

test.each([
  ...[
    'open_price',
    'high_price',
    'low_price',
    'close_price',
    'volume',
    'vwap',
    'quote_volume',
    'taker_buy_volume',
    'taker_buy_quote_volume',
  ].map(column => [column, `${column} + ${/price|vwap/.test(column) ? '0.0000000001' : '0.00000001'}`]),
  ['trade_count', 'trade_count + 1'],
  ['window_end', 'window_end + INTERVAL 1 MICROSECOND'],
  ['first_trade_time', 'first_trade_time + INTERVAL 1 MICROSECOND'],
  ['last_trade_time', 'last_trade_time - INTERVAL 1 MICROSECOND'],
])('a candle’s %s is off by the least there is', async (column, value) => {
  const table = 'gold_ohlcv_1d'
  const decimal = /quote_volume$/.test(column) ? '(38,18)' : /volume$/.test(column) ? '(38,8)' : '(20,10)'
  const typed = /price|volume|vwap/.test(column) ? `(${value})::DECIMAL${decimal}` : value
  const select = (rows: string) =>
    `SELECT * REPLACE (CASE WHEN symbol = 'ETHUSDT' THEN ${typed} ELSE ${column} END AS ${column}) FROM ${rows}`
  const undo = await rewriteFile(lake, table, { select })
  const report = await auditLake(lake)
  await undo()
  expect(broken(report)).toEqual([4])
  expect(wordsOf(report.laws[3]).join()).toContain(`candles of ${table} differ from Gold`)
  expect(JSON.stringify(report.laws[3].violations)).toContain(`${column} is `)
})

describe('checkpoints', () => {
  async function withCheckpoint(change: (checkpoint: Checkpoint) => Partial<Checkpoint>): Promise<AuditReport> {
    const [read] = (await listCheckpoints(lake.ports.state, topicName('kraken'))).filter(
      ({ nextOffset }) => nextOffset > 10,
    )
    const next = { ...read, ...change(read) }
    await lake.ports.state.transact([advanceCheckpoint(read, next)], lake.ports.ids.uuid())
    const report = await auditLake(lake)
    await lake.ports.state.transact([advanceCheckpoint(next, read)], lake.ports.ids.uuid())
    return report
  }

  test.each<[string, (checkpoint: Checkpoint) => Partial<Checkpoint>, RegExp]>([
    [
      'stand beyond the last row',
      ({ nextOffset }) => ({ nextOffset: nextOffset + 1 }),
      /is beyond the topic.*is not right after|is not right after.*is beyond the topic/,
    ],
    ['stand before the last row', ({ nextOffset }) => ({ nextOffset: nextOffset - 1 }), /is not right after/],
    ['know an earlier epoch', ({ epoch }) => ({ epoch: epoch - 1 }), /an epoch that the checkpoint does not know/],
  ])('%s', async (_, change, words) => {
    const report = await withCheckpoint(change)
    expect(broken(report)).toEqual([1])
    expect(JSON.stringify(report.laws[0].violations)).toMatch(words)
  })

  test('a gap that was open when a record was lost is mentioned and breaks nothing', async () => {
    const topic = topicName('coinbase')
    const ends = await lake.topics.ends(topic)
    const { partition, end } = ends[19]
    const record = { partition, key: null, value: null, timestamp: lake.ports.clock.now() }
    await lake.topics.place(topic, [
      { ...record, offset: end },
      { ...record, offset: end + 5 },
    ])
    await drainLake(lake)
    const report = await auditLake(lake)
    expect(broken(report)).toEqual([])
    expect(report.laws[0].summary).toMatch(/; 4 offsets never came$/)
    expect(report.laws[0].notes).toEqual([`${topic}-19 has gaps at ${end + 1}–${end + 4}`])
    await lake.topics.place(
      topic,
      [1, 2, 3, 4].map(more => ({ ...record, offset: end + more })),
    )
    await drainLake(lake)
    expect((await auditLake(lake)).laws[0].notes).toEqual([])
  })
})

test('pending work is mentioned and breaks nothing, at every stage of the way', async () => {
  await publishMarket(lake, { market: 1, from: 0, to: 20, rate: 1000 })
  const functions = wireFunctions(lake, SILENT)
  const steps: [waits: RegExp, work: () => Promise<unknown>][] = [
    [
      /records wait in the topics/,
      async () => {
        for (const exchange of lake.exchanges) {
          const batch = await lake.topics.poll(topicName(exchange.name), 10_000)
          if (!batch) continue
          await functions.bronze.get(exchange.name)?.(batch.event, invocation(lake.ports))
          await lake.topics.acknowledge(batch)
        }
      },
    ],
    [
      /Bronze files wait for Silver/,
      async () => {
        for (const exchange of lake.exchanges)
          await functions.silver.get(exchange.name)?.(
            { Records: functions.queues.get(exchange.name)?.receive(10) ?? [] },
            invocation(lake.ports),
          )
      },
    ],
    [/Silver files wait for Gold/, () => functions.gold({}, invocation(lake.ports))],
    [/minutes wait for the candles/, () => functions.ohlcv({}, invocation(lake.ports))],
    [/pending for table_bronze_binance_trades/, () => functions.commit({}, invocation(lake.ports))],
  ]
  for (const [waits, work] of steps) {
    const report = await auditLake(lake)
    expect(broken(report)).toEqual([])
    expect(report.laws.flatMap(({ notes }) => notes).join()).toMatch(waits)
    await work()
  }
  const report = await auditLake(lake)
  expect(broken(report)).toEqual([])
  expect(report.laws.flatMap(({ notes }) => notes)).toEqual([])
  expect(report.laws[5].summary).toBe('nothing is pending')
})

test('ids that come again a second apart are one trade, of which Gold lacks nothing', async () => {
  await publishMarket(lake, { market: 2, from: 0, to: 5 })
  await drainLake(lake)
  const before = (await auditLake(lake)).laws[2].figures.rows
  await publishMarket(lake, { market: 2, from: 0, to: 5, shift: 1_000_000n })
  await drainLake(lake)
  const report = await auditLake(lake)
  expect(broken(report)).toEqual([])
  expect(report.laws[2].figures.rows).toBe(before)
})

test('ids that come again over a second apart are two trades, and mentioned', async () => {
  await publishMarket(lake, { market: 1, from: 0, to: 5, shift: 60_000_000n })
  await drainLake(lake)
  const report = await auditLake(lake)
  expect(broken(report)).toEqual([])
  expect(report.laws[2].notes.join()).toMatch(/^\d+ trades have the message_id of another one over 1 s apart/)
})

test('an empty lake holds', async () => {
  const empty = await newLake()
  const report = await auditLake(empty)
  empty.remove()
  expect(report.holds).toBe(true)
})
