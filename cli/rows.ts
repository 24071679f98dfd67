/** `tradelake candles`, `trades` and `coverage`: what the routes of these names answer, for people and for files. */
import type { ParameterName } from '../api/market/parameter-list.ts'
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
    options: { ...parameterOptions(...names), format: ROWS_FORMAT, ...LAKE_OPTIONS },
    async run(values) {
      await withApi(values, ask => printRows(ask, name, queryOf(names, values), { format: values.format, columns }))
      return 0
    },
  })
}

export const candles = rowsCommand(
  'candles',
  '[--symbols BTCUSDT] [--timeframe 1h] [--start TIME] [--end TIME]',
  CANDLES,
  ['start', 'exchange', 'symbol', 'open', 'high', 'low', 'close', 'volume', 'vwap', 'trades', 'status'],
)
export const trades = rowsCommand('trades', '[--symbols BTCUSDT] [--start TIME] [--end TIME]', TRADES, [
  'time',
  'exchange',
  'symbol',
  'price',
  'quantity',
  'side',
  'id',
])
export const coverage = rowsCommand(
  'coverage',
  '[--symbols BTCUSDT] [--bucket 1h] [--start TIME] [--end TIME]',
  COVERAGE,
  ['start', 'exchange', 'symbol', 'trades', 'numbered', 'missing', 'filled', 'absent', 'lost', 'complete', 'status'],
)
