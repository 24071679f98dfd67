/** Readers that look in between: whatever moment they choose, they must see whole commits of files that are there. */
import { messageOf } from '../../domain/errors.ts'
import type { Write } from '../../domain/ports.ts'
import { candleTable, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { type LoadedTable, loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { readTable } from './tables.ts'
import { truePorts, type World } from './world.ts'

/** How long readers that hold an old snapshot still find its files. */
const READER_MS = 3_600_000

export interface Readers {
  /** Reads the tables whose pointers a transaction moved. */
  look(writes: readonly Write[]): Promise<void>
  /** Takes note of deleted objects. */
  mourn(keys: readonly string[]): Promise<void>
  /** What they saw that they must not see. */
  readonly problems: readonly string[]
}

export function createReaders(world: World, tables: readonly TableDefinition[], areMinutesAhead: boolean): Readers {
  const problems: string[] = []
  const byPointer = new Map(tables.map(table => [pointerKey(table.name).partition, table]))
  // By table, what readers may have opened within the last hour: it and each snapshot that it holds must stay readable.
  const held = new Map<string, { readonly table: LoadedTable; until: number }[]>()
  const candles = new Set(TIMEFRAMES.map(timeframe => candleTable(timeframe).name))

  /** An error that a reader meets does not stop the stages. */
  async function asReader(read: () => Promise<void>): Promise<void> {
    try {
      await read()
    } catch (error) {
      problems.push(`law 5: a reader meets ${messageOf(error)}`)
    }
  }

  async function look(writes: readonly Write[]): Promise<void> {
    const moved = writes.flatMap(write => {
      if (write.kind !== 'put' || write.item.key.table !== 'catalog') return []
      return byPointer.get(write.item.key.partition) ?? []
    })
    for (const table of moved) {
      for (const problem of (await readTable(world, table)).problems)
        problems.push(`law 5: a reader finds that ${problem}`)
      const now = world.scheduler.now()
      const opened = (held.get(table.name) ?? []).filter(({ until }) => until > now)
      const last = opened.at(-1)
      if (last) last.until = now + READER_MS
      const loaded = await loadTable(truePorts(world), table.name)
      held.set(table.name, [...opened, { table: loaded, until: Number.POSITIVE_INFINITY }])
    }
    if (moved.some(table => candles.has(table.name))) await compareCandles()
  }

  async function mourn(keys: readonly string[]): Promise<void> {
    const now = world.scheduler.now()
    const ports = truePorts(world)
    for (const { table, until } of [...held.values()].flat()) {
      if (until <= now) continue
      for (const { 'snapshot-id': snapshotId } of table.metadata.snapshots) {
        const files = new Set((await planFiles(ports, table, { snapshotId })).map(file => file.key))
        for (const key of keys)
          if (files.has(key)) problems.push(`law 5: ${key} is deleted while a reader may hold snapshot ${snapshotId}`)
      }
    }
  }

  /** All timeframes hold the same trades at any moment; but minutes that a new item started are ahead of the others. */
  async function compareCandles(): Promise<void> {
    const counts: bigint[] = []
    for (const timeframe of TIMEFRAMES) {
      const { rows } = await readTable(world, candleTable(timeframe))
      counts.push(rows.reduce((sum, row) => sum + (row.trade_count as bigint), 0n))
    }
    const [minutes, ...longer] = counts
    const isOne = new Set(longer).size === 1 && (areMinutesAhead ? minutes >= longer[0] : minutes === longer[0])
    if (!isOne) problems.push(`law 5: a reader finds ${counts.join(', ')} trades in the candle tables`)
  }

  return { look: writes => asReader(() => look(writes)), mourn: keys => asReader(() => mourn(keys)), problems }
}
