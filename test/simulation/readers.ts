/** Readers that look in between: whatever moment they choose, they must see whole commits of files that are there. */

import { messageOf } from '../../domain/errors.ts'
import type { Write } from '../../domain/ports.ts'
import { candleTable, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { pointerKey } from '../../iceberg/catalog.ts'
import { readTable } from './tables.ts'
import type { World } from './world.ts'

/** Readers that hold an old snapshot still find its files for so long. */
const READER_MS = 3_600_000

export interface Readers {
  /** Reads the tables whose pointers a transaction moved. */
  look(writes: readonly Write[]): Promise<void>
  /** Told of deleted objects. */
  mourn(keys: readonly string[]): void
  /** What they saw that they must not see. */
  readonly problems: readonly string[]
}

export function createReaders(world: World, tables: readonly TableDefinition[]): Readers {
  const problems: string[] = []
  const byPointer = new Map(tables.map(table => [pointerKey(table.name).partition, table]))
  // By table, the files of the snapshots that were current within the last hour: somebody may still be reading them.
  const held = new Map<string, { readonly files: ReadonlySet<string>; until: number }[]>()
  const candles = new Set(TIMEFRAMES.map(timeframe => candleTable(timeframe).name))

  async function look(writes: readonly Write[]): Promise<void> {
    try {
      await lookAt(writes)
    } catch (error) {
      problems.push(`law 5: a reader meets ${messageOf(error)}`)
    }
  }

  async function lookAt(writes: readonly Write[]): Promise<void> {
    const moved = writes.flatMap(write => {
      if (write.kind !== 'put' || write.item.key.table !== 'catalog') return []
      return byPointer.get(write.item.key.partition) ?? []
    })
    for (const table of moved) {
      const { problems: found, files } = await readTable(world, table)
      for (const problem of found) problems.push(`law 5: a reader finds that ${problem}`)
      const now = world.scheduler.now()
      const snapshots = (held.get(table.name) ?? []).filter(({ until }) => until > now)
      const last = snapshots.at(-1)
      if (last) last.until = now + READER_MS
      held.set(table.name, [...snapshots, { files: new Set(files), until: Number.POSITIVE_INFINITY }])
    }
    if (moved.some(table => candles.has(table.name))) await compareCandles()
  }

  function mourn(keys: readonly string[]): void {
    const now = world.scheduler.now()
    for (const snapshots of held.values())
      for (const { files, until } of snapshots)
        for (const key of keys)
          if (until > now && files.has(key)) problems.push(`law 5: ${key} is deleted while a reader may hold it`)
  }

  /** All timeframes hold the same trades at any moment. */
  async function compareCandles(): Promise<void> {
    const counts = new Set<bigint>()
    for (const timeframe of TIMEFRAMES) {
      const { rows } = await readTable(world, candleTable(timeframe))
      counts.add(rows.reduce((sum, row) => sum + (row.trade_count as bigint), 0n))
    }
    if (counts.size > 1) problems.push(`law 5: a reader finds ${[...counts].join(', ')} trades in the candle tables`)
  }

  return { look, mourn, problems }
}
