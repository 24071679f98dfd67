/** Which numbers of a market's trades are not here: the exchange gave them, between two trades that are. */
import { marketKey } from '../../domain/candles.ts'
import { firstWhere } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { codeOf, type Report } from '../../tables/feed-gaps.ts'
import { marketOf, readTrades, wantedRows } from '../../tables/gold-columns.ts'
import { inTurns } from '../http/turns.ts'
import { type Market, type Markets, oneMarket } from './markets.ts'
import { problem } from './problems.ts'
import type { RefusedNumbers } from './refused.ts'
import { RANK, REPORTED, type Reported } from './said.ts'
import { goldFiles, lastTrades, numberIn, wantedOf } from './trades.ts'

export interface MissingQuery {
  readonly markets: Markets
  /** Microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly snapshotId: number
}

/** Why and when is said with the records. */
const REFUSED = { status: 'refused', cause: undefined, reportedAt: undefined } as const

/** Numbers that follow each other, of which the same is said. */
export interface MissingNumbers {
  readonly market: Market
  readonly firstNumber: number
  readonly lastNumber: number
  /** When the trades around them took place, microseconds since 1970. */
  readonly after: bigint
  readonly before: bigint
  /** What a feed says of them, or that they were refused; undefined where nobody says anything. */
  readonly said: (Pick<Report, 'cause' | 'reportedAt'> & { readonly status: Reported }) | typeof REFUSED | undefined
}

/** Exchanges send trades of one moment in another order than that of their numbers. */
const MARGIN = MINUTE_MICROS
const MOST_TRADES = 5_000_000

/** A number between two trades belongs to the range in which the later of them is. In the order of markets, then numbers. @throws Corrupt; Problem 413 */
export async function missingNumbers(
  ports: Pick<Ports, 'store' | 'state'>,
  gold: LoadedTable,
  query: MissingQuery,
  reports: readonly Report[],
): Promise<MissingNumbers[]> {
  const found = await readNumbers(ports, gold, query)
  const said = Map.groupBy(reports, ({ exchange, symbol }) => marketKey(codeOf(exchange), symbol ?? ''))
  return [...query.markets].flatMap(([key, market]) => {
    const trades = found.get(key)
    if (!trades) return []
    const gaps = gapsOf(trades, query).map(gap => ({ market, ...gap }))
    return sayOf(gaps, said.get(key) ?? [])
  })
}

/** Numbers and times, microseconds since 1970, of trades. */
interface Numbered {
  readonly numbers: number[]
  readonly times: number[]
}

async function readNumbers(
  ports: Pick<Ports, 'store' | 'state'>,
  gold: LoadedTable,
  { markets, from, to, snapshotId }: MissingQuery,
): Promise<Map<string, Numbered>> {
  const range = { markets, from: from > MARGIN ? from - MARGIN : 0n, to: to + MARGIN, snapshotId }
  const wanted = wantedOf(range)
  const found = new Map<string, Numbered>()
  let count = 0
  const add = (key: string, number: number, time: number) => {
    if (!(number >= 0)) return
    const known = found.get(key) ?? { numbers: [], times: [] }
    known.numbers.push(number)
    known.times.push(time)
    found.set(key, known)
  }
  for (const file of await goldFiles(ports, gold, range))
    for await (const trades of inTurns(readTrades(ports, file, wanted))) {
      const rows = wantedRows(trades, wanted)
      count += rows.length
      if (count > MOST_TRADES)
        throw problem(
          413,
          `There are more than ${MOST_TRADES} trades: ask for a shorter range or fewer symbols.`,
          'start',
        )
      for (const row of rows) add(marketOf(trades, row), trades.ids.tail(row), trades.times[row])
    }
  // The trade before them may be long ago; before the market's first one nothing is read.
  for (const [key, market] of markets) {
    if (!found.has(key) || market.firstTrade >= range.from) continue
    const before = { markets: oneMarket(market), from: market.firstTrade, to: range.from, snapshotId }
    for (const { id, time } of await lastTrades(ports, gold, before, 1)) add(key, numberIn(id), Number(time))
  }
  return found
}

type Gap = Pick<MissingNumbers, 'firstNumber' | 'lastNumber' | 'after' | 'before'>

function gapsOf({ numbers, times }: Numbered, { from, to }: Pick<MissingQuery, 'from' | 'to'>): Gap[] {
  const sorted = Float64Array.from(numbers).sort()
  const pairs: [number, number][] = []
  for (let place = 1; place < sorted.length; place++)
    if (sorted[place] > sorted[place - 1] + 1) pairs.push([sorted[place - 1], sorted[place]])
  const edges = new Map(pairs.flat().map(number => [number, 0]))
  numbers.forEach((number, place) => {
    if (edges.has(number)) edges.set(number, times[place])
  })
  const timeOf = (number: number) => BigInt(edges.get(number) ?? 0)
  return pairs
    .map(([low, high]) => ({
      ...{ firstNumber: low + 1, lastNumber: high - 1, after: timeOf(low), before: timeOf(high) },
    }))
    .filter(({ before }) => before >= from && before < to)
}

/** Cuts gaps where another report begins or ends. Both are of one market; gaps ascend and do not meet. */
function sayOf(gaps: readonly Omit<MissingNumbers, 'said'>[], reports: readonly Report[]): MissingNumbers[] {
  const known = reports
    .flatMap(({ status, fromId, toId, cause, reportedAt }) => {
      const said = REPORTED.find(each => each === status)
      return said && fromId !== null && toId !== null ? [{ status: said, fromId, toId, cause, reportedAt }] : []
    })
    .sort((a, b) => a.fromId - b.fromId)
  let next = 0
  let near: typeof known = []
  return gaps.flatMap(gap => {
    while (next < known.length && known[next].fromId <= gap.lastNumber) near.push(known[next++])
    near = near.filter(({ toId }) => toId >= gap.firstNumber)
    const cuts = near.flatMap(({ fromId, toId }) => [fromId, toId + 1])
    const starts = [...new Set([gap.firstNumber, ...cuts])]
      .filter(number => number >= gap.firstNumber && number <= gap.lastNumber)
      .sort((a, b) => a - b)
    return starts.map((firstNumber, place): MissingNumbers => {
      const about = near.filter(({ fromId, toId }) => fromId <= firstNumber && toId >= firstNumber)
      // What stands says more than what was settled.
      const said = RANK.flatMap(status => about.findLast(each => each.status === status) ?? [])[0]
      return { ...gap, firstNumber, lastNumber: (starts[place + 1] ?? gap.lastNumber + 1) - 1, said }
    })
  })
}

/**
 * Cuts ranges of which no feed says anything, or that their trades were fetched, where refused numbers begin or end: a fetched trade that is not
 * here was refused.
 */
export function sayRefused(ranges: readonly MissingNumbers[], refused: RefusedNumbers): MissingNumbers[] {
  return ranges.flatMap(range => {
    const { market, firstNumber, lastNumber, said } = range
    const numbers = refused.get(marketKey(market.exchange, market.symbol))
    if (!numbers || (said && said.status !== 'filled')) return [range]
    const parts: MissingNumbers[] = []
    let next = firstNumber
    let place = firstWhere(numbers.length, each => numbers[each] >= firstNumber)
    while (place < numbers.length && numbers[place] <= lastNumber) {
      const begin = numbers[place]
      let end = begin
      while (numbers[++place] === end + 1 && end < lastNumber) end++
      if (begin > next) parts.push({ ...range, firstNumber: next, lastNumber: begin - 1 })
      parts.push({ ...range, firstNumber: begin, lastNumber: end, said: REFUSED })
      next = end + 1
    }
    if (next <= lastNumber) parts.push({ ...range, firstNumber: next })
    return parts
  })
}
