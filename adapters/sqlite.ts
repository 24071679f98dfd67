/** SQLite files: opening them so that they survive crashes, and their errors as one line. */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BadInput, Corrupt, messageOf, Throttled, TradelakeError } from '../domain/errors.ts'
import { fileError } from './file-errors.ts'

/** How long a statement waits for another process's lock, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000
/** "TLAK": marks a file as ours (PRAGMA application_id). */
const APPLICATION_ID = 0x544c414b

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_PERM = 3
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_READONLY = 8
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26

/** The primary result code of an SQLite error, or undefined for any other. */
function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

/** What to throw for a failed statement on the file at `path`. */
export function sqliteError(error: unknown, path: string): unknown {
  const options = { cause: error }
  if (error instanceof TradelakeError) return error
  switch (sqliteCode(error)) {
    case undefined:
      return error
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new Throttled(`${path} is locked by another process: try again.`, options)
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new Corrupt(
        `${path} is damaged or not a file of tradelake: restore it, or move the data directory away.`,
        options,
      )
    case SQLITE_FULL:
      return new TradelakeError(`The disk of ${path} is full: free some space and start again.`, options)
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new BadInput(`${path} cannot be opened or written: check that it exists and its permissions.`, options)
    default:
      return new TradelakeError(`${path} failed: ${messageOf(error)}`, options)
  }
}

/** An open file and how to work with it. */
export interface SqliteFile {
  readonly database: DatabaseSync
  /** Runs `work` in one transaction that is undone when it throws. `mode` is IMMEDIATE for writers. */
  transaction<T>(work: () => T): T
  /** Runs `work` and turns SQLite's errors into ours. */
  guard<T>(work: () => T): T
  close(): void
}

/**
 * Opens or makes a file in WAL mode, synced at each commit. `kind` tells our files apart; `schema` makes its tables.
 * @throws Corrupt where the file is damaged, foreign or of another kind; BadInput where it cannot be opened
 */
export function openSqlite(
  path: string,
  options: { readonly kind: number; readonly schema: string; readonly readOnly?: boolean },
): SqliteFile {
  const { kind, schema, readOnly = false } = options
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw sqliteError(error, path)
    }
  }
  const database = guard(() => openDatabase(path, readOnly))

  function transaction<T>(work: () => T): T {
    return guard(() => {
      database.exec('BEGIN IMMEDIATE')
      try {
        const answer = work()
        database.exec('COMMIT')
        return answer
      } catch (error) {
        // SQLite itself rolls back after some errors (a full disk), and then there is nothing left to undo.
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    })
  }

  try {
    guard(() => {
      const fresh = pragma(database, 'application_id') === 0 && isEmpty(database)
      const ours = pragma(database, 'application_id') === APPLICATION_ID && pragma(database, 'user_version') === kind
      if (fresh && readOnly) throw new BadInput(`${path} is empty: run tradelake start first.`)
      // Checked before anything is changed: even the journal mode is written into the file.
      if (!ours && !fresh)
        throw new Corrupt(
          `${path} is not a file of this version of tradelake: move it away or give another --data directory.`,
        )
      if (!readOnly) database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      if (fresh)
        transaction(() =>
          database.exec(`${schema}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${kind}`),
        )
    })
  } catch (error) {
    database.close()
    throw error
  }
  return { database, transaction, guard, close: () => database.close() }
}

function openDatabase(path: string, readOnly: boolean): DatabaseSync {
  if (readOnly && !existsSync(path)) throw new BadInput(`${path} does not exist: run tradelake start, or check --data.`)
  try {
    if (!readOnly) mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw fileError(error, dirname(path), 'making the data directory')
  }
  return new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS })
}

function pragma(database: DatabaseSync, name: string): unknown {
  return database.prepare(`PRAGMA ${name}`).get()?.[name]
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}
