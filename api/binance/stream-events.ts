/** What streams send, as JSON text. Source: Binance "WebSocket Streams", "Detailed Stream information". */
import { PRICE_SCALE, parseDecimal, QUANTITY_SCALE, QUOTE_SCALE } from '../../domain/decimal.ts'
import { type Message, microsIn } from '../live/texts.ts'
import { numberOf } from '../market/market-trades.ts'
import type { TradeRow } from '../market/trades.ts'
import type { Aggregate } from './aggregates.ts'
import { milliseconds, priceText, quantityText, quoteText } from './amounts.ts'
import type { StreamName } from './stream-names.ts'
import type { DayTicker } from './tickers.ts'

/** How a time, microseconds since 1970, is told: in milliseconds, or where the client asked for it in microseconds. */
export type TimeOf = (micros: bigint) => number

/** A message's row of `/v1/trades`. */
export function tradeIn({ exchange, symbol, id, time, price, quantity, side }: Message['data']): TradeRow {
  return { exchange, symbol, id, side, time: microsIn(time), price: priceIn(price), quantity: quantityIn(quantity) }
}

/** `now`: the time of the event, microseconds since 1970. */
export function tradeEvent(trade: TradeRow, now: bigint, timeOf: TimeOf): string {
  const { symbol, price, quantity, time, side } = trade
  return JSON.stringify({
    ...{ e: 'trade', E: timeOf(now), s: symbol, t: numberOf(trade) ?? -1, p: priceText(price) },
    ...{ q: quantityText(quantity), T: timeOf(time), m: side === 'SELL', M: true },
  })
}

export function aggregateEvent(symbol: string, aggregate: Aggregate, now: bigint, timeOf: TimeOf): string {
  const { number, price, quantity, first, last, time, side } = aggregate
  return JSON.stringify({
    ...{ e: 'aggTrade', E: timeOf(now), s: symbol, a: number, p: priceText(price), q: quantityText(quantity) },
    ...{ f: first, l: last, T: timeOf(time), m: side === 'SELL', M: true },
  })
}

/** A message's candle that has trades; `f` and `L` are the numbers of its first and last trade, or -1. */
export function klineEvent(
  { interval }: StreamName,
  data: Message['data'],
  [f, L]: readonly [number, number],
  now: bigint,
  timeOf: TimeOf,
): string {
  const price = (text: string) => priceText(priceIn(text))
  const quote = (text: string) => quoteText(unitsIn(text, QUOTE_SCALE))
  const k = {
    ...{ t: timeOf(microsIn(data.start)), T: timeOf(microsIn(data.end)) - 1, s: data.symbol, i: interval, f, L },
    ...{ o: price(data.open), c: price(data.close), h: price(data.high), l: price(data.low) },
    ...{ v: quantityText(quantityIn(data.volume)), n: data.trades, x: data.status !== 'open' },
    ...{ q: quote(data.quote_volume), V: quantityText(quantityIn(data.taker_buy_volume)) },
    ...{ Q: quote(data.taker_buy_quote_volume), B: '0' },
  }
  return JSON.stringify({ e: 'kline', E: timeOf(now), s: data.symbol, k })
}

export function tickerEvent({ kind }: StreamName, ticker: DayTicker, now: bigint, timeOf: TimeOf): string {
  const s = ticker.symbol
  const [c, o, h, l] = [ticker.lastPrice, ticker.openPrice, ticker.highPrice, ticker.lowPrice]
  const [v, q] = [ticker.volume, ticker.quoteVolume]
  if (kind === 'miniTicker') return JSON.stringify({ e: '24hrMiniTicker', E: timeOf(now), s, c, o, h, l, v, q })
  return JSON.stringify({
    ...{ e: '24hrTicker', E: timeOf(now), s, p: ticker.priceChange, P: ticker.priceChangePercent },
    ...{ w: ticker.weightedAvgPrice, x: ticker.prevClosePrice, c, Q: ticker.lastQty },
    ...{ b: ticker.bidPrice, B: ticker.bidQty, a: ticker.askPrice, A: ticker.askQty, o, h, l, v, q },
    ...{ O: timeOf(BigInt(ticker.openTime) * 1000n), C: timeOf(BigInt(ticker.closeTime) * 1000n) },
    ...{ F: ticker.firstId, L: ticker.lastId, n: ticker.count },
  })
}

export const inMilliseconds: TimeOf = milliseconds
export const inMicroseconds: TimeOf = Number

const unitsIn = (text: string, scale: number) => parseDecimal(text, scale) ?? 0n
const priceIn = (text: string) => unitsIn(text, PRICE_SCALE)
const quantityIn = (text: string) => unitsIn(text, QUANTITY_SCALE)
