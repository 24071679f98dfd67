/** What happened today and in the last 24 hours, in whole minutes. Source: Kraken "Get Ticker Information". */
import { vwap } from '../../domain/candles.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { candleSince, lastCandles, MINUTES, type ReadAt } from '../market/market-candles.ts'
import { tradesOfMarket } from '../market/market-trades.ts'
import { priceText, quantityText } from './amounts.ts'
import { type KrakenPair, pairsNamed } from './markets.ts'

/** @throws Refusal; Corrupt */
export async function tickers(at: ReadAt, query: URLSearchParams): Promise<object> {
  const found: Record<string, object> = {}
  for (const pair of await pairsNamed(at, query.get('pair') ?? undefined))
    found[pair.names.name] = await tickerOf(at, pair)
  return found
}

async function tickerOf(at: ReadAt, { market }: KrakenPair): Promise<object> {
  const [today, day] = [
    await candleSince(at, market, at.now - (at.now % DAY_MICROS)),
    await candleSince(at, market, MINUTES.startOf(at.now) - DAY_MICROS),
  ]
  const [last] = await (await tradesOfMarket(at, market)).last({}, 1)
  const [before] = await lastCandles(at, market, { windows: MINUTES, from: 0n, to: at.now + 1n, fill: 'none' }, 1)
  const price = last?.price ?? before?.candle?.close ?? 0n
  const both = <T>(of: (candle: NonNullable<typeof day>) => T, none: T) => [
    today ? of(today) : none,
    day ? of(day) : none,
  ]
  const nobody = [priceText(0n), '0', '0.000']
  return {
    // The lake has no order book.
    ...{ a: nobody, b: nobody, c: [priceText(price), quantityText(last?.quantity ?? 0n)] },
    v: both(({ volume }) => quantityText(volume), quantityText(0n)),
    p: both(candle => priceText(vwap(candle)), priceText(0n)),
    t: both(({ tradeCount }) => Number(tradeCount), 0),
    l: both(({ low }) => priceText(low), priceText(price)),
    h: both(({ high }) => priceText(high), priceText(price)),
    o: priceText(today?.open ?? price),
  }
}
