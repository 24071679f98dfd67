/** Candles of one timeframe and several markets, as pages of history and live messages make them. */
import { digitsAfterPoint } from '../../figures/decimals.ts'
import { type CandleRow, marketName } from '../../figures/rows.ts'

export interface Candle extends CandleRow {
  /** Milliseconds since 1970. */
  readonly startMs: number
  /** Whether it has changed after it had closed, as far as that is known. */
  readonly corrected: boolean
}

/** What a message has done to a market's candles. */
export type Change = 'added' | 'changed' | 'corrected' | 'none'

export interface CandleBook {
  /** A market's candles in the order of time, one for each window, also for those without trades. */
  candles(market: string): readonly Candle[]
  at(market: string, startMs: number): Candle | undefined
  /** Takes rows as the API has them now. `corrected`: names of windows, as `windowName` makes them. */
  load(rows: readonly CandleRow[], corrected?: ReadonlySet<string>): void
  /** Takes a message. What lies behind the loaded windows is passed by, unless `isEdge`: they reach up to now. */
  apply(type: 'candle' | 'correction', row: CandleRow, isEdge: boolean): Change
}

/** A market's window among those of one timeframe. */
export const windowName = (row: Pick<CandleRow, 'exchange' | 'symbol' | 'start'>): string =>
  `${marketName(row)} ${row.start}`

/** Digits after the point that prices of the newest windows have, so that all are written alike. */
export const priceDigits = (candles: readonly Candle[]): number =>
  candles.slice(-100).reduce((most, { close }) => Math.max(most, close === null ? 0 : digitsAfterPoint(close)), 0)

export function createCandleBook(windowMs: number): CandleBook {
  const markets = new Map<string, Candle[]>()
  const listOf = (market: string): Candle[] => {
    const found = markets.get(market) ?? []
    markets.set(market, found)
    return found
  }

  function put(list: Candle[], candle: Candle): void {
    const place = placeOf(list, candle.startMs)
    list.splice(place, list[place]?.startMs === candle.startMs ? 1 : 0, candle)
  }

  return {
    candles: market => markets.get(market) ?? [],
    at(market, startMs) {
      const list = markets.get(market) ?? []
      const found = list[placeOf(list, startMs)]
      return found?.startMs === startMs ? found : undefined
    },
    load(rows, known) {
      for (const row of rows) {
        const list = listOf(marketName(row))
        const startMs = Date.parse(row.start)
        const before = list[placeOf(list, startMs)]
        const corrected = known?.has(windowName(row)) === true || (before?.startMs === startMs && before.corrected)
        put(list, { ...row, startMs, corrected })
      }
    },
    apply(type, row, isEdge) {
      const list = listOf(marketName(row))
      const startMs = Date.parse(row.start)
      const corrected = type === 'correction'
      const known = list[placeOf(list, startMs)]?.startMs === startMs
      if (!known) {
        const last = list.at(-1)
        const isBefore = list.length > 0 && startMs < list[0].startMs
        if (isBefore || (!isEdge && (last === undefined || startMs > last.startMs))) return 'none'
        // Windows in between had no trades, or there would have been a message.
        for (let at = (last?.startMs ?? startMs) + windowMs; at < startMs; at += windowMs)
          list.push(emptyCandle(row, at, windowMs))
      }
      put(list, { ...row, startMs, corrected })
      return corrected ? 'corrected' : known ? 'changed' : 'added'
    },
  }
}

/** Where a candle of this start stands, or would have to stand. */
function placeOf(list: readonly Candle[], startMs: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle].startMs < startMs) low = middle + 1
    else high = middle
  }
  return low
}

function emptyCandle({ exchange, symbol }: CandleRow, startMs: number, windowMs: number): Candle {
  const iso = (ms: number) => new Date(ms).toISOString().replace('.000', '')
  return {
    ...{ exchange, symbol, start: iso(startMs), end: iso(startMs + windowMs), startMs },
    ...{ open: null, high: null, low: null, close: null, vwap: null },
    ...{ volume: null, quote_volume: null, taker_buy_volume: null, trades: null, first_trade: null, last_trade: null },
    ...{ status: 'closed', corrected: false },
  }
}
