/** Gold's rows of given ranges of time, for a query engine: only the files that may hold them. */
import type { Ports } from '../domain/ports.ts'
import type { TimeRange } from '../domain/ranges.ts'
import { sqlTimestamp, tableRows } from '../domain/sql.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { DAY_MICROS, HOUR_MICROS } from '../domain/time.ts'
import type { LoadedTable } from '../iceberg/catalog.ts'
import { type ColumnRanges, planFiles } from '../iceberg/scan.ts'
import type { DataFile } from '../iceberg/types.ts'

/** Rows of a range as SQL that stands after FROM; `columns` are quoted names. */
export interface GoldRows {
  readonly select: (columns: string) => string
  /** Store keys of the local copies, to be given back with `releaseLocal`. */
  readonly keys: readonly string[]
}

/** One entry for each range that any file may hold rows of. */
export async function scanGold(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable,
  ranges: readonly TimeRange[],
): Promise<GoldRows[]> {
  const found: GoldRows[] = []
  for (const range of ranges) {
    const keys = (await planGold(ports, table, range)).map(file => file.key)
    if (keys.length === 0) continue
    const paths = await Promise.all(keys.map(key => ports.store.localFile(key)))
    const rows = tableRows(GOLD_TABLE, paths)
    const condition = `"timestamp" BETWEEN ${sqlTimestamp(range.from)} AND ${sqlTimestamp(range.to)}`
    found.push({ keys, select: columns => `SELECT ${columns} FROM ${rows} WHERE ${condition}` })
  }
  return found
}

/** Gold's files that may hold rows of the range. */
export async function planGold(ports: Pick<Ports, 'store'>, table: LoadedTable, range: TimeRange): Promise<DataFile[]> {
  return planFiles(ports, table, { where: goldRanges(range) })
}

/** Conditions on Gold's partitions and bounds. */
function goldRanges({ from, to }: TimeRange): ColumnRanges[] {
  const day = (micros: bigint) => Number(micros / DAY_MICROS)
  const hour = (micros: bigint) => Number((micros / HOUR_MICROS) % 24n)
  const ranges: ColumnRanges[] = [
    { column: 'timestamp', ranges: [{ lower: from, upper: to }] },
    { column: 'exchange_date', ranges: [{ lower: day(from), upper: day(to) }] },
  ]
  if (day(from) === day(to)) ranges.push({ column: 'exchange_hour', ranges: [{ lower: hour(from), upper: hour(to) }] })
  return ranges
}
