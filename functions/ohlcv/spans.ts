/**
 * One timeframe's part of a candle commit. The candles of a span share a file: a commit reads the files that hold a
 * changed window, replaces those windows, and writes each span's rows again as one file.
 */
import { type Candle, candleKey, sameCandle, windowOf } from '../../domain/candles.ts'
import { touchesLoss } from '../../domain/losses.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import { rangesAround, type TimeRange } from '../../domain/ranges.ts'
import { candleTable } from '../../domain/tables.ts'
import { dayOf } from '../../domain/time.ts'
import type { Timeframe } from '../../domain/timeframes.ts'
import { createTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { writeDataFile } from '../../iceberg/data-file.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { partitionOf } from '../../iceberg/partitions.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { candleColumns, readCandles, rememberCandles, type StoredCandle } from '../../tables/candles.ts'
import { watermarksEntry } from '../../tables/watermarks.ts'

/** The candles that stand in the files of the touched spans, and those files. */
export interface OpenSpans {
  readonly table: LoadedTable
  readonly files: readonly DataFile[]
  readonly candles: ReadonlyMap<string, StoredCandle>
}

/** Whether a candle is one of those that are folded again. */
export type Touched = (candle: Candle) => boolean

/** Reads the spans that hold these windows (their starts, microseconds since 1970). */
export async function openSpans(ports: Ports, timeframe: Timeframe, windows: ReadonlySet<bigint>): Promise<OpenSpans> {
  const table = await createTable(ports, candleTable(timeframe))
  const spans = new Set([...windows].map(window => windowOf(window, timeframe.span)))
  const ranges = rangesAround(spans, timeframe.span).map(({ from, to }) => ({ lower: from, upper: to }))
  const days = ranges.map(({ lower, upper }) => ({ lower: dayOf(lower), upper: dayOf(upper) }))
  const where = [
    { column: 'window_start', ranges },
    { column: 'window_date', ranges: days },
  ]
  const files = await planFiles(ports, table, { where })
  const read = await Promise.all(files.map(file => readCandles(ports, file.key)))
  return { table, files, candles: new Map(read.flat().map(candle => [candleKey(candle), candle])) }
}

/**
 * The fresh candles; but of the times of which Gold lost trades (`lost`), an old one that has more trades than Gold still has stays in
 * the fresh one's place, as nothing can make it again.
 */
export function withoutLosing(
  open: OpenSpans,
  isTouched: Touched,
  fresh: readonly Candle[],
  lost: readonly TimeRange[],
): readonly Candle[] {
  if (lost.length === 0) return fresh
  const candles = new Map(fresh.map(candle => [candleKey(candle), candle]))
  for (const [key, old] of open.candles) {
    const { windowStart, windowEnd, tradeCount } = old
    if (!isTouched(old) || !touchesLoss(lost, windowStart, windowEnd - windowStart)) continue
    if (tradeCount > (candles.get(key)?.tradeCount ?? 0n)) candles.set(key, old)
  }
  return [...candles.values()]
}

/** The spans' candles with those that are touched recomputed: an old one goes if `fresh` has none for it. */
export function replaceWindows(
  open: OpenSpans,
  isTouched: Touched,
  fresh: readonly Candle[],
  nowMicros: bigint,
): { candles: Map<string, StoredCandle>; changed: number; newByExchange: Record<string, number> } {
  const candles = new Map([...open.candles].filter(([, candle]) => !isTouched(candle)))
  let changed = open.candles.size - candles.size
  const newByExchange: Record<string, number> = {}
  const count = (exchange: string, by: number) => {
    newByExchange[exchange] = (newByExchange[exchange] ?? 0) + by
  }
  for (const candle of open.candles.values()) if (isTouched(candle)) count(candle.exchange, -1)
  for (const candle of fresh) {
    const key = candleKey(candle)
    const old = open.candles.get(key)
    count(candle.exchange, 1)
    const same = old !== undefined && sameCandle(old, candle)
    candles.set(key, same ? old : { ...candle, createdAt: old?.createdAt ?? nowMicros, updatedAt: nowMicros })
    // A candle that is as it was does not count; one that was not there counts as new.
    if (same) changed--
    else if (old === undefined) changed++
  }
  return { candles, changed, newByExchange }
}

/** Writes the spans' files again and gives the pointer write of their table. */
export async function writeSpans(
  ports: Ports,
  timeframe: Timeframe,
  open: OpenSpans,
  candles: ReadonlyMap<string, StoredCandle>,
): Promise<Write> {
  const definition = candleTable(timeframe)
  const groups = new Map<string, StoredCandle[]>()
  for (const candle of candles.values()) {
    const partition = Object.values(partitionOfCandle(definition, candle))
    const key = `${partition.join('/')}|${windowOf(candle.windowStart, timeframe.span)}`
    const group = groups.get(key)
    if (group) group.push(candle)
    else groups.set(key, [candle])
  }
  const add = await Promise.all(
    [...groups.values()].map(async group => {
      const partition = partitionOfCandle(definition, group[0])
      const file = await writeDataFile(ports, definition, partition, candleColumns(group))
      rememberCandles(ports, file.key, group)
      return file
    }),
  )
  const remove = new Set(open.files.map(file => file.key))
  const operation = remove.size > 0 ? 'overwrite' : 'append'
  const summary = watermarksEntry(currentSnapshot(open.table.metadata), candles.values())
  const staged = await stageSnapshot(ports, { table: open.table, add, remove, operation, summary })
  return staged.write
}

function partitionOfCandle(definition: ReturnType<typeof candleTable>, candle: Candle) {
  return partitionOf(definition, { window_date: dayOf(candle.windowStart) })
}
