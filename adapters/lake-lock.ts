/** One process per data directory: the rule that lets the folder store and the stages trust what they have read. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BadInput, Throttled } from '../domain/errors.ts'
import { fileError } from './file-errors.ts'
import { sqliteError } from './sqlite.ts'

const LOCK_FILE = 'lock.sqlite'

/**
 * Takes the directory for this process, making it where it is missing, until `release` or the end of the process:
 * the operating system frees the lock then, also after kill -9. Nothing else in this process may open the lock file.
 * @throws BadInput where another process has it, or it cannot be written
 */
export function lockLake(directory: string): { release(): void } {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw fileError(error, directory, 'making the data directory')
  }
  const path = join(directory, LOCK_FILE)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    // An exclusive transaction holds the file's lock and, as it writes nothing, leaves no journal.
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    const translated = sqliteError(error, path)
    if (translated instanceof Throttled)
      throw new BadInput(`${directory} is in use by another tradelake process: stop it, or give another directory.`)
    throw translated
  }
  const held = database
  return { release: () => held.close() }
}
