/** Readers that look in between: whatever moment they choose, they must see whole commits of files that are there. */

import type { Write } from '../../domain/ports.ts'
import { candleTable, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { pointerKey } from '../../iceberg/catalog.ts'
import { readTable } from './tables.ts'
import type { World } from './world.ts'

export interface Readers {
  /** Reads the tables whose pointers a transaction moved. */
  look(writes: readonly Write[]): Promise<void>
  /** What they saw that they must not see. */
  readonly problems: readonly string[]
}

export function createReaders(world: World, tables: readonly TableDefinition[]): Readers {
  const problems: string[] = []
  const byPointer = new Map(tables.map(table => [pointerKey(table.name).partition, table]))
  const candles = new Set(TIMEFRAMES.map(timeframe => candleTable(timeframe).name))

  async function look(writes: readonly Write[]): Promise<void> {
    const moved = writes.flatMap(write => {
      if (write.kind !== 'put' || write.item.key.table !== 'catalog') return []
      return byPointer.get(write.item.key.partition) ?? []
    })
    for (const table of moved)
      for (const problem of (await readTable(world, table)).problems)
        problems.push(`law 5: a reader finds that ${problem}`)
    if (moved.some(table => candles.has(table.name))) await compareCandles()
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

  return { look, problems }
}
