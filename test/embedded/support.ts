/** Lakes in temporary folders, filled by the seeded market, and a hand that changes what they hold. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXCHANGES, type Exchange } from '../../domain/exchanges.ts'
import { dataFileKey, topicName } from '../../domain/names.ts'
import { copyToParquet, readParquet } from '../../domain/sql.ts'
import { allTables } from '../../domain/tables.ts'
import { drain } from '../../embedded/drain.ts'
import { wireFunctions } from '../../embedded/functions.ts'
import { type Lake, openLake } from '../../embedded/lake.ts'
import { createTotals } from '../../embedded/totals.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { describeParquetFile } from '../../iceberg/parquet/footer.ts'
import { partitionPath } from '../../iceberg/partitions.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { createMarket } from '../records/market.ts'
import { SILENT } from '../silent-log.ts'

export interface TestLake extends Lake {
  /** Closes it and removes its folder. */
  remove(): void
}

export async function newLake(exchanges: readonly Exchange[] = EXCHANGES): Promise<TestLake> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
  const lake = await openLake(join(folder, 'lake'), { exchanges })
  return {
    ...lake,
    remove() {
      lake.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** At the start of a minute: what falls into one window of a candle does not depend on when the tests run. */
const startMicros = BigInt(Math.floor((Date.now() - 600_000) / 60_000) * 60_000) * 1000n

/** Publishes ticks (fifths of a second) of a market that began some ten minutes ago; trade ids of two markets never meet. */
export async function publishMarket(
  lake: Lake,
  options: {
    readonly market: number
    readonly from: number
    readonly to: number
    readonly rate?: number
    readonly shift?: bigint
  },
): Promise<void> {
  const { market: number, from, to, rate = 300, shift = 0n } = options
  for (const exchange of lake.exchanges) {
    const market = createMarket({
      seed: 3,
      startMicros: startMicros + shift,
      ratePerSecond: rate,
      exchange,
      partitions: exchange.partitions,
      market: number,
    })
    for (let k = from; k < to; k++) await lake.topics.append(topicName(exchange.name), market.tick(k))
  }
}

/** A lake of some seconds of a market three hours ago, in files of three commits each. */
export async function fragmentedLake(exchanges: readonly Exchange[] = EXCHANGES): Promise<TestLake> {
  const lake = await newLake(exchanges)
  const hour = 3_600_000_000n
  // Half past, so that all of it is in one hour.
  const begin = (startMicros / hour - 3n) * hour + hour / 2n
  for (let from = 0; from < 90; from += 30) {
    await publishMarket(lake, { market: 0, from, to: from + 30, shift: begin - startMicros })
    await drainLake(lake)
  }
  return lake
}

export async function drainLake(lake: Lake): Promise<void> {
  await drain(lake, wireFunctions(lake, SILENT), createTotals(lake.exchanges))
}

/** How a rewritten file differs from what was there. */
export interface Rewriting {
  /** A query of all columns of `rows`, which stands for the file's rows. */
  readonly select?: (rows: string) => string
  /** What the manifest says. */
  readonly describe?: (file: DataFile) => DataFile
}

/** Puts another file in the place of a table's largest one, in a snapshot as good as any; gives what undoes it. */
export async function rewriteFile(lake: Lake, tableName: string, rewriting: Rewriting): Promise<() => Promise<void>> {
  const { ports } = lake
  const definition = allTables(lake.exchanges).find(table => table.name === tableName)
  if (!definition) throw new Error(`there is no table ${tableName}`)
  const files = await planFiles(ports, await loadTable(ports, tableName))
  const old = files.reduce((most, file) => (file.records > most.records ? file : most))
  const uuid = ports.ids.uuid()
  const path = ports.scratch.path(`${uuid}.parquet`)
  const rows = readParquet([await ports.store.localFile(old.key)])
  const { select = (all: string) => `SELECT * FROM ${all}`, describe = (file: DataFile) => file } = rewriting
  await ports.engine.run([copyToParquet(definition, select(rows), path)])
  const key = dataFileKey(tableName, partitionPath(definition, old.partition), uuid)
  const description = await describeParquetFile(definition, path)
  await ports.store.putFile(key, path)
  const replace = async (remove: string, add: DataFile) => {
    const table = await loadTable(ports, tableName)
    const staged = await stageSnapshot(ports, { table, add: [add], remove: new Set([remove]), operation: 'overwrite' })
    await ports.state.transact([staged.write], ports.ids.uuid())
  }
  await replace(old.key, describe({ key, partition: old.partition, ...description }))
  return () => replace(key, old)
}

/** These columns of a table's rows, in their order. */
export async function rowsOf(lake: Lake, table: string, columns: string): Promise<unknown[]> {
  const files = await planFiles(lake.ports, await loadTable(lake.ports, table))
  if (files.length === 0) return []
  const paths = await Promise.all(files.map(file => lake.ports.store.localFile(file.key)))
  return lake.ports.engine.run([`SELECT ${columns} FROM ${readParquet(paths)} ORDER BY ALL`])
}

/** The local path of a table's largest file. */
export async function largestFile(lake: Lake, tableName: string): Promise<string> {
  const files = await planFiles(lake.ports, await loadTable(lake.ports, tableName))
  return lake.ports.store.localFile(files.reduce((most, file) => (file.records > most.records ? file : most)).key)
}
