/**
 * The rows that the laws compare, as temporary tables of narrow columns: each Parquet file is read once. Tables larger
 * than memory spill to disk, so an audit's memory is bounded by the engine's limit.
 *
 *   files        number, path, key, venue (the exchange's number), first (in the
 *                first reading), due (must have arrived downstream), later (in the later reading)
 *   record_rows  file, exchange (the number after theirs: the feeds' gap reports), epoch, part, off, ingested, own (of
 *                the stream's topic); bronze_rows are those of exchanges
 *   silver_rows  file, exchange, epoch, part, off, ingested, id, micros, print (a hash of the trade's fields), and a hash each
 *                of the fields that Gold got later
 *   dlq_rows     file, exchange, epoch, part, off, found
 *   gold_rows    file, exchange, id, micros, print, those hashes, dated (date and hour are the time's)
 * Times are microseconds since 1970; an exchange that is not one of the lake's has the number -1.
 */
import { messageOf } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { QuerySession } from '../../domain/ports.ts'
import type { Progress } from '../../domain/progress.ts'
import { sqlText, tableRows } from '../../domain/sql.ts'
import { DLQ_TABLE, FEED_GAPS_TABLE, GOLD_TABLE, silverTable, type TableDefinition } from '../../domain/tables.ts'
import { printsOf } from './prints.ts'
import { listedKeys, type Readings, type TableReading } from './readings.ts'

const FILES_PER_QUERY = 1_000

interface NamedFile {
  readonly key: string
  readonly path: string
  readonly exchange: number
  readonly first: boolean
  readonly due: boolean
  readonly later: boolean
}

/** Every exchange's table has the same columns. */
const PRINTS = printsOf(GOLD_TABLE, silverTable(EXCHANGES[0]))
const LINEAGE = 'topic_epoch AS epoch, kafka_partition AS part, kafka_offset AS off'
const IDENTITY = `try_cast(message_id AS UUID) AS id, epoch_us("timestamp") AS micros, ${PRINTS.select}`
const DATED = `exchange_date = "timestamp"::DATE AND exchange_hour = hour("timestamp")`

/** The condition under which a row of `gold_rows` (`g`) has the fields of one of `silver_rows` (`s`). */
export const SAME_FIELDS = PRINTS.same

/**
 * Fills the tables from the files that are whole (`paths`, local paths by key); gives why files cannot be read after
 * all, by key.
 */
export async function loadRows(
  session: QuerySession,
  readings: Readings,
  paths: ReadonlyMap<string, string>,
  progress: Progress,
): Promise<Map<string, string>> {
  progress.begin('Reading the rows', 'file', paths.size)
  const unreadable = new Map<string, string>()
  for (const [name, columns] of Object.entries(TABLES)) await session.run(`CREATE TEMP TABLE ${name} (${columns})`)
  const load = loader(session, paths, unreadable, progress)
  const codes = readings.exchanges.map(({ exchange }, i) => `WHEN ${sqlText(exchange.code)} THEN ${i}`).join(' ')
  const number = `CASE exchange ${codes} ELSE -1 END::TINYINT`
  const loadRecords = (table: TableDefinition, topic: string, files: Omit<NamedFile, 'path'>[]) =>
    load(
      'record_rows',
      table,
      `files.venue AS exchange, topic_epoch AS epoch, "partition" AS part, "offset" AS off, epoch_us(ingestion_timestamp) AS ingested,
        topic = ${sqlText(topic)} AS own`,
      files,
    )
  const gaps = readings.exchanges.length
  await session.run(`CREATE TEMP VIEW bronze_rows AS SELECT * FROM record_rows WHERE exchange < ${gaps}`)
  await loadRecords(FEED_GAPS_TABLE, readings.gaps.topic, named(gaps, readings.gaps.bronze))
  for (const [i, reading] of readings.exchanges.entries()) {
    const { bronze, laterBronze, forSilver, silver, laterSilver, topic } = reading
    await loadRecords(bronze.definition, topic, named(i, bronze, laterBronze, forSilver))
    await load(
      'silver_rows',
      silver.definition,
      `files.venue AS exchange, ${LINEAGE}, epoch_us(bronze_ingestion_timestamp) AS ingested, ${IDENTITY}`,
      named(i, silver, laterSilver, readings.forGold),
    )
  }
  await load(
    'dlq_rows',
    DLQ_TABLE,
    `${number} AS exchange, ${LINEAGE}, epoch_us(error_timestamp) AS found`,
    named(-1, readings.dlq),
  )
  await load('gold_rows', GOLD_TABLE, `${number} AS exchange, ${IDENTITY}, ${DATED} AS dated`, named(-1, readings.gold))
  return unreadable
}

function named(exchange: number, first: TableReading, later = first, waiting: ReadonlySet<string> = new Set()) {
  const more = listedKeys(later).filter(key => !first.files.has(key))
  return [...listedKeys(first), ...more].map(key => {
    const inFirst = first.files.has(key)
    return { key, exchange, first: inFirst, due: inFirst && !waiting.has(key), later: later.files.has(key) }
  })
}

/** Fills tables, a file at a time where some cannot be read; those are left out and noted in `unreadable`. */
function loader(
  session: QuerySession,
  paths: ReadonlyMap<string, string>,
  unreadable: Map<string, string>,
  progress: Progress,
) {
  let next = 0
  const insert = async (
    table: string,
    source: TableDefinition,
    columns: string,
    files: readonly NamedFile[],
  ): Promise<void> => {
    // A file that is listed twice is joined twice.
    const paths = [...new Set(files.map(file => file.path))]
    try {
      await session.run(`INSERT INTO ${table} SELECT files.number AS file, ${columns}
        FROM ${tableRows(source, paths, ['filename'])} AS r JOIN files
          ON files.path = r.filename`)
    } catch (error) {
      if (files.length === 1) unreadable.set(files[0].key, messageOf(error))
      else for (const file of files) await insert(table, source, columns, [file])
    }
  }
  return async (
    table: string,
    source: TableDefinition,
    columns: string,
    files: readonly Omit<NamedFile, 'path'>[],
  ): Promise<void> => {
    const readable = files.flatMap(file => {
      const path = paths.get(file.key)
      return path === undefined ? [] : [{ ...file, path }]
    })
    for (const some of piecesOf(readable, FILES_PER_QUERY)) {
      const values = some.map(
        ({ path, key, exchange, first, due, later }) =>
          `(${next++}, ${sqlText(path)}, ${sqlText(key)}, ${exchange}, ${first}, ${due}, ${later})`,
      )
      await session.run(`INSERT INTO files VALUES ${values.join(', ')}`)
      await insert(table, source, columns, some)
      progress.add(some.length)
    }
  }
}

const KEY = 'file INTEGER, exchange TINYINT, epoch INTEGER, part INTEGER, off BIGINT'
const TRADE_KEY = `id UUID, micros BIGINT, ${PRINTS.columns}`
const TABLES: Readonly<Record<string, string>> = {
  files: 'number INTEGER, path VARCHAR, "key" VARCHAR, venue TINYINT, first BOOLEAN, due BOOLEAN, later BOOLEAN',
  record_rows: `${KEY}, ingested BIGINT, own BOOLEAN`,
  silver_rows: `${KEY}, ingested BIGINT, ${TRADE_KEY}`,
  dlq_rows: `${KEY}, found BIGINT`,
  gold_rows: `file INTEGER, exchange TINYINT, ${TRADE_KEY}, dated BOOLEAN`,
}
