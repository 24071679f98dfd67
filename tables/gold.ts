/** Where Gold's rows of a range of time are: the files and row groups that may hold them. */
import type { RowGroup } from 'hyparquet'
import type { Ports } from '../domain/ports.ts'
import type { TimeRange } from '../domain/ranges.ts'
import { DAY_MICROS, HOUR_MICROS } from '../domain/time.ts'
import type { LoadedTable } from '../iceberg/catalog.ts'
import { type ColumnRanges, planFiles } from '../iceberg/scan.ts'
import type { DataFile } from '../iceberg/types.ts'

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

/** Whether a row group's bounds leave room for the range; hyparquet gives them as dates, cut to the millisecond. */
export function mayHold(group: RowGroup, { from, to }: TimeRange): boolean {
  const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === 'timestamp')
  const { min_value: min, max_value: max } = chunk?.meta_data?.statistics ?? {}
  if (!(min instanceof Date && max instanceof Date)) return true
  return BigInt(min.getTime()) * 1000n <= to && BigInt(max.getTime() + 1) * 1000n > from
}
