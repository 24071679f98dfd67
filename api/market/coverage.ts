/** How complete the trades of each market are in each bucket of time, by the numbers that exchanges give them. */
import { marketKey } from '../../domain/candles.ts'
import { firstWhere } from '../../domain/order.ts'
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
  /** Numbers among the missing whose trade came and was refused. */
  readonly refused: number
  /** What feeds say of those numbers: fetched later, not there at the exchange, given up, not to be read, and looked for still. */
  readonly reported: Readonly<Record<Reported, number>>
}

export const REPORTED = ['filled', 'absent', 'lost', 'unreadable', 'open'] as const
export type Reported = (typeof REPORTED)[number]

/** What is counted of a market and bucket. */
interface Count {
  trades: number
  numbers: number
  least: number
  most: number
  /** The market's refused numbers that have not been found here. */
  readonly refused: Set<number>
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
  const unseen = new Map([...markets.keys()].map(key => [key, new Set(refused.get(key))]))
  const counts = await countTrades(ports, gold, query, unseen)
  const left = new Map([...unseen].map(([key, numbers]) => [key, Float64Array.from(numbers)]))
  const said = Map.groupBy(reports, ({ exchange, symbol }) => marketKey(codeOf(exchange), symbol ?? ''))
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
      const refusedHere = isNumbered ? countWithin(left.get(key) ?? [], since, count.most) : 0
      rows.push({
        ...{ market, windowStart: start, windowEnd: windows.endOf(start), trades: count.trades },
        firstNumber: isNumbered ? count.least : undefined,
        lastNumber: isNumbered ? count.most : undefined,
        ...{ numbered, missing, refused: Math.min(refusedHere, missing ?? 0) },
        reported: reportedOf(said.get(key) ?? [], isNumbered ? [since, count.most] : undefined),
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

const NOTHING: Count = { trades: 0, numbers: 0, least: 0, most: -1, refused: new Set() }

/** How many of ascending numbers lie in a range, both ends of which belong to it. */
function countWithin(numbers: ArrayLike<number>, first: number, last: number): number {
  const before = firstWhere(numbers.length, place => numbers[place] >= first)
  return firstWhere(numbers.length, place => numbers[place] > last) - before
}

/** Numbers that are found are taken out of `refused`, the refused ones by market: they came again, and were taken. */
async function countTrades(
  ports: Pick<Ports, 'store' | 'state'>,
  gold: LoadedTable,
  { markets, from, to, windows, snapshotId }: CoverageQuery,
  refused: ReadonlyMap<string, Set<number>>,
): Promise<Map<string, Count>> {
  const end = windows.endOf(windows.startOf(to - 1n))
  const range = { markets, from, to: end, snapshotId }
  const wanted = wantedOf(range)
  const minute = Number(MINUTE_MICROS)
  const counts = new Map<string, Count>()
  // Every window consists of whole minutes: each is looked up once.
  const byMinute = new Map<number, Map<string, Count>>()
  for (const file of await goldFiles(ports, gold, range))
    for await (const trades of inTurns(readTrades(ports, file, wanted)))
      for (const row of wantedRows(trades, wanted)) {
        const place = Math.floor(trades.times[row] / minute)
        let here = byMinute.get(place)
        if (!here) {
          const start = windows.startOf(BigInt(place) * MINUTE_MICROS)
          here = new Map([...refused].map(([key, numbers]) => [key, countAt(counts, `${start}|${key}`, numbers)]))
          byMinute.set(place, here)
        }
        const count = here.get(marketOf(trades, row)) as Count
        const number = trades.ids.tail(row)
        count.trades++
        if (!(number >= 0)) continue
        count.numbers++
        count.least = Math.min(count.least, number)
        count.most = Math.max(count.most, number)
        count.refused.delete(number)
      }
  return counts
}

function countAt(counts: Map<string, Count>, key: string, refused: Set<number>): Count {
  const known = counts.get(key) ?? { trades: 0, numbers: 0, least: Number.POSITIVE_INFINITY, most: -1, refused }
  counts.set(key, known)
  return known
}

/** Numbers of each kind that reports name within a range, each once. */
function reportedOf(
  reports: readonly Report[],
  range: readonly [number, number] | undefined,
): Record<Reported, number> {
  const count = (kind: Reported) => {
    if (!range) return 0
    const [first, last] = range
    const parts = reports
      .flatMap(({ status, fromId, toId }) =>
        status === kind && fromId !== null && toId !== null ? [[fromId, toId]] : [],
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
  return Object.fromEntries(REPORTED.map(kind => [kind, count(kind)])) as Record<Reported, number>
}
