/** What is said of markets beside their candles: average prices, and the largest trade. */
import { divideDecimals, multiplyDecimals, readable } from './decimals.ts'
import { HOUR } from './quotes.ts'
import type { Parameters, RowsPage } from './requests.ts'
import { type AverageRow, type CandleRow, type MarketRow, marketName, type TradeRow } from './rows.ts'
import { startOfDay } from './times.ts'

export interface MarketFigures {
  /** Average prices by volume, of the last hour and since midnight (UTC). */
  readonly ofHour: readonly AverageRow[]
  readonly ofDay: readonly AverageRow[]
  /** The largest trade of each market in the last hour. */
  readonly largest: readonly TradeRow[]
}

/** `ask` gives the rows of a route. `chosen`: parameters that choose markets. @throws as `ask` */
export async function askMarketFigures(
  ask: (route: string, parameters: Parameters) => Promise<RowsPage<unknown>['data']>,
  chosen: Parameters,
  nowMs: number,
): Promise<MarketFigures> {
  const since = (ms: number) => ({ ...chosen, start: new Date(ms).toISOString() })
  const [ofHour, ofDay, largest] = await Promise.all([
    ask('vwap', since(nowMs - HOUR)),
    ask('vwap', since(startOfDay(nowMs))),
    ask('largest', since(nowMs - HOUR)),
  ])
  return { ofHour, ofDay, largest } as MarketFigures
}

/** The figures of one market in words, with their units; prices with all the digits that there are. */
export function figureTexts(market: MarketRow, { ofHour, ofDay, largest }: MarketFigures): readonly [string, string] {
  const name = marketName(market)
  const averageIn = (rows: readonly AverageRow[]) => rows.find(row => marketName(row) === name)?.price ?? undefined
  const shown = (price: string | undefined) => (price === undefined ? 'none' : readable(price))
  const trade = largest.find(row => marketName(row) === name)
  // By its taker.
  const did = trade?.side === 'BUY' ? 'bought ' : trade?.side === 'SELL' ? 'sold ' : ''
  return [
    `VWAP last hour ${shown(averageIn(ofHour))}, since 00:00 UTC ${shown(averageIn(ofDay))} ${market.quote}`,
    `Largest in the last hour ${
      trade
        ? `${readable(trade.quantity)} ${market.base} at ${readable(trade.price)} ${market.quote}, ${did}${trade.time.slice(11, 19)}`
        : 'none: no trade'
    }`,
  ]
}

/** The share of a candle's volume that takers bought, in percent with two digits. */
export function takerShare({
  volume,
  taker_buy_volume: bought,
}: Pick<CandleRow, 'volume' | 'taker_buy_volume'>): string | undefined {
  return volume === null || bought === null ? undefined : divideDecimals(multiplyDecimals(bought, '100'), volume, 2)
}

/** Trades of a window's last seconds are still on their way when the first commit closes it, milliseconds. */
const SETTLING_MS = 30_000

/** Whether a change of a candle, at a time in milliseconds since 1970, is one that somebody who looks at it has to know of. */
export const isLate = (end: string, changedMs: number): boolean => changedMs - Date.parse(end) > SETTLING_MS
