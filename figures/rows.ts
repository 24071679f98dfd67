/** What the API answers with, as docs/api.md describes it. Decimals and times are text. */

export type Status = 'open' | 'closed' | 'gap'

/** A row of `/v1/candles`; without trades its values are null. */
export interface CandleRow {
  readonly exchange: string
  readonly symbol: string
  readonly start: string
  readonly end: string
  readonly open: string | null
  readonly high: string | null
  readonly low: string | null
  readonly close: string | null
  readonly volume: string | null
  readonly quote_volume: string | null
  readonly taker_buy_volume: string | null
  readonly vwap: string | null
  readonly trades: number | null
  readonly first_trade: string | null
  readonly last_trade: string | null
  readonly status: Status
}

/** A row of `/v1/trades`. */
export interface TradeRow {
  readonly exchange: string
  readonly symbol: string
  readonly id: string
  readonly time: string
  readonly price: string
  readonly quantity: string
  readonly side: 'BUY' | 'SELL' | null
}

/** A row of `/v1/vwap`. */
export interface AverageRow {
  readonly exchange: string
  readonly symbol: string
  readonly price: string | null
}

/** A row of `/v1/corrections`. */
export interface CorrectionRow {
  readonly exchange: string
  readonly symbol: string
  readonly start: string
  readonly end: string
  readonly updated: string
  readonly closed_by: 'trade' | 'silence'
}

/** A row of `/v1/symbols`. */
export interface MarketRow {
  readonly exchange: string
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly first_trade: string
  readonly last_trade: string
}

/** A row of `/v1/coverage`. */
export interface CoverageRow {
  readonly exchange: string
  readonly symbol: string
  readonly start: string
  readonly end: string
  readonly trades: number
  readonly first_number: number | null
  readonly last_number: number | null
  readonly numbered: number | null
  readonly missing: number | null
  readonly refused: number
  readonly filled: number
  readonly absent: number
  readonly lost: number
  readonly unreadable: number
  readonly open: number
  readonly complete: string | null
  readonly status: Status
}

/** `/v1/stats`. Times are ISO text, ages and lags seconds. */
export interface StatsAnswer {
  readonly time: string
  readonly exchanges: readonly {
    readonly exchange: string
    readonly markets: number
    readonly last_trade: string
    readonly age_seconds: number
  }[]
  readonly stages: readonly { readonly stage: string; readonly waiting: number; readonly lag_seconds: number }[]
  readonly tables: readonly {
    readonly table: string
    readonly committed: string
    readonly rows: number
    readonly bytes: number | null
  }[]
  readonly dead_letters: readonly { readonly exchange: string; readonly error_type: string; readonly count: number }[]
  readonly feeds: {
    readonly open: number
    readonly lost: number
    readonly unreadable: number
    readonly markets: readonly {
      readonly exchange: string
      readonly symbol: string | null
      readonly status: 'open' | 'lost' | 'unreadable'
      readonly trades: number
      readonly from: string
      readonly to: string
    }[]
  }
  readonly candle_check: {
    readonly start: string
    readonly end: string
    readonly trades: number
    readonly candles: number
    readonly differing: number
    readonly holds: boolean
    readonly examples: readonly { readonly exchange: string; readonly symbol: string; readonly start: string }[]
  }
}

/** `/v1/stats?parts=…`: an answer that may lack what costs more. */
export type StatsParts = Pick<StatsAnswer, 'time' | 'exchanges' | 'stages' | 'tables'> & Partial<StatsAnswer>

export interface PinRow {
  readonly name: string
  readonly time: string
}

/** What `/v1/stream` sends. */
export type Message =
  | { readonly type: 'trade'; readonly data: TradeRow; readonly cursor: string }
  | { readonly type: 'candle' | 'correction'; readonly data: CandleRow; readonly cursor: string }
  | { readonly type: 'heartbeat'; readonly data: unknown; readonly cursor: string }
  | { readonly type: 'error'; readonly data: ProblemBody }

/** RFC 9457. */
export interface ProblemBody {
  readonly status?: number
  readonly title?: string
  readonly detail?: string
  readonly parameter?: string
}

/** A market's name in the page, and in its address: `BINANCE:BTCUSDT`. */
export const marketName = ({ exchange, symbol }: { readonly exchange: string; readonly symbol: string }): string =>
  `${exchange}:${symbol}`
