/** Every market's last price, hour and day: read once, then followed live; a connection that breaks comes back by itself. */
import { waitFor } from '../../api/live/waits.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Timers } from '../../domain/feed-ports.ts'
import { type Connection, retryAfter } from '../../figures/connection.ts'
import { HOUR, MINUTE, type Quote, quoteOfTrade, withHour, withMinute } from '../../figures/quotes.ts'
import { Refused } from '../../figures/requests.ts'
import { type CandleRow, type MarketRow, type Message, marketName, type TradeRow } from '../../figures/rows.ts'
import { type AskApi, askFor, askRows, linesOf } from './requests.ts'

export interface Prices {
  readonly markets: readonly MarketRow[] | undefined
  readonly quotes: ReadonlyMap<string, Quote>
  readonly connection: Connection
}

/** The server says something every 15 seconds. */
const SILENT_MS = 40_000
const DAY_HOURS = 24
const STREAM = { channels: 'candles', timeframe: '1m', format: 'ndjson' } as const

/** Follows until the signal aborts; calls `changed` with what is known now. Never rejects. */
export async function followPrices(
  ask: AskApi,
  timers: Timers,
  changed: (prices: Prices) => void,
  signal: AbortSignal,
): Promise<void> {
  const quotes = new Map<string, Quote>()
  let markets: readonly MarketRow[] | undefined
  let connection: Connection = { kind: 'connecting' }
  let cursor: string | undefined
  let isLoaded = false
  let failures = 0
  let brokenMs: number | undefined
  const tell = () => changed({ markets, quotes, connection })

  function take(row: CandleRow, fold = withMinute): void {
    const name = marketName(row)
    const quote = fold(quotes.get(name), row, timers.now())
    if (quote) quotes.set(name, quote)
  }

  async function load(over: AbortSignal): Promise<void> {
    const since = (ms: number) => ({
      ...{ start: new Date(Math.floor((timers.now() - ms) / MINUTE) * MINUTE).toISOString(), limit: 10_000 },
    })
    markets = await askRows<MarketRow>(ask, 'symbols', {}, over)
    tell()
    const hours = await askRows<CandleRow>(ask, 'candles', { timeframe: '1h', ...since(DAY_HOURS * HOUR) }, over)
    for (const row of hours) take(row, withHour)
    tell()
    const minutes = await askRows<CandleRow>(ask, 'candles', { timeframe: '1m', ...since(HOUR) }, over)
    for (const row of minutes) take(row)
    tell()
    // Who was not traded in the last day has a last price all the same.
    for (const market of markets.filter(each => !quotes.has(marketName(each)))) {
      const { exchange: exchanges, symbol: symbols } = market
      const answer = await askFor(ask, 'trades', { exchanges, symbols, limit: 1 }, over)
      const { data } = (await answer.json()) as { readonly data: readonly TradeRow[] }
      if (data.length > 0) quotes.set(marketName(data[0]), quoteOfTrade(data[0]))
    }
  }

  /** A market that has begun meanwhile. */
  async function meet(row: CandleRow, over: AbortSignal): Promise<void> {
    if (markets?.some(market => marketName(market) === marketName(row))) return
    markets = await askRows<MarketRow>(ask, 'symbols', {}, over)
  }

  /** One connection, until it ends. @throws Error that says why */
  async function connect(): Promise<void> {
    const silence = new AbortController()
    const over = AbortSignal.any([signal, silence.signal])
    let watch = timers.after(SILENT_MS, () => silence.abort(new Error('The server has fallen silent.')))
    try {
      const answer = await askFor(ask, 'stream', { ...STREAM, cursor }, over)
      for await (const line of linesOf(answer, over)) {
        watch()
        watch = timers.after(SILENT_MS, () => silence.abort(new Error('The server has fallen silent.')))
        const message = line as Message
        if (message.type === 'error')
          throw new Refused(
            message.data.status ?? 500,
            message.data.detail ?? message.data.title ?? 'The server ended the connection.',
          )
        cursor = message.cursor
        if (connection.kind !== 'live') {
          connection = { kind: 'live', sinceMs: timers.now(), restored: brokenMs !== undefined }
          failures = 0
          brokenMs = undefined
        }
        if (!isLoaded) await load(over)
        isLoaded = true
        if (message.type === 'candle' || message.type === 'correction') {
          take(message.data)
          await meet(message.data, over)
        }
        tell()
      }
      throw new Error('The server ended the connection.')
    } finally {
      watch()
    }
  }

  while (!signal.aborted) {
    try {
      await connect()
    } catch (error) {
      if (signal.aborted) return
      const status = error instanceof Refused ? error.status : undefined
      // What has come since cannot be told any more: it is loaded anew.
      if (status === 410) [cursor, isLoaded] = [undefined, false]
      brokenMs ??= timers.now()
      const wait = retryAfter(++failures)
      connection =
        status === 401 || status === 403
          ? { kind: 'locked' }
          : { kind: 'broken', sinceMs: brokenMs, reason: messageOf(error), nextMs: timers.now() + wait }
      tell()
      await waitFor(timers, wait, signal)
    }
  }
}
