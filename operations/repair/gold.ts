/**
 * Corrects Gold from Silver: rows that match no Silver row are removed, missing trades are added, all other rows and
 * their files stay as they are. Where a trade has repeats, Gold keeps the one it has, as long as Silver still has it.
 */
import { readFileSync } from 'node:fs'
import { sumOf } from '../../domain/counts.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { Ports, QuerySession } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import { sqlName, sqlText, sqlTimestamp, tableRows } from '../../domain/sql.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { writeTrades } from '../../functions/gold/trades.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { copyDataFile } from '../../iceberg/data-file.ts'
import { sourceOf } from '../../iceberg/parquet/batch.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { planGold } from '../../tables/gold.ts'
import type { StoredGold } from '../../tables/gold-repeats.ts'
import { type LiveTable, mayHold } from './live.ts'
import { localPaths } from './source.ts'

/** The columns that Gold has from Silver. */
export const TRADE_COLUMNS = GOLD_TABLE.columns
  .filter(({ from }) => from === 'silver')
  .map(({ name }) => sqlName(name))
  .join(', ')
/** Identifies a row of Gold: two rows with the same id are over a second apart. */
const KEY = 'message_id, "timestamp"'
/** Silver rows that are deduplicated at a time. */
const ROWS_PER_PIECE = 200_000

export interface GoldChange {
  readonly remove: ReadonlySet<string>
  readonly add: readonly DataFile[]
  readonly rowsRemoved: number
  readonly rowsAdded: number
  /** Since 1970. */
  readonly minutes: readonly number[]
}

/**
 * Plans the change for the exchange's trades of these times; `silver` are the Silver files as they will be. Of the times in `keep`, a
 * trade that Silver does not know at all stays in Gold: Silver lost it.
 */
export async function setGoldRight(
  ports: Ports,
  session: QuerySession,
  exchange: Exchange,
  ranges: readonly TimeRange[],
  silver: Pick<LiveTable, 'definition'> & { readonly files: Iterable<DataFile> },
  gold: LoadedTable,
  keep: readonly TimeRange[] = [],
): Promise<GoldChange> {
  const inRanges = within(ranges)
  const silverFiles = [...silver.files].filter(file =>
    ranges.some(range => mayHold(silver.definition, 'timestamp', file, range)),
  )
  const goldFiles = new Map<string, DataFile>()
  for (const range of ranges) for (const file of await planGold(ports, gold, range)) goldFiles.set(file.key, file)
  const silverRows = tableRows(silver.definition, [...(await localPaths(ports, silverFiles)).values()])
  const goldPaths = await localPaths(ports, goldFiles.values())
  const goldRows = tableRows(GOLD_TABLE, [...goldPaths.values()])
  const mine = `exchange = ${sqlText(exchange.code)} AND (${inRanges})`
  await session.run(`CREATE OR REPLACE TEMP TABLE gone AS
    SELECT ${TRADE_COLUMNS} FROM ${goldRows} WHERE ${mine} EXCEPT SELECT ${TRADE_COLUMNS} FROM ${silverRows} WHERE ${mine}`)
  if (keep.length > 0)
    await session.run(
      `DELETE FROM gone WHERE (${within(keep)}) AND (${KEY}) NOT IN (SELECT (${KEY}) FROM ${silverRows} WHERE ${mine})`,
    )
  const { remove, kept, rows: rowsRemoved } = await withoutGone(ports, session, goldFiles, goldPaths)
  await session.run(`CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM ${silverRows} AS silver
    WHERE ${mine} AND (${KEY}) NOT IN
      (SELECT (${KEY}) FROM ${goldRows} WHERE ${mine} AND (${KEY}) NOT IN (SELECT (${KEY}) FROM gone))
    ORDER BY "timestamp"`)
  const added: DataFile[] = []
  const minutes = new Set<number>()
  const stored: StoredGold = async range => [
    ...(await planGold(ports, gold, range)).filter(({ key }) => !remove.has(key)),
    ...[...kept, ...added].filter(file => mayHold(GOLD_TABLE, 'timestamp', file, range)),
  ]
  const [{ fresh }] = await session.run('SELECT count(*) AS fresh FROM fresh')
  for (let at = 0; at < Number(fresh); at += ROWS_PER_PIECE) {
    const path = ports.scratch.path(`${ports.ids.uuid()}.parquet`)
    try {
      await session.run(`COPY (SELECT * FROM fresh WHERE rowid >= ${at} AND rowid < ${at + ROWS_PER_PIECE})
        TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`)
      const written = await writeTrades(ports, [sourceOf(path, readFileSync(path))], stored)
      added.push(...written.files)
      for (const minute of written.minutes) minutes.add(minute)
    } finally {
      ports.scratch.remove(path)
    }
  }
  for (const { minute } of await session.run(
    `SELECT DISTINCT epoch_us("timestamp") // ${MINUTE_MICROS} AS minute FROM gone`,
  ))
    minutes.add(Number(minute))
  const rowsAdded = sumOf(added, file => file.records)
  return { remove, add: [...kept, ...added], rowsRemoved, rowsAdded, minutes: [...minutes].sort((a, b) => a - b) }
}

/** The condition for a trade of one of these times. */
function within(ranges: readonly TimeRange[]): string {
  return ranges.map(({ from, to }) => `"timestamp" BETWEEN ${sqlTimestamp(from)} AND ${sqlTimestamp(to)}`).join(' OR ')
}

/** Files of Gold that hold rows which are gone, and their other rows in files of their own. */
async function withoutGone(
  ports: Ports,
  session: QuerySession,
  files: ReadonlyMap<string, DataFile>,
  paths: ReadonlyMap<string, string>,
): Promise<{ remove: Set<string>; kept: DataFile[]; rows: number }> {
  const remove = new Set<string>()
  const kept: DataFile[] = []
  let rows = 0
  const [{ gone }] = await session.run('SELECT count(*) AS gone FROM gone')
  if (Number(gone) === 0) return { remove, kept, rows }
  for (const [key, file] of files) {
    const left = `SELECT * FROM ${tableRows(GOLD_TABLE, [paths.get(key) as string])} WHERE (${KEY}) NOT IN (SELECT (${KEY}) FROM gone)`
    const [{ count }] = await session.run(`SELECT count(*) AS count FROM (${left})`)
    if (Number(count) === file.records) continue
    remove.add(key)
    rows += file.records - Number(count)
    if (Number(count) > 0) kept.push(await copyDataFile(ports, session, GOLD_TABLE, file.partition, left))
  }
  return { remove, kept, rows }
}
