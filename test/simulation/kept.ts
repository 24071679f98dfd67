/** Which rows a lake may have dropped by the end of a run, from its settings and the clock alone. */
import { type RetentionSettings, withRetention } from '../../domain/retention.ts'
import type { TableDefinition } from '../../domain/tables.ts'

/** Whether retention may have taken a row of this age (microseconds since 1970) out of a table. */
export type MayBeGone = (table: TableDefinition, age: unknown) => boolean

const DAY_MICROS = 86_400_000_000n
/** Clocks jump by minutes, some times. */
const AHEAD_MICROS = 3_600_000_000n

/** `nowMs`: the end of the run. A row of the tables' own retention is measured by it where the settings say nothing. */
export function mayBeGone(settings: RetentionSettings, nowMs: number): MayBeGone {
  return (table, age) => {
    const { retentionDays } = withRetention(table, settings)
    if (retentionDays === undefined) return false
    return (age as bigint) < BigInt(nowMs) * 1000n + AHEAD_MICROS - BigInt(retentionDays) * DAY_MICROS
  }
}
