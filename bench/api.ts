/**
 * The read API's own time: over HTTP on this machine, of `tradelake serve` on a lake in a folder, in turn with DuckDB on the same files. A
 * day of trades of one market, an hour of them in small files, and thirty days of candles of ten.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Candle } from '../domain/candles.ts'
import { readParquet } from '../domain/sql.ts'
import { candleTable, GOLD_TABLE } from '../domain/tables.ts'
import { DAY_MICROS, HOUR_MICROS, MINUTE_MICROS } from '../domain/time.ts'
import { TIMEFRAMES, type Timeframe } from '../domain/timeframes.ts'
import { openLake } from '../embedded/lake.ts'
import { unify } from '../functions/gold/gold.ts'
import { foldPending } from '../functions/ohlcv/ohlcv.ts'
import { createTable, findTable, loadTable } from '../iceberg/catalog.ts'
import { stageSnapshot } from '../iceberg/commit.ts'
import { writeDataFile } from '../iceberg/data-file.ts'
import { partitionOf } from '../iceberg/partitions.ts'
import { planFiles } from '../iceberg/scan.ts'
import { candleColumns } from '../tables/candles.ts'
import { asker } from './asker.ts'
import { duckDbTimes } from './duckdb-times.ts'
import { pendingMinute } from './minute.ts'
import { percentile, print, record } from './report.ts'
import { serving } from './serving.ts'

const RUNS = 1_000
/** Requests in turn with as many queries. */
const BLOCK = 10
/** Downloads of the day; one more before them warms up. */
const DAYS = 20
const CLIENTS = 1_000
const TRADES_AN_HOUR = 20_000
const START = BigInt(Date.UTC(2026, 10, 20)) * 1000n
const END = START + DAY_MICROS
const SYMBOLS = ['ADA', 'AVAX', 'BNB', 'DOGE', 'DOT', 'ETH', 'LINK', 'LTC', 'SOL', 'XRP'].map(base => `${base}USDT`)

export async function benchApi(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-api-'))
  const directory = join(folder, 'lake')
  const files = await makeLake(directory)
  const { url, stop } = await serving(directory)
  const duck = duckDbTimes()
  try {
    const ours = await asker(`${url}/v1`)
    const iso = (micros: bigint) => new Date(Number(micros / 1000n)).toISOString()
    const hour = iso(END - HOUR_MICROS)
    const list = (table: string) => readParquet(files[table])
    const gold = list(GOLD_TABLE.name)
    const cases: [what: string, runs: number, path: string, query: string][] = [
      [
        '1 h of 5m candles, one symbol',
        RUNS,
        `candles?symbols=BTCUSDT&timeframe=5m&start=${hour}&end=${iso(END)}`,
        `SELECT * FROM ${list('gold_ohlcv_5m')} WHERE symbol = 'BTCUSDT' AND window_start >= '${hour}' ORDER BY window_start`,
      ],
      [
        '30 d of 1h candles, ten symbols',
        RUNS / 4,
        `candles?symbols=${SYMBOLS}&timeframe=1h&start=${iso(END - 30n * DAY_MICROS)}&end=${iso(END)}&limit=10000`,
        `SELECT * FROM ${list('gold_ohlcv_1h')} WHERE symbol IN ('${SYMBOLS.join("','")}') ORDER BY window_start, symbol`,
      ],
      [
        '1 h of trades, averaged by time',
        RUNS / 4,
        `twap?symbols=BTCUSDT&start=${hour}&end=${iso(END)}`,
        `SELECT sum(price * w) / sum(w) FROM (SELECT price, epoch_us(lead("timestamp", 1, TIMESTAMPTZ '${iso(END)}') OVER (ORDER BY "timestamp", trade_id)) - epoch_us("timestamp") AS w
          FROM ${gold} WHERE symbol = 'BTCUSDT' AND "timestamp" >= '${hour}')`,
      ],
      [
        '1 h of trades, averaged by volume',
        RUNS / 4,
        `vwap?symbols=BTCUSDT&start=${iso(END - HOUR_MICROS + 1_000_000n)}&end=${iso(END)}`,
        `SELECT sum(price * quantity) / sum(quantity) FROM ${gold} WHERE symbol = 'BTCUSDT' AND "timestamp" >= '${hour}'`,
      ],
    ]
    const rows: string[][] = []
    for (const [what, runs, path, query] of cases) {
      const times: { ours: number[]; duck: number[] } = { ours: [], duck: [] }
      // In turn, some at a time: after a query of the other each finds the processor's caches cold once, not always.
      for (let run = -BLOCK; run < runs; run += BLOCK) {
        const taken = { ours: await timesOf(() => ours.ask(path), BLOCK), duck: await duck.of(query, BLOCK) }
        if (run < 0) continue
        times.ours.push(...taken.ours)
        times.duck.push(...taken.duck)
      }
      const figures = [times.ours, times.duck].flatMap(each => [percentile(each, 0.5), percentile(each, 0.99)])
      const [p50, p99, duck50, duck99] = figures
      record({ bench: 'api', what, p50_ms: p50, p99_ms: p99, duckdb_p50_ms: duck50, duckdb_p99_ms: duck99 })
      rows.push([what, ...figures.map(each => each.toFixed(2))])
    }
    print(
      `The read API over HTTP, one client, ${BLOCK} requests in turn with ${BLOCK} queries of DuckDB in a thread of its own`,
      ['request', 'p50 ms', 'p99 ms', 'DuckDB p50', 'DuckDB p99'],
      rows,
    )
    ours.close()
    await measureDay(url, `trades?start=${iso(START)}&end=${iso(END)}&limit=all&format=arrow`)
    await measureCrowd(url, cases[0][2])
  } finally {
    stop()
    await duck.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Milliseconds of each. */
async function timesOf(ask: () => Promise<void>, times: number): Promise<number[]> {
  const taken: number[] = []
  for (let n = 0; n < times; n++) {
    const before = performance.now()
    await ask()
    taken.push(performance.now() - before)
  }
  return taken
}

async function measureDay(url: string, path: string): Promise<void> {
  const rates: number[] = []
  const firsts: number[] = []
  for (let run = 0; run <= DAYS; run++) {
    const before = performance.now()
    const answer = await fetch(`${url}/v1/${path}`, { headers: { 'accept-encoding': 'identity' } })
    let first = 0
    for await (const _ of answer.body ?? []) first ||= performance.now() - before
    if (run === 0) continue
    firsts.push(first)
    rates.push((24 * TRADES_AN_HOUR) / ((performance.now() - before) / 1000))
  }
  const [first, rate] = [percentile(firsts, 0.5), percentile(rates, 0.5)]
  record({ bench: 'api', what: 'a day of trades as Arrow', first_byte_ms: first, rows_per_s: rate })
  print(
    'A day of trades as Arrow',
    ['first byte ms', 'rows/s'],
    [[first.toFixed(1), Math.round(rate).toLocaleString('en')]],
  )
}

/** Many clients, each on a connection of its own, which ask again as soon as they have been answered. */
async function measureCrowd(url: string, path: string): Promise<void> {
  const times: number[] = []
  let errors = 0
  const until = performance.now() + 20_000
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const { ask, close } = await asker(`${url}/v1`)
      // Each thinks for a while: a thousand people do not ask at once for ever.
      for (let n = 0; performance.now() < until; n++) {
        await new Promise(resolve => setTimeout(resolve, 1_000 * Math.random()))
        const before = performance.now()
        await ask(path).catch(() => errors++)
        if (n > 0) times.push(performance.now() - before)
      }
      close()
    }),
  )
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)]
  record({ bench: 'api', what: `${CLIENTS} clients`, requests: times.length, errors, p50_ms: p50, p99_ms: p99 })
  print(
    `${CLIENTS} clients for 20 s`,
    ['requests', 'errors', 'p50 ms', 'p99 ms'],
    [[String(times.length), String(errors), p50.toFixed(1), p99.toFixed(1)]],
  )
}

/** The tables' files, by the tables' names. */
async function makeLake(directory: string): Promise<Record<string, string[]>> {
  const lake = await openLake(directory)
  const { ports } = lake
  try {
    // The minute's trades lie within it: an hour has them in its first, and the last hour in all sixty.
    for (let hour = 0; hour < 23; hour++) {
      await pendingMinute(ports, START, hour * 60, TRADES_AN_HOUR)
      await unify(ports, Number.POSITIVE_INFINITY)
    }
    for (let minute = 23 * 60; minute < 24 * 60; minute++) {
      await pendingMinute(ports, START, minute, Math.round(TRADES_AN_HOUR / 60))
      await unify(ports, Number.POSITIVE_INFINITY)
    }
    await foldPending(ports, Number.POSITIVE_INFINITY)
    for (const timeframe of TIMEFRAMES.filter(({ name }) => name === '1h' || name === '1d'))
      await addCandles(ports, timeframe)
    const files: Record<string, string[]> = {}
    for (const { name } of [GOLD_TABLE, ...TIMEFRAMES.map(candleTable)]) {
      const table = await findTable(ports, name)
      const planned = table ? await planFiles(ports, table) : []
      files[name] = await Promise.all(planned.map(({ key }) => ports.store.localFile(key)))
    }
    return files
  } finally {
    lake.close()
  }
}

/** Thirty days of candles of ten markets, as files of a span each. */
async function addCandles(ports: Awaited<ReturnType<typeof openLake>>['ports'], timeframe: Timeframe): Promise<void> {
  const definition = candleTable(timeframe)
  await createTable(ports, definition)
  const spans = Map.groupBy(someCandles(timeframe), ({ windowStart }) => windowStart / timeframe.span)
  const add = await Promise.all(
    [...spans.values()].map(some => {
      const stored = some.map(candle => ({ ...candle, createdAt: END, updatedAt: END }))
      const partition = partitionOf(definition, { window_date: Number(some[0].windowStart / DAY_MICROS) })
      return writeDataFile(ports, definition, partition, candleColumns(stored))
    }),
  )
  const table = await loadTable(ports, definition.name)
  const staged = await stageSnapshot(ports, { table, add, operation: 'append' })
  await ports.state.transact([staged.write], ports.ids.uuid())
}

function someCandles({ length }: Timeframe): Candle[] {
  const candles: Candle[] = []
  for (let windowStart = END - 30n * DAY_MICROS; windowStart < END; windowStart += length)
    SYMBOLS.forEach((symbol, at) => {
      const open = BigInt(at + 1) * 123_456_789_000n + (windowStart % 999_983n)
      candles.push({
        ...{ symbol, exchange: 'BINANCE', windowStart, windowEnd: windowStart + length },
        ...{ open, high: open + 77_000_000n, low: open - 55_000_000n, close: open + 11_000_000n, volume: 123_456_789n },
        ...{ tradeCount: 1_234n, quoteVolume: open * 123_456_789n, takerBuyVolume: 61_000_000n },
        ...{
          takerBuyQuoteVolume: open * 61_000_000n,
          firstTradeTime: windowStart,
          lastTradeTime: windowStart + length - MINUTE_MICROS / 60n,
        },
      })
    })
  return candles
}
