/** The markets of a lake: every symbol of an exchange that has a candle, and when it was first and last traded. */
import { marketKey } from '../../domain/candles.ts'
import type { Ports } from '../../domain/ports.ts'
import { candleTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { readCandleColumns } from '../../tables/candle-columns.ts'
import { problem } from './problems.ts'

export interface Market {
  readonly exchange: string
  readonly symbol: string
  /** Times of its first and last trade that the daily candles know, microseconds since 1970. */
  readonly firstTrade: bigint
  readonly lastTrade: bigint
}

export type Markets = ReadonlyMap<string, Market>

/** The fewest files, and those that are kept for ever. */
const DAILY = candleTable(TIMEFRAMES[TIMEFRAMES.length - 1])
const known = new WeakMap<LoadedTable['metadata'], Markets>()

/** All markets, by `marketKey`. @throws Corrupt */
export async function marketsOf(ports: Pick<Ports, 'store' | 'state'>): Promise<Markets> {
  const table = await openTable(ports, DAILY)
  if (!table) return new Map()
  const found = known.get(table.metadata)
  if (found) return found
  const markets = new Map<string, Market>()
  for (const { key } of await planFiles(ports, table)) {
    const file = await readCandleColumns(ports, key)
    for (const [market, rows] of file.markets) {
      const [first, last] = [file.candle(rows[0]), file.candle(rows[rows.length - 1])]
      const before = markets.get(market)
      markets.set(market, {
        exchange: first.exchange,
        symbol: first.symbol,
        firstTrade: least(before?.firstTrade, first.firstTradeTime),
        lastTrade: before && before.lastTrade > last.lastTradeTime ? before.lastTrade : last.lastTradeTime,
      })
    }
  }
  const sorted: Markets = new Map([...markets].sort(([a], [b]) => (a < b ? -1 : 1)))
  known.set(table.metadata, sorted)
  return sorted
}

const least = (a: bigint | undefined, b: bigint) => (a !== undefined && a < b ? a : b)

export function oneMarket(market: Market): Markets {
  return new Map([[marketKey(market.exchange, market.symbol), market]])
}

/**
 * Those of these exchanges and symbols; all of them where none are named.
 * @throws ApiError 404 where one of the names is none, with the nearest
 */
export function chooseMarkets(all: Markets, exchanges: readonly string[], symbols: readonly string[]): Markets {
  const present = [...all.values()]
  requireNames('exchange', exchanges, new Set(present.map(({ exchange }) => exchange)))
  const there = exchanges.length === 0 ? present : present.filter(({ exchange }) => exchanges.includes(exchange))
  requireNames(
    'symbol',
    symbols,
    new Set(there.map(({ symbol }) => symbol)),
    exchanges.length > 0 ? ` on ${exchanges.join(', ')}` : '',
  )
  const chosen = symbols.length === 0 ? there : there.filter(({ symbol }) => symbols.includes(symbol))
  return new Map(chosen.map(market => [marketKey(market.exchange, market.symbol), market]))
}

function requireNames(what: string, asked: readonly string[], present: ReadonlySet<string>, where = ''): void {
  const wrong = asked.find(name => !present.has(name))
  if (wrong === undefined) return
  const near = [...present]
    .map(name => ({ name, distance: distanceOf(wrong, name) }))
    .sort((a, b) => a.distance - b.distance)[0]
  const hint = near === undefined ? 'the lake has no candles yet' : `the nearest is ${near.name}`
  throw problem(404, `There is no ${what} ${wrong}${where}: ${hint}. GET /v1/symbols lists all.`, `${what}s`)
}

/** Letters to put in, take out or change until one text is the other (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]
}
