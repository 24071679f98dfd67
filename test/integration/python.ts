/** A Python of its own for the tests that check what we write with other people's readers. */
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const HERE = import.meta.dirname
const MAX_OUTPUT = 256 * 1024 * 1024

/** Whether there is a python3 that can make virtual environments. */
export function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0
}

/**
 * The interpreter of a virtual environment with the pinned requirements, made once in the user's cache folder
 * (XDG_CACHE_HOME) and named by the requirements' hash. pip takes its index from the user's own configuration.
 */
export async function pythonEnvironment(): Promise<string> {
  const requirements = join(HERE, 'requirements.txt')
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `python-${hash}`)
  const interpreter = (base: string) => join(base, 'bin', 'python')
  if (existsSync(interpreter(folder))) return interpreter(folder)
  // Made beside it and renamed when whole, so that two test runs do not meet in a half-made one.
  const making = `${folder}.${process.pid}`
  try {
    await run('python3', ['-m', 'venv', making])
    await run(interpreter(making), ['-m', 'pip', 'install', '--quiet', '-r', requirements], { maxBuffer: MAX_OUTPUT })
    try {
      renameSync(making, folder)
    } catch (error) {
      if (!existsSync(interpreter(folder))) throw error
    }
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return interpreter(folder)
}

function cacheFolder(): string {
  for (const base of [process.env.XDG_CACHE_HOME, join(homedir(), '.cache'), tmpdir()]) {
    if (!base) continue
    const folder = join(base, 'tradelake')
    try {
      mkdirSync(folder, { recursive: true })
      return folder
    } catch {}
  }
  throw new Error('There is no folder to keep a Python environment in: set XDG_CACHE_HOME.')
}

/** One question to PyIceberg, and its answer: see check_lake.py. */
export interface LakeRequest {
  readonly table: string
  readonly metadata_location: string
  readonly snapshot_id?: number
  readonly filter?: string
}

export interface LakeAnswer {
  readonly table: string
  readonly schema: Readonly<Record<string, string>>
  readonly required: readonly string[]
  readonly partition: readonly string[]
  readonly sort: readonly string[]
  readonly snapshots: readonly number[]
  readonly rows: number
  readonly digest: string
  readonly planned: number
  readonly avro: readonly string[]
  readonly duckdb: number | null
}

/** Asks PyIceberg. `requestsFile` is a path that may be written. */
export async function checkLake(
  python: string,
  requests: readonly LakeRequest[],
  requestsFile: string,
): Promise<LakeAnswer[]> {
  writeFileSync(requestsFile, JSON.stringify(requests))
  const { stdout } = await run(python, [join(HERE, 'check_lake.py'), requestsFile], { maxBuffer: MAX_OUTPUT })
  return JSON.parse(stdout)
}
