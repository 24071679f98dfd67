/**
 * The real DuckDB, asked once for each distinct question. A session's statements and the bytes of the files that they
 * name determine every answer (one thread, insertion order kept), so answers are kept by a hash of them and shared by
 * all runs of a process; a session comes to life, and catches up on its statements, when an answer is not at hand.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata } from 'hyparquet'
import { type DuckDbEngine, duckDbEngine } from '../../adapters/duckdb-engine.ts'
import type { QueryEngine, QuerySession, Scratch, SqlRow } from '../../domain/ports.ts'

interface Answer {
  readonly rows: SqlRow[]
  /** What a COPY wrote. */
  readonly file: Uint8Array | undefined
}

/** Answers that a process keeps; some tens of KB each at most. */
const MAX_ANSWERS = 8_000

export interface SharedEngine {
  /** An engine for one run, which owns its tables and files. */
  forRun(): RunEngine
  readonly asked: number
  readonly answeredByDuckDb: number
  close(): void
}

export interface RunEngine {
  readonly engine: QueryEngine
  readonly scratch: Scratch
  /** A path that stands for these bytes; nothing is written until DuckDB has to read it. */
  place(name: string, bytes: Uint8Array): string
  /** Takes away what the run left: files, and tables of sessions that died. */
  close(): Promise<void>
}

/** `remember`: false asks DuckDB each time. */
export async function sharedEngine(options: { readonly remember?: boolean } = {}): Promise<SharedEngine> {
  const remember = options.remember ?? true
  // Memory, where the machine has such a folder: files live for milliseconds.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tradelake-simulation-'))
  const real = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: join(folder, 'duckdb') })
  const answers = new Map<string, Answer>()
  const counts = { asked: 0, answeredByDuckDb: 0 }
  let runs = 0
  return {
    forRun: () => runEngine({ real, folder, answers, counts, remember, run: runs++ }),
    get asked() {
      return counts.asked
    },
    get answeredByDuckDb() {
      return counts.answeredByDuckDb
    },
    close() {
      real.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Shared {
  readonly real: DuckDbEngine
  readonly folder: string
  readonly answers: Map<string, Answer>
  readonly counts: { asked: number; answeredByDuckDb: number }
  readonly remember: boolean
  readonly run: number
}

interface Session {
  /** A hash of all statements so far, files and tables named by what they hold. */
  chain: string
  readonly history: string[]
  /** How many of them the real session has run. */
  done: number
  real: QuerySession | undefined
}

const TABLE = /"(\w+?_[0-9a-f]{8}-[0-9a-f-]{27})"/g

function runEngine({ real, folder, answers, counts, remember, run }: Shared): RunEngine {
  const contents = new Map<string, { bytes: Uint8Array; print: Print; written: boolean }>()
  const written = new Set<string>()
  const sessions = new Set<Session>()
  // Tables that outlive their session, by name: what they hold, and who can make them.
  const tables = new Map<string, { chain: string; maker: Session; real: boolean }>()
  const paths = new RegExp(`${folder}/[^']+`, 'g')
  let files = 0

  function newPath(name: string): string {
    return `${folder}/${run}-${files++}-${name.replaceAll(/[^\w.-]/g, '_')}`
  }

  /** The statement without names that differ from run to run. */
  function normal(sql: string, output: string | undefined): string {
    // What tableRows names of a table is there whether or not the statement asks for it.
    const asked = sql.replaceAll(/SELECT NULL::.*? WHERE false UNION ALL BY NAME/g, '')
    const words = asked.includes('SELECT *') ? undefined : new Set(asked.match(/\w+/g))
    return sql
      .replaceAll(paths, path => (path === output ? 'output' : contentOf(path, words)))
      .replaceAll(TABLE, (_, name: string) => tables.get(name)?.chain ?? 'new table')
  }

  /** What a statement of these words can see of a file: its rows' number, and the columns that it names; all where it takes all. */
  function contentOf(path: string, words: ReadonlySet<string> | undefined): string {
    const { all, rows, columns } = contents.get(path)?.print ?? printOf(readFileSync(path))
    if (columns.size === 0 || words === undefined) return all
    return `${rows} ${[...columns].map(([name, hash]) => (words.has(name) ? hash : '')).join()}`
  }

  async function ask(session: Session, sql: string): Promise<SqlRow[]> {
    counts.asked++
    const output = /^COPY [\s\S]* TO '([^']+)'/.exec(sql)?.[1]
    const chain = createHash('sha1').update(session.chain).update(normal(sql, output)).digest('base64')
    let answer = remember ? answers.get(chain) : undefined
    session.history.push(sql)
    if (answer) {
      // What was used last leaves last.
      answers.delete(chain)
      if (output !== undefined && answer.file) {
        writeFileSync(output, answer.file)
        written.add(output)
      }
    } else {
      counts.answeredByDuckDb++
      if (output !== undefined) written.add(output)
      const rows = await catchUp(session)
      answer = { rows, file: output === undefined ? undefined : readFileSync(output) }
    }
    answers.set(chain, answer)
    if (answers.size > MAX_ANSWERS) answers.delete(answers.keys().next().value as string)
    session.chain = chain
    const made = /^CREATE TABLE "(\w+?_[0-9a-f]{8}-[0-9a-f-]{27})"/.exec(sql)?.[1]
    if (made !== undefined) tables.set(made, { chain, maker: session, real: session.done === session.history.length })
    return answer.rows
  }

  /** Runs for real what the session has not run yet; gives the rows of its last statement. */
  async function catchUp(session: Session): Promise<SqlRow[]> {
    session.real ??= await real.session()
    let rows: SqlRow[] = []
    while (session.done < session.history.length) {
      const sql = session.history[session.done]
      const last = session.done === session.history.length - 1
      // A copy that was answered before is a file already.
      if (last || !sql.startsWith('COPY ')) {
        for (const [path] of sql.matchAll(paths)) writeContents(path)
        for (const [, name] of sql.matchAll(TABLE)) await makeTable(name, session)
        rows = await session.real.run(sql)
        for (const [, name] of sql.matchAll(TABLE)) {
          const table = tables.get(name)
          if (table && sql.startsWith('CREATE TABLE')) table.real = true
          if (sql.startsWith('DROP TABLE')) tables.delete(name)
        }
      }
      session.done++
    }
    return rows
  }

  async function makeTable(name: string, asker: Session): Promise<void> {
    const table = tables.get(name)
    if (table && table.maker !== asker && !table.real) await catchUp(table.maker)
  }

  function writeContents(path: string): void {
    const content = contents.get(path)
    if (!content || content.written) return
    writeFileSync(path, content.bytes)
    content.written = true
    written.add(path)
  }

  function open(): Session {
    const session: Session = { chain: '', history: [], done: 0, real: undefined }
    sessions.add(session)
    return session
  }

  return {
    engine: {
      async run(statements) {
        const session = open()
        let rows: SqlRow[] = []
        for (const statement of statements) rows = await ask(session, statement)
        return rows
      },
      async session() {
        const session = open()
        return {
          run: sql => ask(session, sql),
          async *stream(sql) {
            yield await ask(session, sql)
          },
          close() {},
        }
      },
    },
    scratch: {
      path: newPath,
      remove(path) {
        if (written.delete(path)) rmSync(path, { recursive: true, force: true })
      },
    },
    place(name, bytes) {
      const path = newPath(name)
      contents.set(path, { bytes, print: printOf(bytes), written: false })
      return path
    },
    async close() {
      for (const session of sessions) session.real?.close()
      for (const [name, table] of tables) if (table.real) await real.run([`DROP TABLE IF EXISTS "${name}"`])
      for (const path of written) rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Hashes of a file: of all its bytes, and of each column's. */
interface Print {
  readonly all: string
  readonly rows: number
  /** By top-level name; none where the file is no Parquet file. */
  readonly columns: ReadonlyMap<string, string>
}

const MAX_PRINTS = 8_000
const prints = new Map<string, Print>()

function printOf(bytes: Uint8Array): Print {
  const all = hashOf(bytes)
  const known = prints.get(all)
  if (known) return known
  const print = { all, ...columnHashes(bytes) }
  if (prints.size >= MAX_PRINTS) prints.delete(prints.keys().next().value as string)
  prints.set(all, print)
  return print
}

function columnHashes(bytes: Uint8Array): Omit<Print, 'all'> {
  const columns = new Map<string, string>()
  if (Buffer.from(bytes.subarray(-4)).toString('latin1') !== 'PAR1') return { rows: 0, columns }
  const metadata = parquetMetadata(Uint8Array.from(bytes).buffer)
  for (const group of metadata.row_groups)
    for (const { meta_data: chunk } of group.columns) {
      if (!chunk) continue
      const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)
      const hash = hashOf(bytes.subarray(start, start + Number(chunk.total_compressed_size)))
      const [name] = chunk.path_in_schema
      columns.set(name, `${columns.get(name) ?? ''}${hash}`)
    }
  return { rows: Number(metadata.num_rows), columns }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64')
}
