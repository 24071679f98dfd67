/** `tradelake dead-letters`: what Silver refused, how often and why, of any time; or the records themselves, for files. */
import { faultCounts, faultText, ONE_BUCKET } from '../figures/faults.ts'
import type { DeadLetterCount, DeadLetterRow } from '../figures/operator-rows.ts'
import { instantText, reasonWithTimes } from '../figures/times.ts'
import { type Ask, parameterOptions, printRows, queryOf, ROWS_FORMAT, withApi } from './ask.ts'
import { command, LAKE_OPTIONS } from './command.ts'
import { fittingTable, formatCount } from './format.ts'

const NAMES = ['exchanges', 'error_type', 'start', 'end'] as const
const COLUMNS = ['exchange', 'what was wrong', 'records', 'newest (UTC)', 'why']

export const deadLetters = command({
  name: 'dead-letters',
  usage:
    '[--start TIME] [--end TIME] [--exchanges NAME,…] [--error-type TYPE,…] [--format table|json|ndjson|csv|arrow|parquet] [--data DIR | --stack NAME]',
  options: {
    ...parameterOptions(...NAMES, 'limit'),
    format: {
      ...ROWS_FORMAT,
      help: 'table: counted, with the newest of each kind; json, ndjson, csv, arrow, parquet: the records',
    },
    ...LAKE_OPTIONS,
  },
  async run(values) {
    const { format } = values
    const query = queryOf(NAMES, values)
    await withApi(values, async ask => {
      if (format === 'table') return printCounts(ask, query)
      const limit = values.limit === undefined ? '' : `&limit=${encodeURIComponent(values.limit)}`
      return printRows(ask, 'dead-letters', query + limit, { format, columns: [] })
    })
    return 0
  },
})

async function printCounts(ask: Ask, query: string): Promise<void> {
  const rowsOf = async <Row>(path: string, more: Readonly<Record<string, string>>): Promise<readonly Row[]> => {
    const parameters = new URLSearchParams(query)
    for (const [name, value] of Object.entries(more)) parameters.set(name, value)
    return ((await (await ask(`${path}?${parameters}`)).json()) as { data: readonly Row[] }).data
  }
  const kinds = faultCounts(await rowsOf<DeadLetterCount>('dead-letters/counts', { bucket: ONE_BUCKET }))
  if (kinds.length === 0) {
    console.log(query.includes('start=') ? 'Nothing was refused in this time.' : 'Nothing was refused in the last day.')
    return
  }
  const rows: string[][] = []
  for (const { exchange, error_type, count } of kinds) {
    const [newest] = await rowsOf<DeadLetterRow>('dead-letters', { exchanges: exchange, error_type, limit: '1' })
    const time = newest ? instantText(Date.parse(newest.time)) : ''
    const why = newest ? reasonWithTimes(newest.error_reason) : faultText(error_type)
    rows.push([exchange, error_type, formatCount(count), time, why])
  }
  console.log(fittingTable(COLUMNS, rows, [], process.stdout.columns || Number.POSITIVE_INFINITY))
}
