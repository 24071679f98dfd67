/** Each market's last price, its last hour minute by minute, and where it stood a day ago: read once, and live from then on. */
import { useEffect } from 'preact/hooks'
import { loadMarkets, markets } from '../api/markets.ts'
import { askRows } from '../api/requests.ts'
import { openStream } from '../api/stream.ts'
import { frames, now } from '../browser.ts'
import { compareDecimals } from '../model/decimals.ts'
import { type CandleRow, type MarketRow, marketName, type TradeRow } from '../model/rows.ts'
import { createStore, type Store, useStore } from '../store.ts'

export interface Quote {
  readonly price: string
  /** Of the trade at this price, as the API writes it. */
  readonly time: string
  /** Above, at or below zero, as the price has risen, stood or fallen when it last changed. */
  readonly direction: number
  /** Closes of the last hour's minutes that had trades, by their starts, milliseconds since 1970. */
  readonly minutes: ReadonlyMap<number, string>
  /** The first price of the last day, and when its hour began. */
  readonly day: { readonly price: string; readonly startMs: number } | undefined
}

export type Quotes = ReadonlyMap<string, Quote>

export const [MINUTE, HOUR] = [60_000, 3_600_000]
const DAY = 24 * HOUR
const quotes: Store<Quotes> = createStore<Quotes>(new Map())
let users = 0
let stop = () => {}

/** The quotes, for a component; the stream is there as long as one of them is. */
export function useQuotes(): Quotes {
  useEffect(() => {
    if (users++ === 0) stop = follow()
    return () => {
      if (--users === 0) stop()
    }
  }, [])
  return useStore(quotes)
}

function follow(): () => void {
  const current = new Map<string, Quote>(quotes.get())
  const over = new AbortController()
  const drawn = frames(() => quotes.set(new Map(current)))
  let waiting: CandleRow[] | undefined

  function take(row: CandleRow): void {
    if (row.close === null || row.last_trade === null || row.open === null) return
    const name = marketName(row)
    const known = current.get(name)
    if (!known && !isKnown(name)) void loadMarkets()
    const startMs = Date.parse(row.start)
    const minutes = new Map(
      [...(known?.minutes ?? []), [startMs, row.close] as const].filter(
        ([start]) => start > startMs - HOUR || start > now() - HOUR,
      ),
    )
    const isNewer = !known || row.last_trade >= known.time
    const moved = known && isNewer ? compareDecimals(row.close, known.price) : 0
    current.set(name, {
      ...{ price: isNewer ? row.close : known.price, time: isNewer ? row.last_trade : known.time, minutes },
      ...{ direction: moved || (known?.direction ?? 0), day: known?.day ?? { price: row.open, startMs } },
    })
    drawn.ask()
  }

  async function load(): Promise<void> {
    waiting = []
    const { signal } = over
    const since = (ms: number) => ({
      start: new Date(Math.floor((now() - ms) / MINUTE) * MINUTE).toISOString(),
      limit: 10_000,
    })
    try {
      const [hours, minutes] = await Promise.all([
        askRows<CandleRow>('candles', { timeframe: '1h', ...since(DAY) }, signal),
        askRows<CandleRow>('candles', { timeframe: '1m', ...since(HOUR) }, signal),
      ])
      for (const row of hours) {
        const name = marketName(row)
        const known = current.get(name)
        const startMs = Date.parse(row.start)
        if (row.open !== null && row.close !== null && row.last_trade !== null)
          current.set(name, {
            ...{ price: row.close, time: row.last_trade, direction: 0, minutes: known?.minutes ?? new Map() },
            day:
              known?.day && known.day.startMs <= startMs && known.day.startMs > now() - DAY - HOUR
                ? known.day
                : { price: row.open, startMs },
          })
      }
      for (const row of minutes) take(row)
      await loadQuiet(current, signal)
    } catch {
      // The bar of the connection tells it, and the next connection tries again.
    }
    for (const row of waiting) take(row)
    waiting = undefined
    drawn.ask()
  }

  const end = openStream(
    { channels: 'candles', timeframe: '1m' },
    {
      begun: continued => {
        if (!continued) void load()
      },
      message({ type, data }) {
        if (type === 'trade') return
        if (waiting) waiting.push(data)
        else take(data)
      },
    },
  )
  return () => {
    over.abort()
    end()
    drawn.stop()
  }
}

const isKnown = (name: string): boolean => {
  const known = markets.get()
  return known.phase !== 'ready' || known.markets.some(market => marketName(market) === name)
}

/** Markets without a trade in the last day have a last price all the same. */
async function loadQuiet(current: Map<string, Quote>, signal: AbortSignal): Promise<void> {
  const known = markets.get()
  if (known.phase !== 'ready') return
  const quiet = known.markets.filter(market => !current.has(marketName(market)))
  for (const { exchange: exchanges, symbol: symbols } of quiet) {
    const [trade] = await askRows<TradeRow>('trades', { exchanges, symbols, limit: 1 }, signal)
    if (trade)
      current.set(marketName(trade), {
        price: trade.price,
        time: trade.time,
        direction: 0,
        minutes: new Map(),
        day: undefined,
      })
  }
}

/** Closes of the last sixty minutes, the newest last; null where there was no trade. */
export function lastHour({ minutes, time }: Quote, atMs: number): (string | null)[] {
  const end = Math.max(atMs - MINUTE, Date.parse(time))
  const last = Math.floor(end / MINUTE) * MINUTE
  return Array.from({ length: 60 }, (_, place) => minutes.get(last - (59 - place) * MINUTE) ?? null)
}

export const quoteOf = (quotes: Quotes, market: MarketRow): Quote | undefined => quotes.get(marketName(market))
