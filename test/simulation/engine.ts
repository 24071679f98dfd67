/**
 * The real DuckDB, asked once for each distinct question. A session's statements and the bytes of the files that they
 * name determine every answer (one thread, insertion order kept), so answers are kept by a hash of them and shared by
 * all runs of a process; a session comes to life, and catches up on the statements that change it, when an answer is not at hand. What
 * asks for files alone has one answer in all sessions.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDbEngine, duckDbEngine } from '../../adapters/duckdb-engine.ts'
import type { QueryEngine, QuerySession, Scratch, SqlRow } from '../../domain/ports.ts'
import { type FilePrint, printOf } from './file-prints.ts'

interface Answer {
  readonly rows: SqlRow[]
  /** What a COPY wrote. */
  readonly file: Uint8Array | undefined
}

/** Answers that a process keeps; some tens of KB each at most. */
const MAX_ANSWERS = 8_000

export interface SharedEngine {
  /** An engine for one run, which owns its files. */
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
  /** Takes away the files that the run left, and ends its sessions. */
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
  /** A hash of all statements so far that changed the session, with files named by what they hold. */
  chain: string
  readonly history: string[]
  /** The tables and views that they made; undefined where one of them did something else, which any answer may depend on. */
  made: Set<string> | undefined
  /** How many of them the real session has run. */
  done: number
  real: QuerySession | undefined
}

function runEngine({ real, folder, answers, counts, remember, run }: Shared): RunEngine {
  const contents = new Map<string, { bytes: Uint8Array; print: FilePrint; written: boolean }>()
  const written = new Set<string>()
  const sessions = new Set<Session>()
  const paths = new RegExp(`${folder}/[^']+`, 'g')
  let files = 0

  function newPath(name: string): string {
    return `${folder}/${run}-${files++}-${name.replaceAll(/[^\w.-]/g, '_')}`
  }

  /** The statement without names that differ from run to run. */
  function normal(sql: string, output: string | undefined): string {
    // What tableRows names of a table is there whether or not the statement asks for it.
    const asked = sql.replaceAll(/SELECT NULL::.*? WHERE false UNION ALL BY NAME/g, '')
    // A row by its table's name is all of its columns.
    const takesAll = asked.includes('SELECT *') || asked.includes('hash(file)')
    const words = takesAll ? undefined : new Set(asked.match(/\w+/g))
    return sql.replaceAll(paths, path => (path === output ? 'output' : contentOf(path, words)))
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
    const changes = !/^\s*(SELECT|WITH|COPY)\b/.test(sql)
    const depends = changes || !session.made || [...session.made].some(name => sql.includes(name))
    const before = depends ? session.chain : ''
    const chain = createHash('sha1').update(before).update(normal(sql, output)).digest('base64')
    let answer = remember ? answers.get(chain) : undefined
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
      if (depends) await catchUp(session)
      const rows = await runReal(session, sql)
      if (changes) session.done++
      answer = { rows, file: output === undefined ? undefined : readFileSync(output) }
    }
    answers.set(chain, answer)
    if (answers.size > MAX_ANSWERS) answers.delete(answers.keys().next().value as string)
    if (changes) {
      const name =
        /^\s*(?:CREATE (?:OR REPLACE )?TEMP (?:TABLE|VIEW)|INSERT (?:OR IGNORE )?INTO|DROP TABLE) "?(\w+)/.exec(
          sql,
        )?.[1]
      session.made = name === undefined ? undefined : session.made?.add(name)
      session.history.push(sql)
      session.chain = chain
    }
    return answer.rows
  }

  /** Makes for real the changes that the session has not made yet. */
  async function catchUp(session: Session): Promise<void> {
    for (; session.done < session.history.length; session.done++) await runReal(session, session.history[session.done])
  }

  async function runReal(session: Session, sql: string): Promise<SqlRow[]> {
    session.real ??= await real.session()
    for (const [path] of sql.matchAll(paths)) writeContents(path)
    return session.real.run(sql)
  }

  function writeContents(path: string): void {
    const content = contents.get(path)
    if (!content || content.written) return
    writeFileSync(path, content.bytes)
    content.written = true
    written.add(path)
  }

  function open(): Session {
    const session: Session = { chain: '', history: [], made: new Set(), done: 0, real: undefined }
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
      for (const path of written) rmSync(path, { recursive: true, force: true })
    },
  }
}
