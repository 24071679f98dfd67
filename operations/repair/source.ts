/**
 * The rows that a repair takes through Silver again: from Bronze's bytes of a time range, or from dead letters. The session's
 * table `source` holds their lineage; pieces of SQL give them with Bronze's columns, few enough at a time to decode in memory.
 */
import type { Exchange } from '../../domain/exchanges.ts'
import type { Ports, QuerySession } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import { sqlText, sqlTimestamp, tableRows } from '../../domain/sql.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { type LiveTable, mayHold } from './live.ts'

/** Identifies a row of Silver, of the DLQ and of `source`. */
export const LINEAGE = 'topic_epoch, kafka_partition, kafka_offset'
/** Rows that are decoded at a time. */
const ROWS_PER_PIECE = 100_000

export interface Source {
  readonly rows: number
  /** Queries with raw_bytes, partition, offset, kafka_timestamp, ingestion_timestamp and topic_epoch. */
  readonly pieces: readonly string[]
}

/** Which dead letters: of this error type, found in the range. */
export interface DeadLetterChoice {
  readonly errorType: string
  readonly range: TimeRange
}

const BRONZE = 'raw_bytes, "partition", "offset", kafka_timestamp, ingestion_timestamp, topic_epoch'

/** Local copies of files, to be given back with `releaseLocal`. */
export async function localPaths(
  ports: Pick<Ports, 'store'>,
  files: Iterable<Pick<DataFile, 'key'>>,
): Promise<Map<string, string>> {
  const paths = new Map<string, string>()
  for (const { key } of files) paths.set(key, await ports.store.localFile(key))
  return paths
}

/** Bronze's rows that were ingested in the range. */
export async function bronzeSource(
  ports: Ports,
  session: QuerySession,
  bronze: LiveTable,
  range: TimeRange,
): Promise<Source> {
  const files = [...bronze.files.values()].filter(file =>
    mayHold(bronze.definition, 'ingestion_timestamp', file, range),
  )
  const inRange = `ingestion_timestamp BETWEEN ${sqlTimestamp(range.from)} AND ${sqlTimestamp(range.to)}`
  await session.run(
    'CREATE OR REPLACE TEMP TABLE source (topic_epoch INTEGER, kafka_partition INTEGER, kafka_offset BIGINT)',
  )
  const paths = await localPaths(ports, files)
  const pieces: string[] = []
  for (const { key, records } of files) {
    const path = paths.get(key) as string
    await session.run(
      `INSERT INTO source SELECT topic_epoch, "partition", "offset" FROM ${tableRows(bronze.definition, [path])} WHERE ${inRange}`,
    )
    for (let from = 0; from < records; from += ROWS_PER_PIECE)
      pieces.push(`SELECT ${BRONZE} FROM ${tableRows(bronze.definition, [path], ['file_row_number'])}
        WHERE file_row_number >= ${from} AND file_row_number < ${from + ROWS_PER_PIECE} AND ${inRange}`)
  }
  return { rows: await countSource(session), pieces }
}

/**
 * Dead letters with their own bytes. Bronze has the times that validation needs; where it no longer holds the row, the
 * dead letter's time is used as that of ingestion.
 */
export async function deadLetterSource(
  ports: Ports,
  session: QuerySession,
  exchange: Exchange,
  dlq: LiveTable,
  bronze: LiveTable,
  choice: DeadLetterChoice,
): Promise<Source> {
  const { from, to } = choice.range
  const dead = tableRows(dlq.definition, [...(await localPaths(ports, dlq.files.values())).values()])
  await session.run(`CREATE OR REPLACE TEMP TABLE source AS
    SELECT ${LINEAGE}, raw_record, error_type, error_reason, error_timestamp FROM ${dead}
    WHERE exchange = ${sqlText(exchange.code)} AND error_type = ${sqlText(choice.errorType)}
      AND error_timestamp BETWEEN ${sqlTimestamp(from)} AND ${sqlTimestamp(to)}`)
  const rows = await countSource(session)
  if (rows === 0) return { rows, pieces: [] }
  const times = tableRows(bronze.definition, [...(await localPaths(ports, bronze.files.values())).values()])
  await session.run(`CREATE OR REPLACE TEMP TABLE redriven AS
    SELECT raw_record AS raw_bytes, kafka_partition AS "partition", kafka_offset AS "offset",
      coalesce(kafka_timestamp, make_timestamptz(0)) AS kafka_timestamp,
      coalesce(ingestion_timestamp, error_timestamp) AS ingestion_timestamp, topic_epoch
    FROM source LEFT JOIN (SELECT topic_epoch, "partition" AS kafka_partition, "offset" AS kafka_offset, kafka_timestamp,
      ingestion_timestamp FROM ${times}) USING (${LINEAGE})`)
  const pieces: string[] = []
  for (let at = 0; at < rows; at += ROWS_PER_PIECE)
    pieces.push(`SELECT ${BRONZE} FROM redriven WHERE rowid >= ${at} AND rowid < ${at + ROWS_PER_PIECE}`)
  return { rows, pieces }
}

async function countSource(session: QuerySession): Promise<number> {
  const [{ rows }] = await session.run('SELECT count(*) AS rows FROM source')
  return Number(rows)
}
