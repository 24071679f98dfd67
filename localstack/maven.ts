/** Java parts of the local stack, from Maven Central, kept between runs. */
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { cacheFolder } from '../adapters/cache-folder.ts'
import { TradelakeError } from '../domain/errors.ts'

const run = promisify(execFile)
const MAX_OUTPUT = 64 * 1024 * 1024

/** Whether Java and Maven can be started. */
export function hasJava(): boolean {
  return spawnSync('java', ['-version']).status === 0 && spawnSync('mvn', ['--version']).status === 0
}

/** A folder with all jars of a POM's dependencies. @throws TradelakeError with Maven's last words */
export async function jarsOf(pom: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `jars-${hash}`)
  if (existsSync(folder)) return folder
  // Made in a folder beside it and renamed when complete, so that another run never finds it half-made.
  const making = `${folder}.${process.pid}`
  try {
    mkdirSync(making, { recursive: true })
    copyFileSync(pom, join(making, 'pom.xml'))
    await run(
      'mvn',
      ['-q', '-B', '-f', join(making, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${making}`],
      {
        maxBuffer: MAX_OUTPUT,
      },
    )
    if (!existsSync(folder)) renameSync(making, folder)
  } catch (error) {
    const words = (error as { stdout?: string }).stdout?.trim().split('\n').slice(-3).join(' ') ?? ''
    throw new TradelakeError(`Maven could not get the jars of ${pom}: ${words || (error as Error).message}`, {
      cause: error,
    })
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return folder
}

/** The local path of one artifact, without what it depends on. @throws TradelakeError */
export async function mavenFile(
  group: string,
  artifact: string,
  version: string,
  type: string,
  classifier: string,
): Promise<string> {
  try {
    const coordinates = [group, artifact, version, type, classifier].join(':')
    await run('mvn', ['-q', '-B', 'dependency:get', `-Dartifact=${coordinates}`, '-Dtransitive=false'], {
      cwd: tmpdir(),
    })
    const { stdout } = await run(
      'mvn',
      ['-q', '-B', 'help:evaluate', '-Dexpression=settings.localRepository', '-DforceStdout'],
      { cwd: tmpdir() },
    )
    const path = [...group.split('.'), artifact, version, `${artifact}-${version}-${classifier}.${type}`]
    // Maven colours even this output.
    return join(stripVTControlCharacters(stdout).trim(), ...path)
  } catch (error) {
    throw new TradelakeError(`Maven could not get ${artifact} ${version}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
