/** A lake that something happens to: made anew for each test, opened again as another process would, repaired and audited. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { FEED_GAPS_TOPIC, topicName } from '../../domain/names.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { type Lake, openLake } from '../../embedded/lake.ts'
import { createTotals } from '../../embedded/totals.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { repairLake } from '../../operations/repair/repair.ts'
import { drainLake, newLake, publishMarket } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'

export const GOLD = 'gold_crypto_trades'

export interface MendedLake {
  lake: Lake
  /** Gold of a lake that nothing ever happened to. */
  readonly good: unknown[]
  goldRows(): Promise<unknown[]>
  /** As another process finds it: nothing is in memory. */
  reopen(damage?: () => void, lostState?: boolean): Promise<void>
  repair(): Promise<string[]>
  objects(...parts: string[]): string
  violations(): Promise<unknown[]>
  /** Some records are in Bronze only, some wait for the tables and Gold, some were never delivered. */
  leaveWorkPending(): Promise<void>
  /** Gold as it must be in the end, from a lake of the same market. */
  goldOfAnotherLake(): Promise<unknown[]>
}

/** The lake of each of this file's tests: thirty ticks of a market in two commits, and one report of a feed. */
export function mendedLake(): MendedLake {
  let lake: Lake
  let good: unknown[]

  beforeEach(async () => {
    lake = await newLake()
    await publishMarket(lake, { market: 0, from: 0, to: 15 })
    await drainLake(lake)
    await publishMarket(lake, { market: 0, from: 15, to: 30 })
    await lake.topics.append(FEED_GAPS_TOPIC, [{ partition: 0, key: null, value: Buffer.from('{}'), timestamp: 0 }])
    await drainLake(lake)
    good = await goldRows()
  })
  afterEach(() => {
    lake.close()
    rmSync(join(lake.directory, '..'), { recursive: true, force: true })
  })

  async function goldRows(of = lake): Promise<unknown[]> {
    const files = await planFiles(of.ports, await loadTable(of.ports, GOLD))
    const paths = await Promise.all(files.map(async file => `'${await of.ports.store.localFile(file.key)}'`))
    if (paths.length === 0) return []
    return of.ports.engine.run([
      `SELECT * FROM read_parquet([${paths.join(', ')}], hive_partitioning = false) ORDER BY ALL`,
    ])
  }

  return {
    get lake() {
      return lake
    },
    set lake(opened) {
      lake = opened
    },
    get good() {
      return good
    },
    goldRows: () => goldRows(),
    async reopen(damage = () => {}, lostState = false) {
      lake.close()
      damage()
      lake = await openLake(lake.directory, { lostState })
    },
    repair: () => repairLake(lake, wireFunctions(lake, SILENT), createTotals(lake.exchanges)),
    objects: (...parts) => join(lake.directory, 'objects', 'market_data', ...parts),
    violations: async () => (await auditLake(lake)).laws.flatMap(law => law.violations),
    async leaveWorkPending() {
      await publishMarket(lake, { market: 0, from: 30, to: 40 })
      const functions = wireFunctions(lake, SILENT)
      for (const exchange of ['binance', 'kraken'])
        for (let turn = 0; turn < 2; turn++) {
          const batch = await lake.topics.poll(topicName(exchange), 30)
          if (!batch) continue
          await functions.bronze.get(exchange)?.(batch.event, invocation(lake.ports))
          await lake.topics.acknowledge(batch)
          const messages = functions.queues.get(exchange)?.receive(10) ?? []
          if (turn === 0) await functions.silver.get(exchange)?.({ Records: messages }, invocation(lake.ports))
        }
    },
    async goldOfAnotherLake() {
      const other = await newLake()
      try {
        await publishMarket(other, { market: 0, from: 0, to: 40 })
        await drainLake(other)
        return await goldRows(other)
      } finally {
        other.remove()
      }
    },
  }
}
