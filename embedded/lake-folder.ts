/** The folder of a lake: what may be in it, whether it is whole, and where it was made. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { replaceSynced } from '../adapters/durable-files.ts'
import { fileError } from '../adapters/file-errors.ts'
import { BadInput, Corrupt } from '../domain/errors.ts'

const LOCATION = 'location'
/** The file with checkpoints, pending lists and table pointers. */
export const STATE = 'state.sqlite'
const FILES = [STATE, 'topics.sqlite']
const OWN =
  /^(?:lock\.sqlite|state\.sqlite|topics\.sqlite|location|settings\.json|objects$|scratch$|tradelake\.log$|lost\+found$)/

/**
 * DuckDB reads these characters as patterns, anywhere in a path. @throws BadInput where the absolute path
 * has one
 */
export function requirePlainPath(folder: string): string {
  const directory = resolve(folder)
  if (/[*?[]/.test(directory)) throw new BadInput(`${directory} has one of * ? [ in its path: give another --data DIR.`)
  return directory
}

/** @throws BadInput where the folder holds other files: a lake is not made among them */
export function requireOwnFolder(directory: string): void {
  if (!existsSync(directory) || existsSync(join(directory, LOCATION))) return
  try {
    const foreign = readdirSync(directory).find(name => !OWN.test(name))
    if (foreign !== undefined)
      throw new BadInput(`${directory} holds ${foreign} and not a lake: give an empty or a new directory as --data.`)
  } catch (error) {
    throw fileError(error, directory, 'opening the data directory')
  }
}

/**
 * Whether a lake was made here. Iceberg's locations are absolute, so a lake is bound to its path, which the file
 * `location` holds. With `lostState` a repair may open one whose state file is gone.
 * @throws BadInput where it was moved, Corrupt where it lacks a file
 */
export function requireWhole(directory: string, lostState = false): boolean {
  const path = join(directory, LOCATION)
  if (!existsSync(path)) return false
  const made = readFileSync(path, 'utf8').trim()
  if (made !== directory)
    throw new BadInput(
      `The lake in ${directory} was made in ${made}, and its tables name their files there: move it back, or replay its Bronze files into a new lake.`,
    )
  const missing = FILES.find(name => !(lostState && name === STATE) && !existsSync(join(directory, name)))
  if (missing === STATE)
    throw new Corrupt(
      `The lake in ${directory} has lost its ${STATE}: restore the file, or run tradelake audit --repair to make it again from the tables.`,
    )
  if (missing)
    throw new Corrupt(`The lake in ${directory} has lost its ${missing}: restore the file, or give another --data DIR.`)
  return true
}

/** Marks the folder as a lake, durably. */
export async function writeLocation(directory: string): Promise<void> {
  const path = join(directory, LOCATION)
  try {
    await replaceSynced(path, Buffer.from(`${directory}\n`))
  } catch (error) {
    throw fileError(error, path, 'making the lake')
  }
}

/** Makes a folder with nothing in it. */
export function emptyFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path)
  } catch (error) {
    throw fileError(error, path, 'making the scratch folder')
  }
}
