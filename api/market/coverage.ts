/** How complete the trades of each market are in each bucket of time, by the numbers that exchanges give them. */
import { marketKey } from '../../domain/candles.ts'
import type { Ports } from '../../domain/ports.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { unsettledGaps } from '../../domain/unsettled-gaps.ts'
import type { Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { codeOf, type Report, type ReportsUpTo, readGapReports } from '../../tables/feed-gaps.ts'
import { marketOf, readTrades, wantedRows } from '../../tables/gold-columns.ts'
import { inTurns } from '../http/turns.ts'
import type { Market, Markets } from './markets.ts'
import type { RefusedNumbers } from './refused.ts'
import { countReasons, isSaid, REASONS, type Reason, type SaidRange, saidRanges } from './said.ts'
import { goldFiles, wantedOf } from './trades.ts'

export interface CoverageQuery {
  readonly markets: Markets
  /** Starts of buckets, microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly windows: Windows
  readonly snapshotId: number
}

/** Numbers are undefined where the exchange gives none. */
export interface Coverage {
  readonly market: Market
  /** Microseconds since 1970. */
  readonly windowStart: bigint
  readonly windowEnd: bigint
  /** Trades that are here. */
  readonly trades: number
  readonly firstNumber: number | undefined
  readonly lastNumber: number | undefined
  /** Numbers that the exchange gave since the last trade before. */
  readonly numbered: number | undefined
  /** Numbers among them that are not here. */
  readonly missing: number | undefined
  /** The missing ones for which there is a reason, each under one of them: what is left of them nobody has said anything of. */
  readonly reasons: Readonly<Record<Reason, number>>
  /** Numbers that a feed did not get at first, and fetched later. */
  readonly filled: number
}

/** What is counted of a market and bucket. */
interface Count {
  trades: number
  numbers: number
  least: number
  most: number
}

/** In the order of buckets, then markets; a bucket before a market's first trade is left out. @throws Corrupt */
export async function coverageOf(
  ports: Pick<Ports, 'store' | 'state'>,
  gold: LoadedTable,
  query: CoverageQuery,
  reports: readonly Report[],
  refused: RefusedNumbers,
): Promise<Coverage[]> {
  const { markets, windows } = query
  const reported = Map.groupBy(reports, ({ exchange, symbol }) => marketKey(codeOf(exchange), symbol ?? ''))
  const said = new Map([...markets.keys()].map(key => [key, saidRanges(reported.get(key) ?? [], refused.get(key))]))
  const { counts, here } = await countTrades(ports, gold, query, said)
  const last = new Map<string, number>()
  const rows: Coverage[] = []
  for (let start = query.from; start < query.to; start = windows.endOf(start)) {
    for (const [key, market] of markets) {
      if (start < windows.startOf(market.firstTrade)) continue
      const count = counts.get(`${start}|${key}`) ?? NOTHING
      const before = last.get(key)
      const since = before !== undefined && before < count.most ? before + 1 : count.least
      const isNumbered = count.numbers > 0
      if (isNumbered) last.set(key, Math.max(before ?? -1, count.most))
      const numbered = isNumbered ? Math.max(count.most - since + 1, count.numbers) : undefined
      const missing = numbered === undefined ? undefined : numbered - count.numbers
      const range = isNumbered ? ([since, count.most] as const) : undefined
      rows.push({
        ...{ market, windowStart: start, windowEnd: windows.endOf(start), trades: count.trades },
        firstNumber: isNumbered ? count.least : undefined,
        lastNumber: isNumbered ? count.most : undefined,
        ...{ numbered, missing, filled: range ? filledWithin(reported.get(key) ?? [], range) : 0 },
        reasons: reasonsOf(range ? countReasons(said.get(key) ?? [], here.get(key) ?? [], range) : {}, missing ?? 0),
      })
    }
  }
  return rows
}

/** What feeds say of numbers now, or said in an earlier state: what was settled, and what stands. @throws Corrupt */
export async function reportsOfNumbers(ports: Pick<Ports, 'store' | 'state'>, upTo?: ReportsUpTo): Promise<Report[]> {
  const all = await readGapReports(ports, upTo)
  const settled = all.filter(({ status }) => status === 'filled' || status === 'absent')
  return [...settled, ...unsettledGaps(all.filter(({ kind }) => kind !== 'disconnect'))]
}

const NOTHING: Count = { trades: 0, numbers: 0, least: 0, most: -1 }

/** Exchanges send trades of one moment in another order than that of their numbers: no more are counted than the bucket lacks. */
function reasonsOf(counts: Partial<Record<Reason, number>>, missing: number): Record<Reason, number> {
  let left = missing
  const most = (reason: Reason) => {
    const taken = Math.min(left, counts[reason] ?? 0)
    left -= taken
    return taken
  }
  return Object.fromEntries(REASONS.map(reason => [reason, most(reason)])) as Record<Reason, number>
}

/** `here`: by market, the numbers that are here though something is said of them, ascending: they came again, and were taken. */
async function countTrades(
  ports: Pick<Ports, 'store' | 'state'>,
  gold: LoadedTable,
  { markets, from, to, windows, snapshotId }: CoverageQuery,
  said: ReadonlyMap<string, readonly SaidRange[]>,
): Promise<{ readonly counts: Map<string, Count>; readonly here: Map<string, ArrayLike<number>> }> {
  const end = windows.endOf(windows.startOf(to - 1n))
  const range = { markets, from, to: end, snapshotId }
  const wanted = wantedOf(range)
  const minute = Number(MINUTE_MICROS)
  const counts = new Map<string, Count>()
  const found = new Map<string, number[]>([...said.keys()].map(key => [key, []]))
  // Every window consists of whole minutes: each is looked up once.
  const byMinute = new Map<number, Map<string, Count>>()
  for (const file of await goldFiles(ports, gold, range))
    for await (const trades of inTurns(readTrades(ports, file, wanted)))
      for (const row of wantedRows(trades, wanted)) {
        const place = Math.floor(trades.times[row] / minute)
        let here = byMinute.get(place)
        if (!here) {
          const start = windows.startOf(BigInt(place) * MINUTE_MICROS)
          here = new Map([...said.keys()].map(key => [key, countAt(counts, `${start}|${key}`)]))
          byMinute.set(place, here)
        }
        const key = marketOf(trades, row)
        const count = here.get(key) as Count
        const number = trades.ids.tail(row)
        count.trades++
        if (!(number >= 0)) continue
        count.numbers++
        count.least = Math.min(count.least, number)
        count.most = Math.max(count.most, number)
        if (isSaid(said.get(key) ?? [], number)) found.get(key)?.push(number)
      }
  return { counts, here: new Map([...found].map(([key, numbers]) => [key, Float64Array.from(numbers).sort()])) }
}

function countAt(counts: Map<string, Count>, key: string): Count {
  const known = counts.get(key) ?? { trades: 0, numbers: 0, least: Number.POSITIVE_INFINITY, most: -1 }
  counts.set(key, known)
  return known
}

/** Numbers within a range that reports say were fetched, each once. */
function filledWithin(
  reports: readonly Pick<Report, 'status' | 'fromId' | 'toId'>[],
  [first, last]: readonly [number, number],
): number {
  const parts = reports
    .flatMap(({ status, fromId, toId }) =>
      status === 'filled' && fromId !== null && toId !== null ? [[fromId, toId]] : [],
    )
    .filter(([from, to]) => from <= last && to >= first)
    .sort(([a], [b]) => a - b)
  let [total, next] = [0, first]
  for (const [from, to] of parts) {
    const [begin, end] = [Math.max(from, next), Math.min(to, last)]
    if (begin <= end) total += end - begin + 1
    next = Math.max(next, end + 1)
  }
  return total
}
