/** What the calculation uses besides prices: measured figures, and assumptions. */
import type { ExchangeName } from '../../domain/exchanges.ts'

/** `npm run bench`, one million messages on x86-64, the most of eight runs: CPU seconds for a million records. */
export const CPU_SECONDS_PER_MILLION = { bronze: 2.3, silver: 3.8, gold: 2.3, candles: 0.4 } as const

/**
 * Bytes. `record`: in Kafka, compressed, with key and framing (`npm run bench -- batch-bytes`): trades that were recorded from the exchanges,
 * eleven a batch; simulated ones take 54 to 98. Rows: `npm start -- --for 65s --rate 138`, Binance's tables and Gold
 * before anything was joined.
 */
export const BYTES = { record: 105, bronzeRow: 58, silverRow: 53, goldRow: 51 } as const

/** The same run: shares of the exchanges, which add up to 1. */
export const SHARES: Readonly<Record<ExchangeName, number>> = { binance: 0.8, kraken: 0.12, coinbase: 0.08 }

/** What a stage asks of S3 and DynamoDB in a minute. */
export interface Requests {
  readonly runs: number
  /** PUT and LIST; GET and HEAD. */
  readonly puts: number
  readonly gets: number
  readonly writeUnits: number
  readonly readUnits: number
}

/** In the order of `Requests`. */
const asked = (runs: number, puts: number, gets: number, writeUnits: number, readUnits: number): Requests => {
  return { runs, puts, gets, writeUnits, readUnits }
}

/** The seconds of `freshness` that requests were counted for. */
export const COUNTED = [5, 10, 30, 60] as const
export type Freshness = (typeof COUNTED)[number]

export type Asking =
  | 'bronze'
  | 'silver'
  | 'gold'
  | 'candles of a minute'
  | 'candles of all'
  | 'commit'
  | 'sweep'
  | 'maintain'

/** `npm run bench -- requests`: half an hour of 138 trades a second, counted call by call; a minute of it. */
export const REQUESTS: Readonly<Record<Freshness, Readonly<Record<Asking, Requests>>>> = {
  5: {
    bronze: asked(180.0, 180.0, 0.0, 1080.0, 360.0),
    silver: asked(180.0, 211.2, 180.0, 1142.3, 360.0),
    gold: asked(21.0, 87.1, 203.9, 524.1, 205.8),
    'candles of a minute': asked(20.0, 111.2, 100.6, 120.1, 260.0),
    commit: asked(1.0, 21.2, 1.5, 796.8, 112.6),
    sweep: asked(1.0, 0.0, 0.0, 0.0, 23.0),
    'candles of all': asked(1.0, 26.0, 4.8, 50.3, 23.7),
    maintain: asked(0.1, 15.8, 351.3, 2.6, 81.8),
  },
  10: {
    bronze: asked(90.0, 90.0, 0.0, 540.0, 180.0),
    silver: asked(90.0, 115.6, 90.0, 591.1, 180.0),
    gold: asked(9.6, 42.9, 102.6, 255.6, 95.0),
    'candles of a minute': asked(8.6, 50.1, 51.0, 50.7, 110.9),
    commit: asked(1.0, 21.2, 0.0, 425.6, 72.9),
    sweep: asked(1.0, 0.0, 0.0, 0.0, 23.0),
    'candles of all': asked(1.0, 33.0, 10.7, 30.7, 23.7),
    maintain: asked(0.1, 10.7, 138.4, 1.8, 75.8),
  },
  30: {
    bronze: asked(30.0, 30.0, 0.0, 180.0, 60.0),
    silver: asked(30.0, 45.6, 30.0, 211.2, 60.0),
    gold: asked(3.6, 17.6, 36.3, 88.0, 35.3),
    'candles of a minute': asked(2.6, 15.6, 21.7, 14.5, 32.5),
    commit: asked(1.0, 21.2, 0.0, 165.7, 46.0),
    sweep: asked(1.0, 0.0, 0.0, 0.0, 23.0),
    'candles of all': asked(1.0, 33.1, 12.8, 19.0, 23.7),
    maintain: asked(0.1, 4.5, 14.3, 1.3, 72.3),
  },
  60: {
    bronze: asked(15.0, 15.0, 0.0, 90.0, 30.0),
    silver: asked(15.0, 25.3, 15.0, 110.5, 30.0),
    gold: asked(2.3, 10.9, 19.8, 47.3, 22.3),
    'candles of a minute': asked(1.3, 6.7, 10.3, 6.3, 15.3),
    commit: asked(1.0, 21.2, 0.0, 95.0, 38.5),
    sweep: asked(1.0, 0.0, 0.0, 0.0, 23.0),
    'candles of all': asked(1.0, 33.2, 13.3, 16.4, 23.7),
    maintain: asked(0.1, 6.3, 14.1, 1.3, 72.3),
  },
}

/** Bytes of a record in an event, which pollers send to Lambda through an endpoint: its value in base64, its place and its names. */
export const ENDPOINT_BYTES = 389

/** Assumed, not measured on AWS: seconds an invocation waits for S3, DynamoDB and Glue. */
export const ASSUMED_WAIT_SECONDS = {
  bronze: 0.1,
  silver: 0.15,
  commit: 1.5,
  gold: 0.6,
  ohlcv: 1,
  sweep: 0.5,
  maintain: 20,
} as const

/** Assumed, not measured on AWS: bytes an invocation logs, Lambda's own report included. */
export const ASSUMED_LOG_BYTES = 1_500
