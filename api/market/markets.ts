/** The markets of a lake: every symbol of an exchange that has a candle, and when it was first and last traded. */
import { marketKey } from '../../domain/candles.ts'
import type { Ports } from '../../domain/ports.ts'
import { EVER } from '../../domain/ranges.ts'
import { candleTable, DATA_LOSSES_TABLE, FEED_GAPS_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { noneText } from '../../figures/nearest.ts'
import { cachePerStore } from '../../iceberg/cache.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import { readCandleColumns } from '../../tables/candle-columns.ts'
import { type AsOf, CURRENT, requireSnapshot } from './as-of.ts'
import { problem } from './problems.ts'
import { requireRepaired } from './repairs.ts'

export interface Market {
  readonly exchange: string
  readonly symbol: string
  /** Times of its first and last trade that the daily candles know, microseconds since 1970. */
  readonly firstTrade: bigint
  readonly lastTrade: bigint
}

export type Markets = ReadonlyMap<string, Market>

/** The fewest files, and those that are kept for ever. */
export const DAILY = candleTable(TIMEFRAMES[TIMEFRAMES.length - 1])
/** By snapshot: few are asked for, and a table has a thousand. */
const KEPT_SNAPSHOTS = 32
const known = cachePerStore<Markets>(KEPT_SNAPSHOTS)

/** What says of a market that it is there, and what it lacks. */
export const MARKET_TABLES: readonly TableDefinition[] = [DAILY, FEED_GAPS_TABLE, DATA_LOSSES_TABLE]

/** The table that knows them; undefined where nothing was traded yet. */
export function openMarkets(ports: Pick<Ports, 'store' | 'state'>): Promise<LoadedTable | undefined> {
  return openTable(ports, DAILY)
}

/** All markets of a state, by `marketKey`. @throws Problem 410, 503; Corrupt */
export async function marketsOf(ports: Pick<Ports, 'store' | 'state'>, asOf: AsOf = CURRENT): Promise<Markets> {
  return marketsBy(ports, await openMarkets(ports), asOf)
}

/** Likewise by the table that knows them, where it has been opened together with others. @throws Problem 410, 503; Corrupt */
export function marketsBy(
  ports: Pick<Ports, 'store' | 'state'>,
  table: LoadedTable | undefined,
  asOf: AsOf,
): Promise<Markets> {
  return marketsIn(ports, table, table && marketsSnapshot(table, asOf)?.['snapshot-id'])
}

/** The snapshot of the table that knows the markets of a state. @throws Problem 410 */
export function marketsSnapshot(table: LoadedTable, asOf: AsOf): Snapshot | undefined {
  // A pin of other tables leaves the names to the present.
  return asOf.snapshotOf(table) ?? (asOf.pin === undefined ? undefined : CURRENT.snapshotOf(table))
}

/** All markets of a snapshot of that table; none where there is none. @throws Problem 410 where it has expired, 503; Corrupt */
export async function marketsIn(
  ports: Pick<Ports, 'store' | 'state'>,
  table: LoadedTable | undefined,
  snapshotId: number | undefined,
): Promise<Markets> {
  if (!table || snapshotId === undefined) return new Map()
  requireSnapshot(table, snapshotId)
  await requireRepaired(ports, table, snapshotId, EVER)
  return known(ports.store).once(`${table.metadata['table-uuid']} ${snapshotId}`, async () => ({
    value: await readMarkets(ports, table, snapshotId),
    weight: 1,
  }))
}

async function readMarkets(ports: Pick<Ports, 'store'>, table: LoadedTable, snapshotId: number): Promise<Markets> {
  const markets = new Map<string, Market>()
  for (const { key } of await planFiles(ports, table, { snapshotId })) {
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
  return new Map([...markets].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const least = (a: bigint | undefined, b: bigint) => (a !== undefined && a < b ? a : b)

export function oneMarket(market: Market): Markets {
  return new Map([[marketKey(market.exchange, market.symbol), market]])
}

/**
 * Those of these exchanges and symbols; all of them where none are named. A symbol may name its exchange: `KRAKEN:BTCUSD`.
 * @throws ApiError 404 where one of the names is none, with the nearest
 */
export function chooseMarkets(all: Markets, exchanges: readonly string[], symbols: readonly string[]): Markets {
  const present = [...all.values()]
  requireNames('exchange', exchanges, new Set(present.map(({ exchange }) => exchange)))
  const there = exchanges.length === 0 ? present : present.filter(({ exchange }) => exchanges.includes(exchange))
  const where = exchanges.length > 0 ? ` on ${exchanges.join(', ')}` : ''
  const [whole, bare] = [symbols.filter(isWhole), symbols.filter(name => !isWhole(name))]
  requireNames('symbol', bare, new Set(there.map(({ symbol }) => symbol)), where)
  requireNames('symbol', whole, new Set(there.map(({ exchange, symbol }) => `${exchange}:${symbol}`)), where)
  const isWanted = named([], symbols)
  return new Map(
    there
      .map((market): [string, Market] => [marketKey(market.exchange, market.symbol), market])
      .filter(([key]) => isWanted(key)),
  )
}

const isWhole = (symbol: string) => symbol.includes(':')

/** Whether a market is of these exchanges and symbols: candles know it some seconds later than Gold does, so its trades are found by its names alone. */
export function named(exchanges: readonly string[], symbols: readonly string[]): (key: string) => boolean {
  return key => {
    const [exchange, symbol] = key.split('|')
    return (
      (exchanges.length === 0 || exchanges.includes(exchange)) &&
      (symbols.length === 0 || symbols.includes(symbol) || symbols.includes(`${exchange}:${symbol}`))
    )
  }
}

function requireNames(what: string, asked: readonly string[], present: ReadonlySet<string>, where = ''): void {
  const wrong = asked.find(name => !present.has(name))
  if (wrong === undefined) return
  throw problem(404, noneText(what, wrong, present, 'the lake has no candles yet', where), `${what}s`)
}

/** The exchanges and the symbols of markets, each once. */
export function marketNames(markets: Iterable<Market>): Readonly<Record<'exchange' | 'symbol', readonly string[]>> {
  const all = [...markets]
  const once = (of: (market: Market) => string) => [...new Set(all.map(of))]
  return { exchange: once(({ exchange }) => exchange), symbol: once(({ symbol }) => symbol) }
}
