/** Which rows a lake may drop, by its settings and the world's clock alone. */
import type { Write } from '../../domain/ports.ts'
import { type RetentionSettings, withRetention } from '../../domain/retention.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { rowsOf } from './tables.ts'
import { truePorts, type World } from './world.ts'

/** Whether retention may have taken a row of this age (microseconds since 1970) out of a table. */
export type MayBeGone = (table: TableDefinition, age: unknown) => boolean

const DAY_MICROS = 86_400_000_000n
/** Clocks jump by minutes, some times. */
const AHEAD_MICROS = 3_600_000_000n

/** As of a moment, milliseconds since 1970. */
export function mayBeGone(settings: RetentionSettings, nowMs: number): MayBeGone {
  return (table, age) => {
    const { retentionDays } = withRetention(table, settings)
    if (retentionDays === undefined) return false
    return (age as bigint) < BigInt(nowMs) * 1000n + AHEAD_MICROS - BigInt(retentionDays) * DAY_MICROS
  }
}

/** Looks at what commits take out of tables that drop old rows. */
export interface DropWatch {
  look(writes: readonly Write[]): Promise<void>
  /** Tables that rows were dropped from. */
  readonly dropped: ReadonlySet<string>
  readonly problems: readonly string[]
}

export function watchDrops(world: World, tables: readonly TableDefinition[], settings: RetentionSettings): DropWatch {
  const problems: string[] = []
  const dropped = new Set<string>()
  const byPointer = new Map(tables.map(table => [pointerKey(table.name).partition, table]))
  const ports = truePorts(world)

  async function lookAt(table: TableDefinition): Promise<void> {
    const loaded = await loadTable(ports, table.name)
    const { snapshots } = loaded.metadata
    const [before, now] = snapshots.slice(-2)
    if (now?.summary.operation !== 'delete') return
    dropped.add(table.name)
    const left = new Set((await planFiles(ports, loaded)).map(({ key }) => key))
    const gone = mayBeGone(settings, world.scheduler.now())
    for (const { key } of await planFiles(ports, loaded, { snapshotId: before['snapshot-id'] })) {
      if (left.has(key)) continue
      const rows = await rowsOf(table, key, await ports.store.get(key))
      const young = rows.filter(row => !gone(table, row[table.upkeep.ageColumn])).length
      if (young > 0) problems.push(`law 2: ${table.name} drops ${young} rows that are younger than it keeps them`)
    }
  }

  return {
    async look(writes) {
      for (const write of writes)
        if (write.kind === 'put' && write.item.key.table === 'catalog') {
          const table = byPointer.get(write.item.key.partition)
          if (table && withRetention(table, settings).retentionDays !== undefined) await lookAt(table)
        }
    },
    dropped,
    problems,
  }
}
