/** Trades, one by one and aggregated. Source: Binance "Recent trades list", "Old trade lookup", "Compressed/Aggregate trades list". */
import type { Candle } from '../../domain/candles.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { numberOf, timeOfNumber, tradesOfMarket } from '../market/market-trades.ts'
import type { Market } from '../market/markets.ts'
import type { TradeRow } from '../market/trades.ts'
import { type Aggregate, firstAggregates, lastAggregates } from './aggregates.ts'
import { milliseconds, priceText, quantityText, quoteText } from './amounts.ts'
import { binanceMarket } from './markets.ts'
import type { Parameters } from './parameters.ts'
import { invalidCombination } from './refusals.ts'

/** The number may be of the last of a minute's many trades: they are gone through so many at a time, however few are wanted. */
const STEP = 1_000

/** The last of them, or from `fromId` on. @throws Refusal; Corrupt */
export async function trades(at: ReadAt, read: Parameters): Promise<unknown> {
  const [limit, fromId] = [read.limit(), read.long('fromId')]
  const market = await binanceMarket(at, read.symbol())
  const trades = await tradesOfMarket(at, market)
  if (fromId === undefined) return (await trades.last({}, limit)).map(tradeOf)
  const from = await timeOfNumber(at, market, trades, fromId)
  const found: TradeRow[] = []
  let page: readonly TradeRow[] = []
  do {
    page = await trades.first({ from }, STEP, page.at(-1))
    found.push(...page.filter(trade => (numberOf(trade) ?? -1) >= fromId))
  } while (found.length < limit && page.length === STEP)
  return found.slice(0, limit).map(tradeOf)
}

/** From a time or an id on, or the last of them. @throws Refusal; Corrupt */
export async function aggTrades(at: ReadAt, read: Parameters): Promise<unknown> {
  const [limit, fromId, range] = [read.limit(), read.long('fromId'), read.range()]
  if (fromId !== undefined && (range.from ?? range.to) !== undefined) throw invalidCombination()
  const market = await binanceMarket(at, read.symbol())
  const trades = await tradesOfMarket(at, market)
  if (fromId === undefined && range.from === undefined)
    return (await lastAggregates(count => trades.last(range, count), limit)).map(aggregateOf)
  const span = fromId === undefined ? range : { from: await timeOfNumber(at, market, trades, fromId) }
  const found = await firstAggregates(
    (count, after) => trades.first(span, count, after),
    ({ number }) => number >= (fromId ?? 0),
    limit,
  )
  return found.map(aggregateOf)
}

/** The first and the last trade of a candle, as far as Gold still has them. @throws Corrupt */
export async function endsOf(
  at: ReadAt,
  market: Market,
  { firstTradeTime, lastTradeTime }: Pick<Candle, 'firstTradeTime' | 'lastTradeTime'>,
): Promise<{ readonly first?: TradeRow | undefined; readonly last?: TradeRow | undefined }> {
  const trades = await tradesOfMarket(at, market)
  const [first] = await trades.first({ from: firstTradeTime, to: firstTradeTime + 1n }, 1)
  const [last] = await trades.last({ from: lastTradeTime, to: lastTradeTime + 1n }, 1)
  return { first, last }
}

function tradeOf(trade: TradeRow) {
  const { price, quantity, time, side } = trade
  return {
    ...{ id: numberOf(trade) ?? -1, price: priceText(price), qty: quantityText(quantity) },
    ...{ quoteQty: quoteText(price * quantity), time: milliseconds(time) },
    ...{ isBuyerMaker: side === 'SELL', isBestMatch: true },
  }
}

function aggregateOf({ number, price, quantity, first, last, time, side }: Aggregate) {
  return {
    ...{ a: number, p: priceText(price), q: quantityText(quantity), f: first, l: last },
    ...{ T: milliseconds(time), m: side === 'SELL', M: true },
  }
}
