/** Candles that were changed after their window had been closed (domain/closed-windows.ts), as far as the table's snapshots tell. */
import { candleKey, marketKey } from '../../domain/candles.ts'
import { type ClosedBy, closedBy, closedUntil } from '../../domain/closed-windows.ts'
import { compare, firstWhere } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { dayOf, MINUTE_MICROS } from '../../domain/time.ts'
import type { Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { currentSnapshot, parentOf } from '../../iceberg/metadata.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import { readCandles } from '../../tables/candles.ts'
import { watermarksOf } from '../../tables/watermarks.ts'
import { turn } from '../http/turns.ts'
import type { Markets } from './markets.ts'

export interface CorrectionRange {
  readonly windows: Windows
  readonly markets: Markets
  /** Starts of windows, microseconds since 1970: the first may be `from`, and none is `to`. */
  readonly from: bigint
  readonly to: bigint
}

export interface Correction {
  readonly exchange: string
  readonly symbol: string
  /** Microseconds since 1970. */
  readonly windowStart: bigint
  readonly windowEnd: bigint
  /** When the candle changed last. */
  readonly updatedAt: bigint
  /** What had closed the window. */
  readonly closedBy: ClosedBy
}

export interface Corrections {
  /** In the order of their windows, then exchange, then symbol. */
  readonly rows: readonly Correction[]
  /** The end of a window from which on every correction is known, microseconds since 1970; before it some may not be. */
  readonly knownFrom: bigint
}

/** Who read until a commit stood was told what was closed by his clock: it stands within so many microseconds of its begin. */
const COMMIT_TAKES = MINUTE_MICROS

/**
 * A candle was corrected where its window was closed in the last snapshot before the candle's last change, when that change came. Where no
 * snapshot of before is kept it was not, if none has expired; else nobody knows.
 * @throws Corrupt
 */
export async function findCorrections(
  ports: Pick<Ports, 'store' | 'state'>,
  table: LoadedTable,
  { windows, markets, from, to }: CorrectionRange,
): Promise<Corrections> {
  const { commits, knownFrom } = historyOf(table)
  const end = from < to ? windows.endOf(windows.startOf(to - 1n)) : to
  const files = await planFiles(ports, table, {
    where: [
      { column: 'window_start', ranges: [{ lower: from, upper: end - 1n }] },
      { column: 'window_date', ranges: [{ lower: dayOf(from), upper: dayOf(end - 1n) }] },
    ],
  })
  const corrected = new Map<string, Correction>()
  for (const { key } of files) {
    await turn()
    for (const { exchange, symbol, windowStart: part, updatedAt } of await readCandles(ports, key)) {
      const windowStart = windows.startOf(part)
      if (windowStart < from || windowStart >= to || !markets.has(marketKey(exchange, symbol))) continue
      const windowEnd = windows.endOf(windowStart)
      const before = commits[firstWhere(commits.length, at => timeOf(commits[at]) >= updatedAt) - 1]
      const watermarks = watermarksOf(before)
      if (!before || windowEnd > closedUntil(watermarks, updatedAt + COMMIT_TAKES)(exchange)) continue
      const place = candleKey({ exchange, symbol, windowStart })
      const known = corrected.get(place)
      if (known && known.updatedAt >= updatedAt) continue
      corrected.set(place, {
        exchange,
        symbol,
        windowStart,
        windowEnd,
        updatedAt,
        closedBy: closedBy(watermarks, { exchange, windowEnd }),
      })
    }
  }
  return { rows: [...corrected.values()].sort(inOrder), knownFrom }
}

const timeOf = (snapshot: Snapshot) => BigInt(snapshot['timestamp-ms']) * 1000n

/** The table's commits, as far as its snapshots are kept, the oldest first; and since when none of them has expired. */
function historyOf({ metadata }: LoadedTable): { commits: Snapshot[]; knownFrom: bigint } {
  const head = currentSnapshot(metadata)
  if (!head) return { commits: [], knownFrom: 0n }
  let oldest = head
  for (let parent = parentOf(metadata, head); parent; parent = parentOf(metadata, parent)) oldest = parent
  const isWhole = oldest['parent-snapshot-id'] === undefined
  // A pointer that was set back leaves snapshots that are no part of what the table has become.
  const own = metadata.snapshots.filter(each => each['sequence-number'] <= head['sequence-number'])
  return {
    commits: own.sort((a, b) => compare(a['sequence-number'], b['sequence-number'])),
    knownFrom: isWhole ? 0n : timeOf(oldest),
  }
}

function inOrder(a: Correction, b: Correction): number {
  return (
    compare(a.windowStart, b.windowStart) || compare(marketKey(a.exchange, a.symbol), marketKey(b.exchange, b.symbol))
  )
}
