/** What the calculation uses besides prices: measured figures, and assumptions. */
import type { ExchangeName } from '../../domain/exchanges.ts'

/** `npm run bench`, one million messages on x86-64, the most of eight runs: CPU seconds for a million records. */
export const CPU_SECONDS_PER_MILLION = { bronze: 2.3, silver: 3.8, gold: 2.3, candles: 0.4 } as const

/**
 * Bytes. `record`: a Kafka record's value in the benchmark. Rows: `npm start -- --for 65s --rate 138`, Binance's tables and Gold
 * before anything was joined.
 */
export const BYTES = { record: 163, bronzeRow: 58, silverRow: 53, goldRow: 51 } as const

/**
 * The same run: shares of the exchanges, which add up to 1, and partitions with records in one batch.
 */
export const SHARES: Readonly<Record<ExchangeName, number>> = { binance: 0.8, kraken: 0.12, coinbase: 0.08 }
export const ACTIVE_PARTITIONS = 8

/** Assumed, not measured on AWS: key, headers and framing of a Kafka record, bytes. */
export const ASSUMED_RECORD_OVERHEAD = 70

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
