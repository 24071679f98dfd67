/** A lake as a terminal sees it, with figures that are written here by hand. */
import type { Seen } from '../../../cli/terminal/seen.ts'
import type { Quote } from '../../../figures/quotes.ts'
import type { MarketRow } from '../../../figures/rows.ts'

export const NOW = Date.UTC(2026, 10, 20, 12, 0, 30)
const MINUTE = 60_000
const iso = (ms: number) => new Date(ms).toISOString()

export function marketRow(exchange: string, base: string, quote: string): MarketRow {
  const [first_trade, last_trade] = [iso(NOW - 86_400_000), iso(NOW)]
  return { exchange, symbol: base + quote, base, quote, first_trade, last_trade }
}

interface Told {
  readonly ageMs?: number
  /** The price a day before. */
  readonly before?: string
  /** Closes of the last minutes, up to this one. */
  readonly closes?: readonly string[]
}

export function quoteOf(price: string, direction: number, { ageMs = 2_000, before, closes = [] }: Told = {}): Quote {
  const start = Math.floor(NOW / MINUTE) * MINUTE
  const hour = NOW - 86_400_000 - (NOW % 3_600_000)
  return {
    ...{ price, direction, time: iso(NOW - ageMs) },
    turnover: { hours: new Map(), minutes: new Map() },
    minutes: new Map(closes.map((close, at) => [start - (closes.length - 1 - at) * MINUTE, close])),
    hours: new Map(before === undefined ? [] : [[hour, { price: before, ms: hour + 1 }]]),
  }
}

/** An hour in which the price has risen by one each minute. */
const RISING = Array.from({ length: 60 }, (_, at) => `${86_373 + at}.${at === 0 ? '05' : '1'}`)

const table = (name: string, rows: number, bytes: number | null = 1_500_000) => ({
  ...{ table: name, rows, bytes, committed: iso(NOW - 3_000) },
})

const tables = (scale: number) => [
  table('bronze_binance_trades', 1_000 * scale),
  table('bronze_kraken_trades', 100 * scale),
  table('silver_binance_trades', 990 * scale),
  table('silver_dlq_trades', 10 * scale),
  table('gold_crypto_trades', 980 * scale),
  table('gold_ohlcv_1m', 24),
]

const exchange = (name: string, markets: number, age: number) => ({
  ...{ exchange: name, markets, last_trade: iso(NOW - age * 1000), age_seconds: age },
})

const OUTAGE = { exchange: 'BINANCE', status: 'checked' }
const feed = (exchange: string, ends: Readonly<Record<string, number>>) => ({
  ...{ exchange, ready: true, waiting_records: 0, spill_bytes: 0, missing_trades: 0, problems: [] },
  connections: [{ url: null, live: true, markets: 2, age_seconds: 60, silent_seconds: 1, ends, last_end: null }],
})

export const MARKETS = [
  marketRow('BINANCE', 'BTC', 'USDT'),
  marketRow('BINANCE', 'SHIB', 'USDT'),
  marketRow('KRAKEN', 'BTC', 'USD'),
  marketRow('KRAKEN', 'NEW', 'USD'),
]

/** At 11:59:55 there were half as many rows: 550 messages in 5 s are 110 a second. */
export const SEEN: Seen = {
  ...{ place: './lake', nowMs: NOW, statsMs: NOW, quietMs: 15_000, hasLog: true, notes: [], hint: '' },
  connection: { kind: 'live', sinceMs: NOW - 60_000, restored: false },
  stats: {
    time: iso(NOW),
    exchanges: [exchange('BINANCE', 2, 2), exchange('KRAKEN', 2, 300)],
    stages: [
      { stage: 'silver_binance', waiting: 3, lag_seconds: 1.5 },
      { stage: 'gold_binance', waiting: 2, lag_seconds: 150 },
    ],
    tables: tables(1),
    dead_letters: [
      { exchange: 'BINANCE', error_type: 'price_validation', count: 30 },
      { exchange: 'KRAKEN', error_type: 'timestamp_validation', count: 10 },
    ],
    feeds: {
      ...{ open: 5, lost: 0, unreadable: 1 },
      markets: [
        {
          ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', status: 'unreadable', trades: 1 },
          ...{ from: iso(NOW - 90_000), to: iso(NOW - 60_000) },
        },
      ],
    },
  },
  before: { time: iso(NOW - 5_000), exchanges: [], stages: [], tables: tables(0.5) },
  markets: MARKETS,
  quotes: new Map([
    ['BINANCE:BTCUSDT', quoteOf('86432.1', 1, { before: '80000', closes: RISING })],
    ['BINANCE:SHIBUSDT', quoteOf('0.00000821', -1, { ageMs: 180_000, before: '0.0000084' })],
    ['KRAKEN:BTCUSD', quoteOf('12345678901234567890.12345678', 0, { ageMs: 7_000 })],
  ]),
  ends: {
    feeds: [feed('BINANCE', { stale: 2, rotation: 1 }), feed('BINANCE', { stale: 1 }), feed('KRAKEN', {})],
    outages: [
      { ...OUTAGE, from: iso(NOW - 600_000), to: iso(NOW - 570_000), cause: 'stale: nothing for 30 s' },
      { ...OUTAGE, from: iso(NOW - 90_000), to: iso(NOW - 80_000), cause: 'broken: ECONNRESET' },
    ],
  },
  coverage: [
    ...[23, 2, 1, 0].map(hours => ({
      ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', start: iso(Date.UTC(2026, 10, 20, 12) - hours * 3_600_000) },
      ...{
        trades: 100,
        numbered: 110,
        missing: hours === 1 ? 10 : hours === 2 ? 3 : 0,
        refused: hours === 2 ? 3 : 0,
        filled: hours === 23 ? 4 : 0,
        absent: 0,
      },
      ...{
        lost: hours === 1 ? 10 : 0,
        unreadable: 0,
        open: 0,
        status: hours === 0 ? ('open' as const) : hours === 1 ? ('gap' as const) : ('closed' as const),
      },
    })),
  ],
  warnings: [
    { time: iso(NOW - 1_000), level: 'ERROR', message: 'a feed is silent', details: 'exchange=kraken' },
    { time: iso(NOW - 7_200_000), level: 'WARN', message: 'a feed lost its connection', details: 'exchange=binance' },
  ],
  candles: undefined,
  figures: undefined,
  kept: undefined,
  corrections: undefined,
  refused: undefined,
  letters: undefined,
  log: [
    { time: iso(NOW - 1_000), level: 'ERROR', message: 'a feed is silent', details: 'exchange=kraken' },
    { time: iso(NOW - 2_000), level: 'INFO', message: 'gold', details: 'commits=1' },
  ],
}

/** Nothing is amiss, and prices are of usual length. */
export const WELL: Seen = {
  ...SEEN,
  stats: {
    ...(SEEN.stats as NonNullable<Seen['stats']>),
    stages: [],
    exchanges: [exchange('BINANCE', 2, 2)],
    feeds: { open: 0, lost: 0, unreadable: 0, markets: [] },
  },
  markets: MARKETS.slice(0, 2),
}

/** So many markets, each with a price. */
export function manyMarkets(count: number): Seen {
  const markets = Array.from({ length: count }, (_, at) =>
    marketRow('BINANCE', `C${String(at).padStart(3, '0')}`, 'USDT'),
  )
  return {
    ...WELL,
    markets,
    quotes: new Map(markets.map(({ exchange, symbol }, at) => [`${exchange}:${symbol}`, quoteOf(`${at + 1}.5`, 1)])),
  }
}
