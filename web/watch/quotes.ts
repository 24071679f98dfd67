/** Each market's last price, hour and day: read once, and live from then on, for all who show them. */
import { useEffect } from 'preact/hooks'
import { HOUR, MINUTE, type Quote, quoteOfTrade, withHour, withMinute } from '../../figures/quotes.ts'
import { type CandleRow, type MarketRow, marketName, type TradeRow } from '../../figures/rows.ts'
import { loadMarkets, markets } from '../api/markets.ts'
import { askAllRows, askRows } from '../api/requests.ts'
import { openStream } from '../api/stream.ts'
import { frames, now } from '../browser.ts'
import { createStore, useStore } from '../store.ts'

export type Quotes = ReadonlyMap<string, Quote>

const quotes = createStore<Quotes>(new Map())
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

/** Follows the prices whatever is shown: a market that begins is noticed, and the page knows whether it is live. */
export function QuoteKeeper() {
  useQuotes()
  return null
}

export const quoteOf = (all: Quotes, market: MarketRow): Quote | undefined => all.get(marketName(market))

function follow(): () => void {
  const current = new Map<string, Quote>(quotes.get())
  const over = new AbortController()
  const drawn = frames(() => quotes.set(new Map(current)))
  let waiting: CandleRow[] | undefined
  let asked = new Set<string>()

  function take(row: CandleRow, fold = withMinute): void {
    const name = marketName(row)
    const quote = fold(current.get(name), row, now())
    if (!quote) return
    current.set(name, quote)
    drawn.ask()
    // A market that has begun since the page was opened.
    if (isKnown(name) || asked.has(name)) return
    asked = new Set([...asked, name])
    void loadMarkets()
  }

  async function load(): Promise<void> {
    waiting = []
    const { signal } = over
    const since = (ms: number) => ({
      ...{ start: new Date(Math.floor((now() - ms) / MINUTE) * MINUTE).toISOString(), limit: 10_000 },
    })
    try {
      const [hours, minutes] = await Promise.all([
        askAllRows<CandleRow>('candles', { timeframe: '1h', ...since(24 * HOUR) }, signal),
        askAllRows<CandleRow>('candles', { timeframe: '1m', ...since(HOUR) }, signal),
      ])
      for (const row of hours) take(row, withHour)
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

function isKnown(name: string): boolean {
  const known = markets.get()
  return known.phase !== 'ready' || known.markets.some(market => marketName(market) === name)
}

/** Markets without a trade in the last day have a last price all the same. */
async function loadQuiet(current: Map<string, Quote>, signal: AbortSignal): Promise<void> {
  const known = markets.get()
  if (known.phase !== 'ready') return
  for (const market of known.markets.filter(each => !current.has(marketName(each)))) {
    const { exchange: exchanges, symbol: symbols } = market
    const [trade] = await askRows<TradeRow>('trades', { exchanges, symbols, limit: 1 }, signal)
    if (trade) current.set(marketName(trade), quoteOfTrade(trade))
  }
}
