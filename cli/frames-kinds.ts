/**
 * Single trades and aggregates of one market tell the same trades twice, under other numbers: together they double its volume, and
 * nothing later can tell. So one kind of each market is published.
 */
import { BadInput } from '../domain/errors.ts'
import type { TimeRange } from '../domain/ranges.ts'
import { sqlText, sqlTimestamp, tableRows } from '../domain/sql.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { AGGREGATE, isAggregate, type Trade } from '../domain/trade.ts'
import type { Lake } from '../embedded/lake.ts'
import type { StreamKind } from '../feeds/protocol.ts'
import { findTable } from '../iceberg/catalog.ts'
import { planGold } from '../tables/gold.ts'

/** What recordings hold: the kinds of each market's trades, and their times. */
export interface Recorded {
  readonly kinds: Map<string, Set<StreamKind>>
  range: TimeRange | undefined
}

export function kindOf(trade: Trade): StreamKind {
  return isAggregate(trade) ? 'aggTrade' : 'trade'
}

function marketOf(exchange: string, symbol: string): string {
  return `${exchange} ${symbol}`
}

/** Notes a trade. @throws BadInput where its symbol has trades of the other kind */
export function noteKind(recorded: Recorded, trade: Trade): void {
  const { exchange, symbol, timestamp } = trade
  const market = marketOf(exchange, symbol)
  const kinds = recorded.kinds.get(market) ?? new Set()
  recorded.kinds.set(market, kinds.add(kindOf(trade)))
  const { from, to } = recorded.range ?? { from: timestamp, to: timestamp }
  recorded.range = { from: timestamp < from ? timestamp : from, to: timestamp > to ? timestamp : to }
  if (kinds.size > 1)
    throw new BadInput(
      `There are trades and aggregates of ${market}, which are the same trades twice: choose with --stream trade or --stream aggTrade.`,
    )
}

/** @throws BadInput where Gold has trades of the other kind, of a symbol and its recorded times */
export async function requireOneKind(lake: Lake, { kinds, range }: Recorded): Promise<void> {
  const gold = await findTable(lake.ports, GOLD_TABLE.name)
  if (!gold || !range) return
  for (const { key } of await planGold(lake.ports, gold, range)) {
    const rows = tableRows(GOLD_TABLE, [await lake.ports.store.localFile(key)])
    const held = await lake.ports.engine.run([
      `SELECT DISTINCT exchange, symbol, contains(trade_id, ${sqlText(AGGREGATE)}) AS aggregate FROM ${rows}
        WHERE "timestamp" BETWEEN ${sqlTimestamp(range.from)} AND ${sqlTimestamp(range.to)}`,
    ])
    await lake.ports.store.releaseLocal([key])
    for (const { exchange, symbol, aggregate } of held) {
      const other = aggregate ? 'aggTrade' : 'trade'
      const mine = kinds.get(marketOf(String(exchange), String(symbol)))
      if (mine !== undefined && !mine.has(other))
        throw new BadInput(
          `The lake has ${other === 'trade' ? 'single trades' : 'aggregates'} of ${symbol} of the same time: both together would double its volume. Give --stream ${other}, or another --data DIR.`,
        )
    }
  }
}
