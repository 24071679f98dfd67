/** From the command to a chart that moves, as who has just cloned it: the real processes, a real browser, and how long it takes. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newFolder, startCommand } from '../cli/support.ts'
import { openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()

test('tradelake start prints an address where a chart soon moves', async () => {
  const started = performance.now()
  const running = startCommand('start', '--port', '0', '--data', join(newFolder(), 'lake'))
  onTestFinished(async () => {
    running.child.kill('SIGINT')
    await running.finished
  })
  const address = await new Promise<string>((resolve, reject) => {
    let printed = ''
    running.child.stdout?.on('data', chunk => {
      printed += chunk
      const [, found] = /Page for browsers: (http:\S+?);/.exec(printed) ?? []
      if (found) resolve(found)
    })
    running.finished.then(({ stdout, stderr }) => reject(new Error(stdout + stderr)), reject)
  })
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1)
  const printed = seconds()
  const page = await openPage(browser(), address)
  await page.locator('.head nav').waitFor()
  const interactive = (await page.evaluate('performance.now()')) as number
  await untilText(page, '.legend .figures', /C [\d,.]+ USDT/)
  const candle = seconds()
  const first = await textOf(page, '.legend .figures')
  await expect.poll(() => textOf(page, '.legend .figures'), { timeout: 20_000 }).not.toBe(first)
  console.log(
    `from the command to its address ${printed} s, to a candle ${candle} s, to one that moves ${seconds()} s; the page is there ${interactive.toFixed(0)} ms after it was asked for`,
  )
  expect(Number(seconds())).toBeLessThan(30)
  // The faults that are simulated make no complaint of the page's own.
  await untilText(page, '.sign', /live/)
})
