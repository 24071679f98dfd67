/** A schema registry with Confluent's API: Apicurio, in memory. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '../adapters/cache-folder.ts'
import { mavenFile } from './maven.ts'
import { freePort, type Service, startService } from './processes.ts'

const run = promisify(execFile)
const VERSION = '3.0.9'

export interface Registry extends Service {
  /** URL of its Confluent API. */
  readonly url: string
}

/**
 * Starts it on a port of the loopback interface, a free one by default; `folder` is for its log.
 * @throws TradelakeError
 */
export async function startRegistry(folder: string, wantedPort?: number): Promise<Registry> {
  const home = await registryHome()
  mkdirSync(folder, { recursive: true })
  const port = wantedPort ?? (await freePort())
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const service = await startService({
    name: 'The schema registry',
    command: 'java',
    args: [
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-jar',
      join(home, `apicurio-registry-app-${VERSION}-runner.jar`),
    ],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    cwd: folder,
    logFile: join(folder, 'registry.log'),
    ready: async () => (await fetch(`${url}/subjects`)).ok,
  })
  return { ...service, url }
}

/** The folder it is unpacked to. @throws TradelakeError where it cannot be downloaded */
export async function registryHome(): Promise<string> {
  const folder = join(cacheFolder(), `apicurio-${VERSION}`)
  if (existsSync(folder)) return folder
  const archive = await mavenFile('io.apicurio', 'apicurio-registry-app', VERSION, 'tar.gz', 'all')
  const making = `${folder}.${process.pid}`
  try {
    mkdirSync(making, { recursive: true })
    await run('tar', ['xzf', archive, '-C', making])
    if (!existsSync(folder)) renameSync(making, folder)
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return folder
}
