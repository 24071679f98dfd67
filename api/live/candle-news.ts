/**
 * The candles that a step of a candle table changes. The commit that closes a window (domain/closed-windows.ts) brings its candle once
 * more, as it is then; what changes it later is a correction.
 */
import { type Candle, candleKey, marketKey, sameCandle } from '../../domain/candles.ts'
import { type ClosedUntil, closedUntil, statusOf } from '../../domain/closed-windows.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { Ports } from '../../domain/ports.ts'
import type { Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { changesBetween, changesIn } from '../../iceberg/changes.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { readCandleColumns } from '../../tables/candle-columns.ts'
import { watermarksOf } from '../../tables/watermarks.ts'
import { CURRENT } from '../market/as-of.ts'
import type { CandleRow } from '../market/candle-pages.ts'
import { findCandles } from '../market/candles.ts'
import { findGaps } from '../market/gaps.ts'
import type { Markets } from '../market/markets.ts'
import { candleJson } from './candle-text.ts'
import type { News } from './news.ts'
import type { Step } from './steps.ts'

type ReadPorts = Pick<Ports, 'store' | 'state'>

/** A market's window, by its start, microseconds since 1970. */
interface Place {
  readonly exchange: string
  readonly symbol: string
  readonly windowStart: bigint
}

/** @throws Problem 410 where the snapshot has expired; Corrupt */
export async function candleNews(ports: ReadPorts, table: LoadedTable, windows: Windows, step: Step): Promise<News> {
  const [before, now] = [step.from && closedAt(step.from), closedAt(step.to)]
  const places = new Map<string, Place>()
  for (const { exchange, symbol, windowStart } of await changedCandles(ports, step)) {
    const place = { exchange, symbol, windowStart: windows.startOf(windowStart) }
    places.set(candleKey(place), place)
  }
  const candles = new Map<string, Candle>()
  const find = async (markets: Markets, from: bigint, to: bigint) => {
    const range = { windows, markets, from, to, snapshotId: step.to['snapshot-id'] }
    for (const candle of await findCandles(ports, table, range)) candles.set(candleKey(candle), candle)
  }
  // Windows that were closed since the commit before.
  for (const { codes, from, to } of before ? closedBetween(windows, before, now) : [])
    await find(everyMarketOf(codes), from, to)
  for (const [key, candle] of candles) places.set(key, candle)
  const byStart = Map.groupBy(places.values(), ({ windowStart }) => windowStart)
  for (const [start, some] of byStart) {
    const left = some.filter(place => !candles.has(candleKey(place)))
    if (left.length > 0) await find(marketsOf(left), start, start + 1n)
  }
  const isGap = await findGaps(ports, CURRENT)
  const rows = [...places]
    .map(([key, { exchange, symbol, windowStart }]): CandleRow => {
      const row = { windows, exchange, symbol, windowStart, windowEnd: windows.endOf(windowStart), price: undefined }
      return { ...row, candle: candles.get(key), status: statusOf(row, now, isGap) }
    })
    .sort(inOrder)
  return newsOf(rows, before)
}

function newsOf(rows: readonly CandleRow[], before: ClosedUntil | undefined): News {
  const texts = rows.map(row => Buffer.from(candleJson(row)))
  return {
    count: rows.length,
    market: index => marketKey(rows[index].exchange, rows[index].symbol),
    type: index => (before && rows[index].windowEnd <= before(rows[index].exchange) ? 'correction' : 'candle'),
    room: index => texts[index].length,
    put: (out, index) => {
      out.length += texts[index].copy(out.bytes, out.length)
    },
    weight: texts.reduce((sum, text) => sum + text.length + 200, 1),
  }
}

/** What a commit closed: its clock is the time that it was made at, so that everybody who comes along is told the same. */
function closedAt(snapshot: Snapshot): ClosedUntil {
  return closedUntil(watermarksOf(snapshot), BigInt(snapshot['timestamp-ms']) * 1000n)
}

/** Starts of the windows that were closed, [from, to); exchanges that close the same together, so that files are read once for them. */
function closedBetween(windows: Windows, before: ClosedUntil, now: ClosedUntil) {
  const spans = EXCHANGES.flatMap(({ code }) => {
    const [from, to] = [before, now].map(until => windows.startOf(until(code)))
    return from < to ? [{ code, from, to }] : []
  })
  const together = Map.groupBy(spans, ({ from, to }) => `${from} ${to}`)
  return [...together.values()].map(some => ({ ...some[0], codes: some.map(({ code }) => code) }))
}

/** Every market of some exchanges, also one that is not there yet. */
function everyMarketOf(exchanges: readonly string[]): Markets {
  const has = (key: string) => exchanges.some(exchange => key.startsWith(marketKey(exchange, '')))
  return Object.assign(new Map(), { has })
}

function marketsOf(places: readonly Place[]): Markets {
  return new Map(
    places.map(({ exchange, symbol }) => [
      marketKey(exchange, symbol),
      { exchange, symbol, firstTrade: 0n, lastTrade: 0n },
    ]),
  )
}

/** Stored candles that are there and were not, or are others than they were, or are gone. */
async function changedCandles(ports: ReadPorts, { from, to, operation }: Step): Promise<Candle[]> {
  // A compaction changes files and no candles.
  if (operation === 'replace') return []
  const { added, removed } = operation ? await changesIn(ports, to) : await changesBetween(ports, from, to)
  const [after, before] = await Promise.all([candlesIn(ports, added), candlesIn(ports, removed)])
  const changed = [...after].flatMap(([key, candle]) => {
    const old = before.get(key)
    return old && sameCandle(old, candle) ? [] : [candle]
  })
  return [...changed, ...[...before].flatMap(([key, candle]) => (after.has(key) ? [] : [candle]))]
}

async function candlesIn(ports: ReadPorts, files: readonly DataFile[]): Promise<Map<string, Candle>> {
  const candles = new Map<string, Candle>()
  for (const { key } of files) {
    const file = await readCandleColumns(ports, key)
    for (const rows of file.markets.values())
      for (const row of rows) {
        const candle = file.candle(row)
        candles.set(candleKey(candle), candle)
      }
  }
  return candles
}

function inOrder(a: CandleRow, b: CandleRow): number {
  if (a.windowStart !== b.windowStart) return a.windowStart < b.windowStart ? -1 : 1
  return marketKey(a.exchange, a.symbol) < marketKey(b.exchange, b.symbol) ? -1 : 1
}
