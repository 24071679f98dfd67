/** What Gold and its candles must be, from the valid trades alone. */
import { isDeepStrictEqual } from 'node:util'
import { candleTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import type { Trade } from '../../domain/trade.ts'
import type { CandleRow, Candles } from '../functions/candle-support.ts'
import type { MayBeGone } from './kept.ts'
import type { Row } from './tables.ts'

/** The rule stands in domain/trade.ts; an oracle has its own. */
const SAME_TRADE = 1_000_000n

/** Columns of a Silver or Gold row that are not the trade's. */
export function differences(row: Row, trade: Trade): string[] {
  const fields: Record<string, unknown> = {
    message_id: trade.messageId,
    trade_id: trade.tradeId,
    symbol: trade.symbol,
    exchange: trade.exchange,
    asset_class: trade.assetClass,
    timestamp: trade.timestamp,
    price: trade.price,
    quantity: trade.quantity,
    currency: trade.currency,
    side: trade.side,
    ingestion_timestamp: trade.ingestionTimestamp,
  }
  return Object.keys(fields).filter(column => row[column] !== fields[column])
}

/** Gold's rows as the trades that they must be. */
export function goldTrades(rows: readonly Row[], valid: readonly Trade[]): { found: Trade[]; problems: string[] } {
  const known = Map.groupBy(valid, trade => `${trade.messageId}/${trade.timestamp}`)
  const problems: string[] = []
  const found: Trade[] = []
  for (const row of rows) {
    // A feed that gets a trade again publishes it with another time of receipt: whichever came first stays.
    const copies = known.get(`${row.message_id}/${row.timestamp}`) ?? []
    const trade = copies.find(copy => differences(row, copy).length === 0) ?? copies.at(0)
    if (!trade) problems.push(`Gold has ${row.trade_id} at ${row.timestamp}, which is not a valid trade`)
    else {
      found.push(trade)
      problems.push(...differences(row, trade).map(column => `Gold has ${row.trade_id} with another ${column}`))
    }
  }
  return { found, problems }
}

/** One of the trades with one id and times within a second stays: whichever came first. */
export function checkGold(gold: readonly Trade[], valid: readonly Trade[]): string[] {
  const problems: string[] = []
  const byId = Map.groupBy(gold, trade => trade.messageId)
  const near = (a: Trade, b: Trade) => {
    const apart = a.timestamp - b.timestamp
    return apart <= SAME_TRADE && apart >= -SAME_TRADE
  }
  for (const trades of byId.values())
    for (const [i, trade] of trades.entries())
      if (trades.slice(0, i).some(other => near(trade, other)))
        problems.push(`Gold has ${trade.tradeId} more than once`)
  for (const trade of valid)
    if (!byId.get(trade.messageId)?.some(other => near(trade, other))) problems.push(`Gold has no ${trade.tradeId}`)
  return problems
}

const TIMES = new Set(['created_at', 'updated_at'])

/** A candle row without the times of its making. */
export function candle(row: Row): CandleRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !TIMES.has(name))) as CandleRow
}

export function checkCandles(stored: Candles, naive: Candles, gone: MayBeGone): string[] {
  const problems: string[] = []
  const tables = new Map(TIMEFRAMES.map(frame => [frame.name as string, candleTable(frame)]))
  const name = (row: CandleRow) => `${row.exchange} ${row.symbol} ${row.window_start}`
  for (const [timeframe, rows] of Object.entries(naive)) {
    const found = new Map(stored[timeframe].map(row => [name(row), row]))
    if (found.size !== stored[timeframe].length) problems.push(`a candle of ${timeframe} is there twice`)
    for (const row of rows) {
      const there = found.get(name(row))
      found.delete(name(row))
      if (!there && gone(tables.get(timeframe)!, row.window_start)) continue
      if (!there) problems.push(`there is no ${timeframe} candle of ${name(row)}`)
      else if (!isDeepStrictEqual({ ...there }, { ...row }))
        problems.push(`the ${timeframe} candle of ${name(row)} is wrong`)
    }
    for (const extra of found.keys()) problems.push(`the ${timeframe} candle of ${extra} has no trade`)
  }
  return problems
}
