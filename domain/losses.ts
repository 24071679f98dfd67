/** Rows that nothing can bring back: a repair records them, an audit says so, and candles made before are kept. */
import { statePartition } from './names.ts'
import type { StateStore, Write } from './ports.ts'
import { EVER, type TimeRange } from './ranges.ts'
import { GOLD_TABLE } from './tables.ts'

/** A row of the table `data_losses`; times in microseconds since 1970. */
export interface Loss {
  readonly id: string
  readonly table: string
  /** Empty where it is not known. */
  readonly partition: string
  /** Key of the file, or of the manifest that named files. */
  readonly file: string
  readonly rows: number
  /** Times of the rows by the table's `upkeep.timeColumn`; undefined where they are not known. */
  readonly range: TimeRange | undefined
  readonly reason: string
  readonly foundAt: bigint
  readonly acceptedAt: bigint | undefined
  /** Rows of the partition, or of the table where that is not known, before the loss; undefined once the repair has ended. */
  readonly rowsBefore: number | undefined
}

/** The times of which a table lost rows. */
export function lostTimes(losses: readonly Loss[], table: string): TimeRange[] {
  return losses.filter(loss => loss.table === table && loss.rows > 0).map(({ range }) => range ?? EVER)
}

/** Whether one of the times has a moment in common with a window. */
export function touchesLoss(times: readonly TimeRange[], start: bigint, length: bigint): boolean {
  return times.some(({ from, to }) => from < start + length && to >= start)
}

/** The times of which Gold lost trades, for the stage that folds candles. */
export async function goldLostTimes(state: StateStore): Promise<TimeRange[]> {
  const items = await state.query('state', statePartition.lostTimes)
  return items.map(({ attributes }) => ({ from: BigInt(String(attributes.from)), to: BigInt(String(attributes.to)) }))
}

/** The write that tells that stage of a loss, or that there is none after all; undefined for another table's. */
export function noteLostTime({ id, table, rows, range = EVER }: Loss): Write | undefined {
  if (table !== GOLD_TABLE.name) return undefined
  const key = { table: 'state', partition: statePartition.lostTimes, sort: id } as const
  if (rows === 0) return { kind: 'remove', key }
  return { kind: 'put', item: { key, attributes: { from: String(range.from), to: String(range.to) } } }
}
