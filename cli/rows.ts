/** `tradelake candles`, `trades` and `coverage`: what the routes of these names answer, for people and for files. */
import type { ParameterName } from '../api/market/parameter-list.ts'
import { BadInput } from '../domain/errors.ts'
import { parameterOptions, printRows, queryOf, ROWS_FORMAT, withApi } from './ask.ts'
import { type Command, command, LAKE_OPTIONS } from './command.ts'

const CANDLES = [
  ...([
    'symbols',
    'exchanges',
    'timeframe',
    'start',
    'end',
    'fill',
    'include_open',
    'as_of',
    'limit',
    'numbers',
  ] as const),
] as const
const TRADES = ['symbols', 'exchanges', 'start', 'end', 'as_of', 'fresh', 'limit', 'numbers'] as const
const COVERAGE = ['symbols', 'exchanges', 'bucket', 'start', 'end', 'as_of'] as const

/** The query of the options; words are symbols. @throws BadInput where symbols are given in both ways */
function askedOf(names: readonly ParameterName[], values: Readonly<Record<string, unknown>>, words: readonly string[]) {
  if (words.length === 0) return queryOf(names, values)
  if (values.symbols !== undefined) throw new BadInput('Give symbols as words or with --symbols, not both.')
  return queryOf(names, { ...values, symbols: words.join() })
}

/** `columns`: those of a table on a terminal, which has not room for all. */
function rowsCommand(
  name: string,
  usage: string,
  names: readonly ParameterName[],
  columns: readonly string[],
): Command {
  return command({
    name,
    usage: `${usage} [--format table|json|ndjson|csv|arrow|parquet] [--data DIR | --stack NAME]`,
    takesWords: true,
    options: { ...parameterOptions(...names), format: ROWS_FORMAT, ...LAKE_OPTIONS },
    async run(values, words) {
      const query = askedOf(names, values, words)
      await withApi(values, ask => printRows(ask, name, query, { format: values.format, columns }))
      return 0
    },
  })
}

const CANDLE_COLUMNS = [
  ...['start', 'exchange', 'symbol', 'open', 'high', 'low', 'close', 'volume', 'taker_buy_volume', 'vwap'],
  ...['trades', 'status'],
]

export const candles = command({
  name: 'candles',
  usage:
    '[BTCUSDT …] [--timeframe 1h] [--start TIME] [--end TIME] [--plot | --format table|json|ndjson|csv|arrow|parquet|svg|png] [--data DIR | --stack NAME]',
  takesWords: true,
  options: {
    ...parameterOptions(...CANDLES),
    plot: { type: 'boolean', help: 'draw them in the terminal' },
    format: { ...ROWS_FORMAT, help: 'table, json, ndjson, csv, arrow, parquet; svg or png: a picture of one market' },
    ...LAKE_OPTIONS,
  },
  async run(values, words) {
    const { format } = values
    const query = askedOf(CANDLES, values, words)
    if (values.plot && format !== 'table') throw new BadInput(`Give --plot or --format ${format}, not both.`)
    const kind = values.plot ? 'text' : format === 'svg' || format === 'png' ? format : undefined
    await withApi(values, async ask => {
      if (kind === undefined)
        return printRows(ask, 'candles', query, { format, columns: CANDLE_COLUMNS, spare: ['taker_buy_volume'] })
      const { printPlot } = await import('./plot/plot.ts')
      return printPlot(ask, query, kind)
    })
    return 0
  },
})
export const trades = rowsCommand('trades', '[BTCUSDT …] [--start TIME] [--end TIME]', TRADES, [
  'time',
  'exchange',
  'symbol',
  'price',
  'quantity',
  'side',
  'id',
])
export const coverage = rowsCommand('coverage', '[BTCUSDT …] [--bucket 1h] [--start TIME] [--end TIME]', COVERAGE, [
  'start',
  'exchange',
  'symbol',
  'trades',
  'numbered',
  'missing',
  'refused',
  'filled',
  'absent',
  'lost',
  'complete',
  'status',
])
