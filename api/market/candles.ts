/** Candles of any windows and markets, from one snapshot of a candle table: exact sums of the stored ones, in the order of time. */
import { type Candle, candleKey, foldCandles, marketKey } from '../../domain/candles.ts'
import { compare, firstWhere } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { dayOf } from '../../domain/time.ts'
import type { Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { droppedBefore } from '../../iceberg/dropped.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { readCandleColumns } from '../../tables/candle-columns.ts'
import type { Markets } from './markets.ts'
import { problem } from './problems.ts'
import { requireRepaired } from './repairs.ts'

export interface CandleRange {
  readonly windows: Windows
  readonly markets: Markets
  /** Starts of windows, microseconds since 1970: the first may be `from`, and none is `to`. */
  readonly from: bigint
  readonly to: bigint
  /** undefined: the table's current one. */
  readonly snapshotId: number | undefined
}

/**
 * Candles in the order of their windows, then exchange, then symbol; none for a window without trades.
 * @throws TradelakeError where the table does not hold the snapshot any longer; Problem 503 while some of them are being made again; Corrupt
 */
export async function findCandles(
  ports: Pick<Ports, 'store' | 'state'>,
  table: LoadedTable,
  { windows, markets, from, to, snapshotId }: CandleRange,
): Promise<Candle[]> {
  if (from >= to) return []
  // The last window that begins in the range reaches beyond it.
  const end = windows.endOf(windows.startOf(to - 1n))
  await requireRepaired(ports, table, snapshotId, { from, to: end - 1n })
  const files = await planFiles(ports, table, {
    snapshotId,
    where: [
      { column: 'window_start', ranges: [{ lower: from, upper: end - 1n }] },
      { column: 'window_date', ranges: [{ lower: dayOf(from), upper: dayOf(end - 1n) }] },
    ],
  })
  const isStored = windows.endOf(windows.startOf(from)) - windows.startOf(from) === windows.base.length
  const whole: Candle[] = []
  const parts = new Map<string, Candle[]>()
  for (const file of await Promise.all(files.map(({ key }) => readCandleColumns(ports, key))))
    for (const [market, rows] of file.markets) {
      if (!markets.has(market)) continue
      const first = firstWhere(rows.length, place => file.starts[rows[place]] >= from)
      for (let at = first; at < rows.length && file.starts[rows[at]] < end; at++) {
        const candle = file.candle(rows[at])
        const start = windows.startOf(candle.windowStart)
        // A window that begins before the range is not asked for, whatever of it lies within.
        if (start < from || start >= to) continue
        if (isStored) {
          whole.push(candle)
          continue
        }
        const key = candleKey({ ...candle, windowStart: start })
        const known = parts.get(key)
        if (known) known.push(candle)
        else parts.set(key, [candle])
      }
    }
  const folded = [...parts.values()].map(some => {
    const start = windows.startOf(some[0].windowStart)
    return foldCandles(some, start, windows.endOf(start) - start)
  })
  return inOrder([...whole, ...folded])
}

/**
 * Whether a table still has the candles from a time on, microseconds since 1970. Snapshots from before they were dropped have them.
 * @throws Problem 410
 */
export function requireKept({ name, metadata }: LoadedTable, snapshotId: number | undefined, from: bigint): void {
  const since = droppedBefore(metadata)
  if (from >= since || snapshotId !== currentSnapshot(metadata)?.['snapshot-id']) return
  const begin = new Date(Number(since / 1000n)).toISOString()
  throw problem(
    410,
    `Candles of ${name} before ${begin} are not kept: give a later start, or a timeframe that longer candles add up to.`,
    'start',
  )
}

/** By start, then market: the order of answers. */
function inOrder(candles: readonly Candle[]): Candle[] {
  const keyed = candles.map(candle => ({
    ...{ candle, start: Number(candle.windowStart) },
    market: marketKey(candle.exchange, candle.symbol),
  }))
  keyed.sort((a, b) => a.start - b.start || compare(a.market, b.market))
  return keyed.map(({ candle }) => candle)
}
