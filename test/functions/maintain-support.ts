/** Maintenance's tests: a lake whose stages have run, its upkeep, and what readers see. */
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable, candleTable, silverTable, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import type { Trade } from '../../domain/trade.ts'
import { type MaintainOptions, type MaintainResult, maintain } from '../../functions/maintain/maintain.ts'
import { foldPending } from '../../functions/ohlcv/ohlcv.ts'
import { findTable, type LoadedTable, loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { feed } from './gold-support.ts'
import { BINANCE, commitAll, type MemoryLake, unifyAll } from './support.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** The tables that maintenance's tests look at. */
export const BRONZE = bronzeTable(BINANCE)
export const SILVER = silverTable(BINANCE)
export const MINUTES = candleTable(TIMEFRAMES[0])
export const HOURS = candleTable(TIMEFRAMES.find(({ name }) => name === '1h')!)

/** Each group of trades through every stage, as a minute of its own. */
export async function runMinutes(lake: MemoryLake, minutes: readonly (readonly Trade[])[]): Promise<void> {
  for (const trades of minutes) {
    await feed(lake, trades)
    await commitAll(lake)
    await unifyAll(lake)
    await foldPending(lake.ports, Number.POSITIVE_INFINITY)
    lake.clock.advance(MINUTE_MS)
  }
}

export async function upkeep(
  lake: MemoryLake,
  options: MaintainOptions = { sweepEveryMs: 0 },
): Promise<MaintainResult> {
  const result = await maintain(lake.ports, EXCHANGES, Number.POSITIVE_INFINITY, options)
  if (result.failures.length > 0) throw new Error(JSON.stringify(result.failures))
  return result
}

/** Files of a table's current snapshot. */
export async function committedFiles(lake: MemoryLake, table: TableDefinition): Promise<DataFile[]> {
  const loaded = await findTable(lake.ports, table.name)
  return loaded ? planFiles(lake.ports, loaded) : []
}

/** The rows of a snapshot as text, in any order; read by the engine from the objects as they are. */
export async function snapshotRows(
  lake: MemoryLake,
  table: TableDefinition,
  snapshotId?: number,
  of?: LoadedTable,
): Promise<string[]> {
  const loaded = of ?? (await loadTable(lake.ports, table.name))
  const files = await planFiles(lake.ports, loaded, snapshotId === undefined ? {} : { snapshotId })
  if (files.length === 0) return []
  const keys = files.map(file => file.key)
  const paths = await Promise.all(keys.map(key => lake.ports.store.localFile(key)))
  try {
    const columns = table.columns.map(({ name }) => `"${name}"`).join(', ')
    const rows = await lake.ports.engine.run([
      `SELECT to_json(t)::VARCHAR AS row FROM (SELECT ${columns} FROM read_parquet([${paths.map(path => `'${path}'`).join(', ')}])) AS t ORDER BY 1`,
    ])
    return rows.map(({ row }) => String(row))
  } finally {
    await lake.ports.store.releaseLocal(keys)
  }
}

export async function objectKeys(lake: MemoryLake, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of lake.ports.store.list(prefix)) keys.push(key)
  return keys
}
