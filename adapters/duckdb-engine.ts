/** DuckDB within this process, as a query engine over local files. It never uses the network. */
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBResult,
  DuckDBTimestampTZValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  type Json,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api'
import { messageOf, TradelakeError } from '../domain/errors.ts'
import type { QueryEngine, QuerySession, SqlRow, SqlValue } from '../domain/ports.ts'

export interface DuckDbOptions {
  /** Worker threads. */
  readonly threads: number
  /** As DuckDB writes it: `400MB`. */
  readonly memoryLimit: string
  /** Where it spills what does not fit; made when needed. */
  readonly tempDirectory: string
}

/** A query engine that holds memory and threads until it is closed. */
export interface DuckDbEngine extends QueryEngine {
  close(): void
}

/**
 * Starts an engine of its own. Values come as: BIGINT, UBIGINT and HUGEINT bigint; smaller integers and floats number;
 * BOOLEAN boolean; BLOB bytes; DECIMAL text with all its digits after the point; DATE `2026-11-20`; TIMESTAMP and
 * TIMESTAMPTZ ISO text with as many digits as needed (`2026-11-20 10:11:12.000001`, and `+00` after it, as time zone is UTC);
 * lists, maps and structs JSON text with decimals and large integers as strings; everything else DuckDB's text.
 * @throws TradelakeError with DuckDB's first line where a statement fails
 */
export async function duckDbEngine(options: DuckDbOptions): Promise<DuckDbEngine> {
  const instance = await translated(() =>
    DuckDBInstance.create(':memory:', {
      threads: String(options.threads),
      memory_limit: options.memoryLimit,
      temp_directory: options.tempDirectory,
      // A copy of a sorted table must come out sorted.
      preserve_insertion_order: 'true',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    }),
  )

  async function connect(): Promise<DuckDBConnection> {
    return translated(() => instance.connect())
  }

  // By default the binding writes timestamptz in the machine's zone, whatever DuckDB's own setting is.
  DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0
  const first = await connect()
  await execute(first, `SET GLOBAL TimeZone = 'UTC'`)
  first.closeSync()

  return {
    async run(statements) {
      const connection = await connect()
      try {
        let rows: SqlRow[] = []
        for (const statement of statements) rows = await execute(connection, statement)
        return rows
      } finally {
        connection.closeSync()
      }
    },
    async session(): Promise<QuerySession> {
      const connection = await connect()
      return {
        run: sql => execute(connection, sql),
        stream: sql => streamed(connection, sql),
        close: () => connection.closeSync(),
      }
    },
    close: () => instance.closeSync(),
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new TradelakeError(`DuckDB: ${messageOf(error)}`, { cause: error })
  }
}

async function execute(connection: DuckDBConnection, sql: string): Promise<SqlRow[]> {
  return translated(async () => {
    const result = await connection.run(sql)
    const read = rowReader(result)
    return (await result.fetchAllChunks()).flatMap(read)
  })
}

/** A chunk of rows at a time; the engine stays some chunks ahead. */
async function* streamed(connection: DuckDBConnection, sql: string): AsyncGenerator<SqlRow[]> {
  const result = await translated(() => connection.stream(sql))
  const read = rowReader(result)
  for (;;) {
    const chunk = await translated(() => result.fetchChunk())
    if (chunk === null || chunk.rowCount === 0) return
    yield read(chunk)
  }
}

/** Turns a result's chunks into rows. */
function rowReader(result: DuckDBResult): (chunk: DuckDBDataChunk) => SqlRow[] {
  const names = result.deduplicatedColumnNames()
  const readers = result.columnTypes().map(readerOf)
  return chunk => {
    const columns = readers.map((read, index) => {
      const vector = chunk.getColumnVector(index)
      return Array.from({ length: chunk.rowCount }, (_, row) => {
        const value = vector.getItem(row)
        return value === null || value === undefined ? null : read(value as DuckDBValue)
      })
    })
    return Array.from({ length: chunk.rowCount }, (_, row) =>
      Object.fromEntries(names.map((name, index) => [name, columns[index][row]])),
    )
  }
}

function readerOf(type: DuckDBType): (value: DuckDBValue) => SqlValue {
  switch (type.typeId) {
    case DuckDBTypeId.BLOB:
      return value => (value as { bytes: Uint8Array }).bytes
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
    case DuckDBTypeId.STRUCT:
      return value => JSON.stringify(JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter))
    case DuckDBTypeId.MAP:
      return value => JSON.stringify(mapObject(JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter)))
    default:
      return value => (typeof value === 'object' ? String(value) : (value as Exclude<SqlValue, Uint8Array | null>))
  }
}

/** DuckDB gives a map as its entries, because keys may be of any type; ours are text. */
function mapObject(entries: Json | null): unknown {
  return Object.fromEntries((entries as { key: Json; value: Json }[]).map(({ key, value }) => [String(key), value]))
}
