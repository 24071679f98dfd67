/** Candles of a replay, of any windows together, in the order in which their windows end. */
import type { Ports } from '../../domain/ports.ts'
import type { Windows } from '../../domain/windows.ts'
import type { Snapshots } from '../market/as-of.ts'
import { type CandleRow, type CandleTables, candlePage, type Position } from '../market/candle-pages.ts'
import type { Markets } from '../market/markets.ts'

export interface CandleFeedQuery {
  readonly windows: readonly Windows[]
  readonly markets: Markets
  /** Starts of windows, microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly tables: CandleTables
  readonly snapshots: Snapshots
  /** Windows that have not ended by then, microseconds since 1970, have no candle yet. */
  readonly now: bigint
}

export interface CandleFeed {
  /** When the next candle's window ends, microseconds since 1970, at the latest at the end of the range; Infinity where there is none. */
  time(): number
  row(): CandleRow
  next(): Promise<void>
}

const PAGE = 1_000

/** Begins at windows that end at a time, microseconds since 1970, or later. @throws Problem 410; Corrupt */
export async function candleFeed(
  ports: Pick<Ports, 'store' | 'state'>,
  query: CandleFeedQuery,
  since: number,
): Promise<CandleFeed> {
  const timeOf = ({ windowEnd }: CandleRow) => Number(windowEnd < query.to ? windowEnd : query.to)
  const feeds = await Promise.all(
    query.windows.map(async (windows): Promise<CandleFeed> => {
      const rows = pages(ports, query, windows, since)
      let head = await rows.next()
      return {
        time: () => (head.done ? Number.POSITIVE_INFINITY : timeOf(head.value)),
        row: () => head.value as CandleRow,
        async next() {
          head = await rows.next()
        },
      }
    }),
  )
  const first = () => feeds.reduce((least, each) => (each.time() < least.time() ? each : least), feeds[0] ?? NOTHING)
  return { time: () => first().time(), row: () => first().row(), next: () => first().next() }
}

const NOTHING: CandleFeed = {
  time: () => Number.POSITIVE_INFINITY,
  row: () => {
    throw new RangeError('There is no candle')
  },
  next: async () => {},
}

async function* pages(
  ports: Pick<Ports, 'store' | 'state'>,
  { markets, from, to, tables, snapshots, now }: CandleFeedQuery,
  windows: Windows,
  since: number,
): AsyncGenerator<CandleRow> {
  const earliest = windows.startOf(BigInt(Math.max(0, since - 1)))
  const begin = earliest > from ? earliest : from
  const wanted = {
    windows: [windows],
    markets,
    from: begin,
    to,
    fill: 'none',
    includeOpen: false,
    limit: PAGE,
  } as const
  let after: Position | undefined
  do {
    const page = await candlePage(ports, tables, wanted, snapshots, after, now)
    yield* page.rows
    after = page.next
  } while (after)
}
