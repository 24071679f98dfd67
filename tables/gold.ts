/** Where Gold's rows of a range of time are: the files and row groups that may hold them. */
import type { RowGroup } from 'hyparquet'
import type { Ports } from '../domain/ports.ts'
import type { TimeRange } from '../domain/ranges.ts'
import { DAY_MICROS, HOUR_MICROS } from '../domain/time.ts'
import { cachePerStore } from '../iceberg/cache.ts'
import type { LoadedTable } from '../iceberg/catalog.ts'
import { type ByteSource, sourceOf } from '../iceberg/parquet/batch.ts'
import { checksumProblem } from '../iceberg/parquet/checksum.ts'
import { type ColumnRanges, planFiles } from '../iceberg/scan.ts'
import type { DataFile } from '../iceberg/types.ts'

export interface GoldPlan {
  /** The current snapshot where none is named. */
  readonly snapshotId?: number
  /** The code of an exchange whose rows alone are looked for. */
  readonly exchange?: string
}

/** Gold's files that may hold rows of the range. */
export async function planGold(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable,
  range: TimeRange,
  { snapshotId, exchange }: GoldPlan = {},
): Promise<DataFile[]> {
  const ofExchange =
    exchange === undefined ? [] : [{ column: 'exchange', ranges: [{ lower: exchange, upper: exchange }] }]
  return planFiles(ports, table, { snapshotId, where: [...goldRanges(range), ...ofExchange] })
}

/** A file of a few commits is fetched whole: a request for each column would take longer, and cost more. */
const WHOLE_BYTES = 8 * 1024 * 1024
const KEPT_BYTES = 24 * 1024 * 1024
const keptFiles = cachePerStore<Uint8Array>(KEPT_BYTES)
/** Larger ones are few, and would leave no room for others; of a smaller one the rest is less than what a request for each column costs. */
export const SMALL_BYTES = 512 * 1024

/** A file's bytes as they are read. @throws NotFound */
export async function openGoldFile(
  { store }: Pick<Ports, 'store'>,
  { key, bytes }: Pick<DataFile, 'key' | 'bytes'>,
  wholeBytes = WHOLE_BYTES,
): Promise<ByteSource> {
  if (bytes > wholeBytes) return { name: key, bytes, read: (start, end) => store.getRange(key, start, end) }
  return sourceOf(key, await store.get(key))
}

/** The same for Gold and the candles, which read the files of some minutes with each run until they are joined: small ones are kept. */
export async function openRecentGoldFile(
  ports: Pick<Ports, 'store'>,
  file: Pick<DataFile, 'key' | 'bytes'>,
  wholeBytes = WHOLE_BYTES,
): Promise<ByteSource> {
  const { key } = file
  if (file.bytes > Math.min(wholeBytes, SMALL_BYTES)) return openGoldFile(ports, file, wholeBytes)
  const whole = await keptFiles(ports.store).once(key, async () => {
    const value = await ports.store.get(key)
    // A damaged one is read again: somebody may have put it right.
    const isDamaged = checksumProblem((start, end) => value.subarray(start, end), value.length) !== undefined
    return { value, weight: isDamaged ? KEPT_BYTES + 1 : value.length }
  })
  return sourceOf(key, whole)
}

/** The hour of a file's rows: hours since 1970, from its partition. */
export function hourOf({ partition }: DataFile): number {
  return Number(partition.exchange_date) * 24 + Number(partition.exchange_hour)
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
