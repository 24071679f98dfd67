/**
 * The candle timeframes: one entry each, ordered so that every window consists of whole windows of the entry before.
 */
import { DAY_MICROS as DAY, HOUR_MICROS as HOUR, MINUTE_MICROS as MINUTE } from './time.ts'

export interface Timeframe {
  /** Last part of the table's name. */
  readonly name: string
  /** Window length, microseconds. */
  readonly length: bigint
  /**
   * Candles whose windows start in the same span share a data file, microseconds. A commit rewrites the files of
   * the spans that it touches, so a span is at most about a hundred windows, and no longer than its
   * partition (a day, or about a month); it is a multiple of the next entry's window.
   */
  readonly span: bigint
  readonly partition: 'day' | 'month'
}

export const TIMEFRAMES: readonly Timeframe[] = [
  { name: '1m', length: MINUTE, span: HOUR, partition: 'day' },
  { name: '5m', length: 5n * MINUTE, span: 6n * HOUR, partition: 'day' },
  { name: '15m', length: 15n * MINUTE, span: DAY, partition: 'day' },
  { name: '30m', length: 30n * MINUTE, span: DAY, partition: 'day' },
  { name: '1h', length: HOUR, span: DAY, partition: 'day' },
  { name: '1d', length: DAY, span: 31n * DAY, partition: 'month' },
]
