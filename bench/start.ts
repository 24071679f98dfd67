/**
 * From a fresh copy to a candle that moves in a browser: `npm ci`, `npm start`, and the real page in a real Chromium, each step timed. npm
 * takes packages from its cache where it has them; `npm_config_cache=EMPTY_FOLDER npm run bench -- start` measures without one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openChromium } from '../test/page/chromium.ts'
import { print, record } from './report.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** What the issue of the page asks for: all steps together, seconds. */
const ASKED = 30
const CLOSE = '.legend .figures'

export async function benchStart(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-start-'))
  // The browser is there before anybody types a command.
  const browser = await openChromium()
  let server: ChildProcess | undefined
  try {
    const archive = spawnSync('git', ['archive', 'HEAD'], { cwd: ROOT, maxBuffer: 1024 ** 3 })
    const copied = spawnSync('tar', ['-x', '-C', folder], { input: archive.stdout })
    if (archive.status !== 0 || copied.status !== 0) throw new Error(`No copy: ${archive.stderr} ${copied.stderr}`)
    const begun = performance.now()
    const steps: [string, number][] = []
    const step = (name: string) => steps.push([name, (performance.now() - begun) / 1000])
    const [status] = await once(spawn('npm', ['ci', '--silent'], { cwd: folder, stdio: 'inherit' }), 'exit')
    if (status !== 0) throw new Error(`npm ci ended with ${status}`)
    step('npm ci')
    const started = spawn('npm', ['start', '--', '--port', '0'], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    server = started
    const address = await addressOf(started)
    step('npm start prints the address')
    const page = await browser.newPage()
    await page.goto(address)
    await page.locator('.head nav').waitFor()
    step('the page is there')
    await page.locator(CLOSE).first().waitFor()
    step('the first candle')
    const first = await page.locator(CLOSE).first().textContent()
    // The page's own policy forbids to wait by a function in text.
    while ((await page.locator(CLOSE).first().textContent()) === first) await page.waitForTimeout(50)
    step('it moves')
    const rows = steps.map(([name, at], place) => [name, (at - (steps[place - 1]?.[1] ?? 0)).toFixed(1), at.toFixed(1)])
    print(
      `npm ci && npm start to a chart that moves, at most ${ASKED} s; load before it ended: ${loadavg()[0].toFixed(1)}`,
      ['step', 'took s', 'since the begin s'],
      rows,
    )
    record({ bench: 'start', load: loadavg()[0], ...Object.fromEntries(steps) })
  } finally {
    await browser.close()
    // npm and what it started.
    if (server?.pid !== undefined && server.exitCode === null) {
      process.kill(-server.pid, 'SIGINT')
      await once(server, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

function addressOf(server: ChildProcess): Promise<string> {
  let printed = ''
  return new Promise((resolve, reject) => {
    server.stdout?.on('data', chunk => {
      printed += chunk
      const [, found] = /Page for browsers: (http:\S+?);/.exec(printed) ?? []
      if (found) resolve(found)
    })
    server.once('exit', () => reject(new Error(`tradelake ended before it printed an address: ${printed}`)))
  })
}
