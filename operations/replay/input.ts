/** The files of a replay: whether they are what they should be, and their records. */
import { isUtf8 } from 'node:buffer'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { BadInput, messageOf } from '../../domain/errors.ts'
import { topicName } from '../../domain/names.ts'
import type { PlacedRecord, QuerySession, SqlRow } from '../../domain/ports.ts'
import { readParquet, sqlName, sqlText } from '../../domain/sql.ts'
import { LAST_MICROS } from '../../domain/time.ts'
import { MAX_MESSAGE_BYTES } from '../../domain/topics.ts'
import type { TargetLake } from './target.ts'

/** Bronze's columns that a record is made of, with the engine's types that they may have. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  message_key: ['VARCHAR'],
  raw_bytes: ['BLOB'],
  topic: ['VARCHAR'],
  partition: ['INTEGER', 'BIGINT'],
  offset: ['BIGINT', 'INTEGER'],
  kafka_timestamp: ['TIMESTAMP WITH TIME ZONE'],
}
/** A topic of more partitions than this is a mistake in a file. */
const MAX_PARTITIONS = 10_000
const MAX_OFFSET = 2 ** 53 - 2

export interface InputFile {
  /** As the person wrote it. */
  readonly name: string
  readonly path: string
}

/**
 * Checks that every file can be read and has the columns. @throws BadInput naming the first file that is wrong, and
 * how
 */
export async function openInput(session: QuerySession, names: readonly string[]): Promise<InputFile[]> {
  const files = names.map(inputFile)
  for (const file of files) await requireColumns(session, file)
  return files
}

/** A file that may be read as Parquet. @throws BadInput where it is none */
export function inputFile(name: string): InputFile {
  const path = resolve(name)
  const info = statSync(path, { throwIfNoEntry: false })
  if (!info) throw new BadInput(`${name} does not exist.`)
  if (!info.isFile()) throw new BadInput(`${name} is no file: name the Parquet files in it.`)
  if (/[*?[]/.test(path)) throw new BadInput(`${name} has one of * ? [ in its path: rename it.`)
  return { name, path }
}

async function requireColumns(session: QuerySession, { name, path }: InputFile): Promise<void> {
  const found = await session.run(`DESCRIBE SELECT * FROM ${readParquet([path])}`).catch(error => {
    throw new BadInput(`${name} cannot be read as Parquet: ${messageOf(error).replace(/^DuckDB: [\w ]+: /, '')}`)
  })
  const types = new Map(found.map(column => [String(column.column_name), String(column.column_type)]))
  for (const [column, allowed] of Object.entries(COLUMNS)) {
    const type = types.get(column)
    if (type === undefined) throw new BadInput(`${name} has no column ${column}: give files with the Bronze columns.`)
    if (!allowed.includes(type))
      throw new BadInput(`Column ${column} of ${name} is ${type}: it must be ${allowed.join(' or ')}.`)
  }
}

/**
 * The number of partitions that each topic of a replay needs, by name; makes the temporary table `topics` (number,
 * topic).
 */
export async function requireRecords(
  lake: TargetLake,
  session: QuerySession,
  files: readonly InputFile[],
): Promise<Map<string, number>> {
  const topics = lake.exchanges.map(exchange => topicName(exchange.name))
  await session.run('CREATE TEMP TABLE topics (number TINYINT, topic VARCHAR)')
  await session.run(`INSERT INTO topics VALUES ${topics.map((topic, i) => `(${i}, ${sqlText(topic)})`).join(', ')}`)
  for (const file of files) await requireRows(session, file, topics)
  const rows = await session.run(`SELECT topic, max("partition") AS highest FROM ${rowsOf(files)} GROUP BY topic`)
  return new Map(rows.map(({ topic, highest }) => [String(topic), Number(highest) + 1]))
}

/** The first record of a file that no topic could hold, by a reason each. */
async function requireRows(session: QuerySession, { name, path }: InputFile, topics: readonly string[]): Promise<void> {
  const micros = 'epoch_us(kafka_timestamp)'
  const reasons = [
    ['topic IS NULL', 'has no topic'],
    [`topic NOT IN (${topics.map(sqlText).join(', ')})`, 'is of a topic that this lake does not have'],
    ['"partition" IS NULL', 'has no partition'],
    [`"partition" NOT BETWEEN 0 AND ${MAX_PARTITIONS - 1}`, 'is of a partition out of range'],
    ['"offset" IS NULL', 'has no offset'],
    [`"offset" NOT BETWEEN 0 AND ${MAX_OFFSET}`, 'has an offset out of range'],
    ['kafka_timestamp IS NULL', 'has no kafka_timestamp'],
    [`NOT isfinite(kafka_timestamp)`, 'has an infinite kafka_timestamp'],
    [`${micros} < 0 OR ${micros} > ${LAST_MICROS}`, 'has a kafka_timestamp outside 1970-9999'],
    [`${micros} % 1000 <> 0`, 'has a kafka_timestamp that is no whole millisecond'],
    [
      `coalesce(octet_length(raw_bytes), 0) + coalesce(octet_length(encode(message_key)), 0) > ${MAX_MESSAGE_BYTES}`,
      `has over ${MAX_MESSAGE_BYTES} bytes`,
    ],
  ]
  const cases = reasons.map(([condition], i) => `WHEN ${condition} THEN ${i}`).join(' ')
  const query = `SELECT * FROM (SELECT topic, "partition", "offset", CASE ${cases} END AS reason
    FROM ${readParquet([path])}) WHERE reason IS NOT NULL LIMIT 1`
  const [row] = await session.run(query).catch(error => {
    throw new BadInput(`${name} is damaged: ${messageOf(error).replace(/^DuckDB: [\w ]+: /, '')}`)
  })
  if (row === undefined) return
  const reason = reasons[Number(row.reason)][1]
  throw new BadInput(`${name}: the record ${recordName(row)} ${reason}; nothing was replayed.`)
}

/** `topic-partition@offset`. */
export function recordName({ topic, partition, offset }: SqlRow): string {
  return `${topic}-${partition}@${offset}`
}

/** A table function over the files. */
export function rowsOf(files: readonly InputFile[]): string {
  return readParquet(files.map(({ path }) => path))
}

/** Records as a query, with the number of their topic and a digest of what they carry; `more` are columns of theirs. */
export function selectRecords(rows: string, columns: string, more = ''): string {
  // null and empty are not the same, nor may a key flow into a value.
  const part = (bytes: string) =>
    `CASE WHEN ${bytes} IS NULL THEN encode('-') ELSE encode(octet_length(${bytes}) || '+') || ${bytes} END`
  const renamed = `SELECT topics.number AS topic_number, message_key, raw_bytes, r."partition" AS part, r."offset" AS off,
    epoch_ms(kafka_timestamp) AS millis, md5_number(${part('encode(message_key)')} || ${part('raw_bytes')}) AS digest${more}
    FROM ${rows} AS r JOIN topics ON topics.topic = r.topic`
  return `SELECT ${columns} FROM (${renamed})`
}

/** What `placedRecord` reads. */
export const RECORD_COLUMNS = ['topic_number', 'message_key', 'raw_bytes', 'part', 'off', 'millis']
  .map(sqlName)
  .join(', ')

/** The record of a row. */
export function placedRecord(row: SqlRow): PlacedRecord {
  return {
    partition: Number(row.part),
    offset: Number(row.off),
    key: row.message_key === null ? null : keyBytes(String(row.message_key)),
    value: row.raw_bytes as Uint8Array | null,
    timestamp: Number(row.millis),
  }
}

/** Bronze writes a key that is no UTF-8 as `\x` and hexadecimal digits: such a text goes back to those bytes. */
export function keyBytes(text: string): Uint8Array {
  if (/^\\x(?:[0-9a-f]{2})+$/.test(text)) {
    const bytes = Buffer.from(text.slice(2), 'hex')
    if (!isUtf8(bytes)) return bytes
  }
  return Buffer.from(text, 'utf8')
}
