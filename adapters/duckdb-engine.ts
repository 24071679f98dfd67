/** DuckDB within this process, as a query engine over local files. It never uses the network. */
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBResult,
  DuckDBTimestampTZValue,
} from '@duckdb/node-api'
import { messageOf, TradelakeError } from '../domain/errors.ts'
import type { QueryEngine, QuerySession, SqlRow } from '../domain/ports.ts'
import { cellReader } from './duckdb-values.ts'

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
 * Starts an engine of its own; values come as adapters/duckdb-values.ts says.
 * @throws TradelakeError with DuckDB's first line where a statement fails
 */
export async function duckDbEngine(options: DuckDbOptions): Promise<DuckDbEngine> {
  const instance = await duckDbInstance(options)

  async function connect(): Promise<DuckDBConnection> {
    return translated(() => instance.connect())
  }

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

/** An instance in memory, in UTC, that keeps the order of rows and fetches no extension. @throws TradelakeError */
export async function duckDbInstance(options: DuckDbOptions): Promise<DuckDBInstance> {
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

  // The binding writes timestamptz in the machine's zone by default, whatever DuckDB's own setting is.
  DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0
  const first = await translated(() => instance.connect())
  await execute(first, `SET GLOBAL TimeZone = 'UTC'`)
  first.closeSync()
  return instance
}

/** Does the work; what DuckDB throws becomes a TradelakeError with its first line. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
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
  const read = cellReader(result)
  return chunk => read(chunk).map(cells => Object.fromEntries(names.map((name, index) => [name, cells[index]])))
}
