/** The parameters of all routes: one meaning for each name, in words and as JSON Schema. */
import { WINDOW_NAMES } from '../../domain/windows.ts'
import { FORMATS } from './formats.ts'

interface Parameter {
  readonly description: string
  /** JSON Schema 2020-12. */
  readonly schema: Readonly<Record<string, unknown>>
}

const text = { type: 'string' }
const oneOf = (...values: readonly string[]) => ({ type: 'string', enum: values })
const TIME =
  'ISO 8601, UTC where it names no zone; or a number since 1970, of milliseconds with up to 14 digits, else of microseconds.'

export const PARAMETERS = {
  symbols: {
    description:
      'Names with commas between them, as the tables have them, with their exchange where only its market is meant; small letters do too. All by default.',
    schema: { ...text, examples: ['BTCUSDT,ETHUSDT', 'BINANCE:BTCUSDT,KRAKEN:BTCUSD'] },
  },
  exchanges: {
    description: 'Exchanges with commas between them. All by default.',
    schema: { ...text, examples: ['BINANCE,KRAKEN'] },
  },
  timeframe: {
    description: `One or more, with commas between them: ${WINDOW_NAMES}.`,
    schema: { ...text, default: '1m', examples: ['5m', '1h,1d'] },
  },
  start: {
    description: `From this time on. ${TIME}`,
    schema: { ...text, examples: ['2026-11-20T10:00:00Z'] },
  },
  end: {
    description: `Before this time. ${TIME}`,
    schema: { ...text, examples: ['2026-11-20T11:00:00Z'] },
  },
  fill: {
    description:
      'Windows without trades: left out, given without values, or with the last price before them and volumes of 0.',
    schema: { ...oneOf('none', 'previous', 'null'), default: 'none' },
  },
  include_open: {
    description: 'Whether windows that are not closed are given too.',
    schema: { type: 'boolean', default: true },
  },
  as_of: {
    description:
      "An earlier state: a pin's name, a snapshot's number, or a time, of which the newest snapshot that is kept and not later counts.",
    schema: { ...text, examples: ['backtest-7', '2026-11-20T12:00:00Z'] },
  },
  fresh: {
    description:
      "Whether trades are given too that are in Silver's files and not in Gold's yet: seconds earlier, and without pages.",
    schema: { type: 'boolean', default: false },
  },
  limit: {
    description:
      'Rows of a page. Without start also how many windows back it begins. `all`, with start, and in the formats arrow, ndjson and csv: no pages.',
    schema: { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'all' }], default: 500 },
  },
  cursor: {
    description: '`next` of the page before, with the same other parameters.',
    schema: text,
  },
  format: {
    description: 'The header Accept does too.',
    schema: { ...oneOf(...FORMATS), default: 'json' },
  },
  numbers: {
    description: "Decimals as text, exactly, or as JSON's numbers, which most programs round to 53 bits.",
    schema: { ...oneOf('decimal', 'float'), default: 'decimal' },
  },
  method: {
    description:
      'trades: each price counts for as long as it was the last one. 1m: the average of the last prices of whole minutes, for long ranges.',
    schema: { ...oneOf('trades', '1m'), default: 'trades' },
  },
  base: { description: 'The asset that is priced.', schema: { ...text, examples: ['BTC'] } },
  quotes: {
    description: 'Assets that it is priced in, with commas between them; they are compared as if they were one.',
    schema: { ...text, examples: ['USD,USDT'] },
  },
  bucket: {
    description: `Length of the time that is counted together: ${WINDOW_NAMES}.`,
    schema: { ...text, default: '1h' },
  },
  error_type: {
    description: 'What was wrong, with commas between the names. Anything by default.',
    schema: { ...text, examples: ['price_validation'] },
  },
  table: { description: 'A table of the lake.', schema: { ...text, examples: ['gold_crypto_trades'] } },
  tables: {
    description: 'Tables with commas between them.',
    schema: { ...text, examples: ['gold_crypto_trades'] },
  },
  channels: {
    description: 'trades, candles, or both with a comma between them; trades where no timeframe is given.',
    schema: { ...oneOf('trades', 'candles', 'trades,candles'), default: 'trades' },
  },
  parts: {
    description:
      'What is wanted of it, with commas between: exchanges, stages, tables, dead_letters, feeds, candle_check. All by default; what is left out costs nothing.',
    schema: { ...text, examples: ['tables,stages'] },
  },
  speed: {
    description: 'Recorded seconds in a second: any number above 0; or max, as fast as the messages are taken.',
    schema: { ...text, default: '1', examples: ['10', '0.5', 'max'] },
  },
  query: {
    description:
      'A statement of DuckDB that only reads: SELECT, WITH, FROM, PIVOT, DESCRIBE, SUMMARIZE, EXPLAIN and the like.',
    schema: { ...text, maxLength: 10_000, examples: ['SELECT symbol, count(*) FROM gold_crypto_trades GROUP BY ALL'] },
  },
  wait: {
    description:
      'Answers once, as JSON, with what has come since the cursor; waits so many seconds for something to come.',
    schema: { type: 'integer', minimum: 1, maximum: 20 },
  },
} as const satisfies Readonly<Record<string, Parameter>>

export type ParameterName = keyof typeof PARAMETERS
