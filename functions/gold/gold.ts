/**
 * Gold: pending Silver files become one snapshot of deduplicated trades, a file for each hour that they touch, sorted by
 * time; the minutes whose rows changed become pending for the candles in the same transaction.
 */
import { addCounts } from '../../domain/counts.ts'
import type { ChangedMinutes, SilverFile, SilverFiles } from '../../domain/handover.ts'
import { consumers, dataFileKey } from '../../domain/names.ts'
import { consumePending, listPending, type PendingItem, producePending } from '../../domain/pending.ts'
import type { Ports, QuerySession, Write } from '../../domain/ports.ts'
import { commit, type Plan, repeatUntil } from '../../domain/protocol.ts'
import { rangesAround } from '../../domain/ranges.ts'
import { copyToParquet, readParquet, sqlName, sqlTimestamp } from '../../domain/sql.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { DAY_MICROS, HOUR_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import { createTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { scanGold } from '../../iceberg/gold-scan.ts'
import { describeParquetFile } from '../../iceberg/parquet-footer.ts'
import { partitionPath } from '../../iceberg/partitions.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { findRepeats, SAME_TRADE_MICROS, WITHOUT_REPEATS } from './dedup.ts'

/** One commit takes at most this much: items (each a write), and rows, which bound memory and time. */
const ITEMS_PER_COMMIT = 90
const ROWS_PER_COMMIT = 2 * 122_880
/** Rows of a file: DuckDB's row group, which one thread reads and writes in order, so files are written side by side. */
const ROWS_PER_FILE = 122_880

export interface GoldResult {
  readonly commits: number
  /** Silver rows read. */
  readonly read: number
  readonly written: number
  readonly duplicates: number
  /** Hours that got rows. */
  readonly partitions: number
  /** Rows written, by exchange code. */
  readonly byExchange: Readonly<Record<string, number>>
}

type Step = Omit<GoldResult, 'commits' | 'duplicates'>

/** Commits what is pending, oldest first, until nothing is or the deadline (milliseconds since 1970) has passed. */
export async function unify(ports: Ports, deadline: number): Promise<GoldResult> {
  const steps = await repeatUntil(ports, deadline, () => commit(ports, () => plan(ports)))
  const read = steps.reduce((sum, step) => sum + step.read, 0)
  const written = steps.reduce((sum, step) => sum + step.written, 0)
  const partitions = steps.reduce((sum, step) => sum + step.partitions, 0)
  const byExchange = steps.reduce((sum, step) => addCounts(sum, step.byExchange), {})
  return { commits: steps.length, read, written, duplicates: read - written, partitions, byExchange }
}

async function plan(ports: Ports): Promise<Plan<Step | undefined>> {
  const items = bounded(await listPending<SilverFiles>(ports, consumers.gold, ITEMS_PER_COMMIT))
  if (items.length === 0) return { writes: [], result: undefined }
  const started = ports.clock.now()
  const table = await createTable(ports, GOLD_TABLE)
  const silver = items.flatMap(item => item.payload.files)
  const { files, content } = await writeGold(ports, table, silver)
  const writes: Write[] = items.map(consumePending)
  if (files.length > 0) {
    const staged = await stageSnapshot(ports, { table, add: files, operation: 'append' })
    const changed: ChangedMinutes = { minutes: content.minutes }
    writes.push(staged.write, await producePending(ports, consumers.candles, changed))
  }
  const read = silver.reduce((sum, file) => sum + file.records, 0)
  const written = files.reduce((sum, file) => sum + file.records, 0)
  const { byExchange, minutes } = content
  return { writes, result: { read, written, partitions: hoursOf(minutes).length, byExchange }, oldestFile: started }
}

/** The oldest items that fit one commit; at least one. */
function bounded(items: readonly PendingItem<SilverFiles>[]): PendingItem<SilverFiles>[] {
  let rows = 0
  return items.filter((item, i) => {
    rows += item.payload.files.reduce((sum, file) => sum + file.records, 0)
    return i === 0 || rows <= ROWS_PER_COMMIT
  })
}

async function writeGold(
  ports: Ports,
  table: LoadedTable,
  silver: readonly SilverFile[],
): Promise<{ files: DataFile[]; content: Content }> {
  const session = await ports.engine.session()
  const used = silver.map(file => file.key)
  try {
    const paths = new Map<string, string>()
    for (const key of used) paths.set(key, await ports.store.localFile(key))
    const pathsOf = (files: readonly SilverFile[]) => files.map(file => paths.get(file.key) as string)
    const batch = readParquet(pathsOf(silver))
    const before = await contentOf(session, batch)
    const windows = before.minutes.map(minute => BigInt(minute) * MINUTE_MICROS)
    const gold = await scanGold(ports, table, rangesAround(windows, MINUTE_MICROS, SAME_TRADE_MICROS))
    used.push(...gold.flatMap(rows => rows.keys))
    const repeats = await findRepeats(session, batch, gold)
    const content = repeats === 0 ? before : await contentOf(session, `${batch} WHERE ${WITHOUT_REPEATS}`)
    const files: DataFile[] = []
    for (const hour of hoursOf(content.minutes)) {
      const end = hour + HOUR_MICROS
      const some = silver.filter(file => BigInt(file.minTimestamp) < end && BigInt(file.maxTimestamp) >= hour)
      files.push(...(await writeHour(ports, session, hour, readParquet(pathsOf(some)), repeats > 0)))
    }
    return { files, content }
  } finally {
    session.close()
    await ports.store.releaseLocal(used)
  }
}

/** Writes the trades of one hour (its start, microseconds since 1970), sorted, as files that follow each other in time. */
async function writeHour(
  ports: Ports,
  session: QuerySession,
  hour: bigint,
  batch: string,
  hasRepeats: boolean,
): Promise<DataFile[]> {
  const day = Number(hour / DAY_MICROS)
  const hourOfDay = Number((hour / HOUR_MICROS) % 24n)
  const columns = GOLD_TABLE.columns.map(({ name }) =>
    name === 'exchange_hour' ? `${hourOfDay} AS exchange_hour` : sqlName(name),
  )
  const conditions = [
    `"timestamp" >= ${sqlTimestamp(hour)}`,
    `"timestamp" < ${sqlTimestamp(hour + HOUR_MICROS)}`,
    ...(hasRepeats ? [WITHOUT_REPEATS] : []),
  ]
  // Sorted into a table first: a COPY that has to keep an order writes lists and maps several times slower. The table is
  // not a temporary one, so that copies of its parts may run in sessions of their own.
  const sorted = sqlName(`sorted_${ports.ids.uuid()}`)
  const select = `SELECT ${columns.join(', ')} FROM ${batch} WHERE ${conditions.join(' AND ')} ORDER BY "timestamp", trade_id`
  try {
    await session.run(`CREATE TABLE ${sorted} AS ${select}`)
    const [{ trades }] = await session.run(`SELECT count(*) AS trades FROM ${sorted}`)
    const starts = Array.from({ length: Math.ceil(Number(trades) / ROWS_PER_FILE) }, (_, i) => i * ROWS_PER_FILE)
    const parts = starts.map(
      from => `SELECT * FROM ${sorted} WHERE rowid >= ${from} AND rowid < ${from + ROWS_PER_FILE}`,
    )
    const partition = { exchange_date: day, exchange_hour: hourOfDay }
    return await Promise.all(parts.map(part => writeFile(ports, partition, part)))
  } finally {
    await session.run(`DROP TABLE IF EXISTS ${sorted}`)
  }
}

async function writeFile(ports: Ports, partition: DataFile['partition'], select: string): Promise<DataFile> {
  const uuid = ports.ids.uuid()
  const path = ports.scratch.path(`${uuid}.parquet`)
  try {
    await ports.engine.run([copyToParquet(GOLD_TABLE, select, path)])
    const key = dataFileKey(GOLD_TABLE.name, partitionPath(GOLD_TABLE, partition), uuid)
    const description = await describeParquetFile(GOLD_TABLE, path)
    await ports.store.putFile(key, path)
    return { key, partition, ...description }
  } finally {
    ports.scratch.remove(path)
  }
}

interface Content {
  /** Minutes since 1970 that have rows, ascending. */
  readonly minutes: number[]
  readonly byExchange: Record<string, number>
}

async function contentOf(session: QuerySession, rows: string): Promise<Content> {
  const found = await session.run(
    `SELECT exchange, epoch_us("timestamp") // ${MINUTE_MICROS} AS minute, count(*) AS trades FROM ${rows} GROUP BY ALL`,
  )
  const byExchange: Record<string, number> = {}
  for (const { exchange, trades } of found)
    byExchange[String(exchange)] = (byExchange[String(exchange)] ?? 0) + Number(trades)
  const minutes = [...new Set(found.map(row => Number(row.minute)))].sort((a, b) => a - b)
  return { minutes, byExchange }
}

function hoursOf(minutes: readonly number[]): bigint[] {
  return [...new Set(minutes.map(minute => Math.floor(minute / 60)))].map(hour => BigInt(hour) * HOUR_MICROS)
}
