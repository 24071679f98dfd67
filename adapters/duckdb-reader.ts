/**
 * DuckDB for queries of people: it reads the files that it is given and nothing else, and changes nothing. One statement at a
 * time, of a kind that only reads; no other file, no network, no setting can be reached (DuckDB documentation, "Securing DuckDB").
 */
import { type DuckDBConnection, type DuckDBResult, StatementType } from '@duckdb/node-api'
import { BadInput, TradelakeError } from '../domain/errors.ts'
import type { SqlValue } from '../domain/ports.ts'
import { sqlText } from '../domain/sql.ts'
import { type DuckDbOptions, duckDbInstance, translated } from './duckdb-engine.ts'
import { cellReader, isNested } from './duckdb-values.ts'

export interface ReaderOptions extends DuckDbOptions {
  /** Statements that make the views. */
  readonly views: readonly string[]
  /** Local paths of the files that the views read. */
  readonly files: readonly string[]
  /** Where `writeParquet` may write; the folder is there. */
  readonly output?: string
  /** A query that takes longer is ended, milliseconds. */
  readonly timeoutMs: number
  /** Lets every statement do what DuckDB can do. */
  readonly unsafe?: boolean
  /** Whether the query came with a command, whose options refusals may name. */
  readonly isCommand?: boolean
}

export interface Answer {
  readonly columns: readonly AnswerColumn[]
  /** Some rows at a time, cells in the order of the columns. */
  readonly rows: AsyncIterable<SqlValue[][]>
}

export interface AnswerColumn {
  readonly name: string
  /** Whether its values are JSON text: of a list, a map or a struct. */
  readonly nested: boolean
  /** As DuckDB writes it: `DECIMAL(20,10)`. */
  readonly type: string
}

export interface Reader {
  /** The signal ends it. @throws BadInput for what is not one statement that reads; TradelakeError where it fails, is ended or takes too long */
  query(sql: string, signal?: AbortSignal): Promise<Answer>
  /** Writes a query's answer to the output file. @throws what `query` throws */
  writeParquet(sql: string): Promise<void>
  close(): void
}

/** With what a statement that reads begins; DuckDB takes all but EXPLAIN for a SELECT. */
const WORDS = [
  'SELECT',
  'WITH',
  'FROM',
  'VALUES',
  'TABLE',
  'PIVOT',
  'UNPIVOT',
  'SHOW',
  'DESCRIBE',
  'DESC',
  'SUMMARIZE',
  'EXPLAIN',
]

export async function openReader(options: ReaderOptions): Promise<Reader> {
  const { files, output, unsafe = false, isCommand = false } = options
  const instance = await duckDbInstance(options)
  const connection = await translated(() => instance.connect())
  const paths = output === undefined ? files : [...files, output]
  const lock = [
    `SET allowed_paths = [${paths.map(sqlText).join(', ')}]`,
    'SET enable_external_access = false',
    'SET lock_configuration = true',
  ]
  for (const statement of unsafe ? options.views : [...options.views, ...lock])
    await translated(() => connection.run(statement))

  return {
    async query(sql, signal) {
      if (!unsafe) await requireReading(connection, sql, isCommand)
      const limit = limitTime(connection, options, signal)
      const result = await limit.during(() => connection.stream(sql))
      return { columns: columnsOf(result), rows: rowsOf(result, limit) }
    },
    async writeParquet(sql) {
      if (output === undefined) throw new TradelakeError('This reader has no output file.')
      if (!unsafe && (await requireReading(connection, sql, isCommand)) === StatementType.EXPLAIN)
        throw new BadInput('EXPLAIN gives text: ask for --format table.')
      const limit = limitTime(connection, options)
      // A comment at the query's end must not hide what follows it.
      await limit.during(() =>
        connection.run(`COPY (\nFROM (\n${sql}\n)) TO ${sqlText(output)} (FORMAT parquet, USE_TMP_FILE false)`),
      )
      limit.end()
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** The kind of the one statement. @throws BadInput for more than one, or one that does more than read */
async function requireReading(connection: DuckDBConnection, sql: string, isCommand: boolean): Promise<StatementType> {
  const bare = sql.replaceAll(QUOTED, part => ' '.repeat(part.length))
  const [word] = /\w+/.exec(bare.toUpperCase()) ?? []
  // DuckDB fails without a word where there is no statement at all.
  if (word === undefined) throw new BadInput('There is no query in this text: write SELECT …')
  const statements = await translated(() => connection.extractStatements(sql))
  const refused = (kind: string) =>
    new BadInput(
      isCommand
        ? `tradelake sql only reads (${WORDS.join(', ')}), and this is ${kind}: --unsafe runs it.`
        : `A query only reads here: it begins with ${WORDS.join(', ')}, and this is ${kind}.`,
    )
  if (!WORDS.includes(word)) throw refused(word)
  if (word === 'EXPLAIN') {
    await requireReading(connection, explained(sql, bare), isCommand)
    return StatementType.EXPLAIN
  }
  // DuckDB makes two statements of one PIVOT: a type of the values, and the query.
  const one = statements.count === 1 || (statements.count === 2 && isPivot(bare))
  if (!one)
    throw new BadInput(`Give one statement: this has ${statements.count}.${isCommand ? ' --unsafe runs several.' : ''}`)
  if (statements.count === 2) return StatementType.SELECT
  const { statementType } = await translated(() => statements.prepare(0))
  if (statementType !== StatementType.SELECT) throw refused(StatementType[statementType])
  return statementType
}

/** Texts, quoted names and comments: they may hold semicolons or words that are not SQL. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$\$[\s\S]*?\$\$|--[^\n]*|\/\*[\s\S]*?\*\//g

function isPivot(bare: string): boolean {
  return /\bpivot\b/i.test(bare) && !bare.trim().replace(/;$/, '').includes(';')
}

/** What an EXPLAIN explains: ANALYZE would run it. */
function explained(sql: string, bare: string): string {
  const [before = ''] = /^\s*explain\s+(?:analyze\s+)?(?:\([^)]*\)\s*)?/i.exec(bare) ?? []
  return sql.slice(before.length)
}

function columnsOf(result: DuckDBResult): AnswerColumn[] {
  const types = result.columnTypes()
  return result.deduplicatedColumnNames().map((name, index) => ({
    ...{ name, nested: isNested(types[index]), type: String(types[index]) },
  }))
}

async function* rowsOf(result: DuckDBResult, limit: TimeLimit): AsyncGenerator<SqlValue[][]> {
  const read = cellReader(result)
  try {
    for (;;) {
      const chunk = await limit.during(() => result.fetchChunk())
      if (chunk === null || chunk.rowCount === 0) return
      yield read(chunk)
    }
  } finally {
    limit.end()
  }
}

interface TimeLimit {
  /** @throws TradelakeError where the time is over */
  during<T>(work: () => Promise<T>): Promise<T>
  end(): void
}

function limitTime(
  connection: DuckDBConnection,
  { timeoutMs, isCommand }: Pick<ReaderOptions, 'timeoutMs' | 'isCommand'>,
  signal?: AbortSignal,
): TimeLimit {
  let isOver = false
  const interrupt = () => connection.interrupt()
  const timer = setTimeout(() => {
    isOver = true
    interrupt()
  }, timeoutMs)
  signal?.addEventListener('abort', interrupt)
  const end = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', interrupt)
  }
  return {
    async during(work) {
      try {
        if (signal?.aborted) throw new TradelakeError('The query was ended.')
        return await translated(work)
      } catch (error) {
        end()
        if (!isOver) throw error
        throw new TradelakeError(
          `The query took longer than ${timeoutMs / 1000} s and was ended: ask for less${isCommand ? ', or give a longer --timeout' : ''}.`,
          { cause: error },
        )
      }
    },
    end,
  }
}
