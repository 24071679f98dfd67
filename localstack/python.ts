/** Python environments for the parts of the local stack and of its tests that are written in Python. */
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '../adapters/cache-folder.ts'

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
