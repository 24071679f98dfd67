/** Python environments for the parts of the local stack and of its tests that are written in Python. */
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MAX_OUTPUT = 64 * 1024 * 1024

/** Whether there is a python3 that can make virtual environments. */
export function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0
}

/**
 * The interpreter of a virtual environment with the pinned requirements of a file, made once in the user's cache folder
 * (XDG_CACHE_HOME) and named by the requirements' hash. pip takes its index from the user's own configuration.
 */
export async function pythonEnvironment(requirements: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `python-${hash}`)
  const interpreter = (base: string) => join(base, 'bin', 'python')
  if (existsSync(interpreter(folder))) return interpreter(folder)
  // Made in a folder beside it and renamed when complete, so that another run never finds it half-made.
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

/** The folder that keeps what was installed between runs. @throws Error where no folder can be written */
export function cacheFolder(): string {
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
