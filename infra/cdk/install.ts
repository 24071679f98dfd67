/**
 * The packages of infra/package.json, installed when a deployment is first worked on: they are a third of everything, and the lake
 * itself needs none of them. They are kept in the user's cache folder, named by the lock file's hash, and linked into node_modules/,
 * from where infra/, its tests and editors find them as any other package.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '../../adapters/cache-folder.ts'
import { messageOf, TradelakeError } from '../../domain/errors.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')
const MAX_OUTPUT = 64 * 1024 * 1024
/** How many lines are passed on when npm fails; the cause comes first. */
const LINES = 4
/** What npm reads, from the repository's root. */
const FILES = ['infra/package.json', 'infra/package-lock.json']

/**
 * Makes the packages importable. Takes some ten seconds where they are neither here nor in the cache, else a few milliseconds.
 * @throws TradelakeError with npm's words
 */
export async function installCdk(): Promise<void> {
  const texts = FILES.map(file => readFileSync(join(ROOT, file)))
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text)
  const name = `cdk-${hash.digest('hex').slice(0, 12)}`
  const { dependencies } = JSON.parse(texts[0].toString()) as { dependencies: Record<string, string> }
  const missing = Object.keys(dependencies).filter(dependency => !isLinked(dependency, name))
  if (missing.length === 0) return
  const packages = join(await installed(name), 'node_modules')
  for (const dependency of missing) link(join(packages, dependency), join(ROOT, 'node_modules', dependency))
}

/** Whether a package is linked to a folder of that name, in whosever cache, and is still there. */
function isLinked(dependency: string, name: string): boolean {
  const path = join(ROOT, 'node_modules', dependency)
  try {
    return readlinkSync(path).split(/[\\/]/).includes(name) && existsSync(path)
  } catch {
    return false
  }
}

async function installed(name: string): Promise<string> {
  const folder = join(cacheFolder(), name)
  if (existsSync(folder)) return folder
  // Made in a folder beside it and renamed when complete, so that another run never finds it half-made.
  const making = `${folder}.${process.pid}`
  console.error('Installing the AWS CDK, which only a deployment needs: once, and some ten seconds.')
  try {
    mkdirSync(making, { recursive: true })
    for (const file of FILES) cpSync(join(ROOT, file), join(making, file.slice('infra/'.length)))
    // On Windows npm is a script, which only a shell starts.
    const shell = process.platform === 'win32'
    await run('npm', ['ci', '--loglevel=error', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: making,
      shell,
      maxBuffer: MAX_OUTPUT,
    })
    try {
      renameSync(making, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    const said = stderr.match(/(?<=^npm error )\S.*$/gm)?.slice(0, LINES)
    const words = said?.join(' | ') ?? messageOf(error)
    throw new TradelakeError(`npm could not install what infra/package.json lists: ${words}`, { cause: error })
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return folder
}

function link(target: string, path: string): void {
  rmSync(path, { recursive: true, force: true })
  try {
    // Windows allows everybody a junction, but not a symbolic link.
    symlinkSync(target, path, 'junction')
  } catch (error) {
    // Somebody else made the same link meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
