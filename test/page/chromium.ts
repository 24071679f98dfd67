/** The Chromium of this machine, for tests that look at the page; installed where there is none and that can be done. */
import { execFile, spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

const run = promisify(execFile)
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** Debian's, and a font that has what the page writes. */
const PACKAGES = ['chromium-headless-shell', 'fonts-liberation']
const MAX_OUTPUT = 64 * 1024 * 1024

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const places = NAMES.flatMap(name => folders.map(folder => join(folder, name)))
  return [process.env.TRADELAKE_CHROMIUM ?? '', ...places].find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return path !== ''
  } catch {
    return false
  }
}

/** @throws Error where there is no Chromium, and none can be installed */
export async function installedChromium(): Promise<string> {
  const found = findChromium()
  if (found !== undefined) return found
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    const options = { maxBuffer: MAX_OUTPUT, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    await run('apt-get', ['update', '--quiet'], options)
    await run('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', ...PACKAGES], options)
  }
  const installed = findChromium()
  if (installed === undefined)
    throw new Error('There is no Chromium: install one (apt-get install chromium), or name it in TRADELAKE_CHROMIUM.')
  return installed
}

/** `withScrollbars`: of the classic kind, which take room. */
export async function openChromium(withScrollbars = false): Promise<Browser> {
  // Its sandbox refuses to run as root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const hidden = withScrollbars ? { ignoreDefaultArgs: ['--hide-scrollbars'] } : {}
  return chromium.launch({ executablePath: await installedChromium(), args, ...hidden })
}
