/** The tape under load: 500 trades a second through every stage into a browser, and what drawing them costs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(1, 2))
})
afterAll(() => site.close())

const PER_SECOND = 500
const SECONDS = 8
/** So many of the trades before are listed at first. */
const AT_FIRST = 200

/** Notes the time of every picture that the screen shows. */
const NOTE_FRAMES = `globalThis.frameTimes = []; requestAnimationFrame(function note(time) { frameTimes.push(time); requestAnimationFrame(note) })`

test('all trades come, in order, each once; only those that are seen are drawn', async () => {
  const page = await openPage(browser(), `${site.url}/#/trades`)
  await untilText(page, '.sign', /live/)
  await page.locator('.tape-rows li').first().waitFor()
  const session = await page.context().newCDPSession(page)
  const heap = async () => {
    await session.send('HeapProfiler.collectGarbage')
    const { usedSize } = await session.send('Runtime.getHeapUsage')
    return usedSize / 1024 / 1024
  }
  await session.send('Performance.enable')
  /** Seconds that the page's main thread has worked, and of that for its script. */
  const worked = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    const of = (name: string) => metrics.find(metric => metric.name === name)?.value ?? 0
    return { all: of('TaskDuration'), script: of('ScriptDuration') }
  }
  const before = await heap()
  const idle = await worked()
  await page.evaluate(NOTE_FRAMES)
  const started = Date.now()
  let sent = 0
  // What a stage is late for is caught up with.
  while (Date.now() - started < SECONDS * 1000) {
    const due = Math.floor(((Date.now() - started) / 1000) * PER_SECOND)
    const trades = Array.from({ length: due - sent }, (_, place) =>
      tradeAt(0, `8${String(6000 + ((sent + place) % 999))}.${(sent + place) % 9}1`, {
        side: place % 2 ? 'BUY' : 'SELL',
      }),
    )
    sent = due
    await site.publish(trades)
    await new Promise(resolve => setTimeout(resolve, 150))
  }
  const rate = await untilText(page, '.tape-head', /[1-9]\d\d\.\d trades\/s/)
  const last = tradeAt(0, '77777.77')
  await site.publish([last])
  await untilText(page, '.tape-rows li', /77,777\.77/)
  const busy = await worked()
  const times = (await page.evaluate('frameTimes')) as number[]
  const gaps = times
    .slice(1)
    .map((time, place) => time - times[place])
    .sort((a, b) => a - b)
  const at = (share: number) => gaps[Math.floor((gaps.length - 1) * share)].toFixed(1)
  const seconds = (Date.now() - started) / 1000
  console.log(
    `tape: ${sent} trades in ${seconds.toFixed(1)} s (it says ${rate}); ${(times.length / seconds).toFixed(0)} pictures/s, ` +
      `main thread busy ${(((busy.all - idle.all) / seconds) * 100).toFixed(0)} %, script ${(((busy.script - idle.script) / seconds) * 100).toFixed(0)} %; ` +
      `${at(0.5)} ms at the median, ${at(0.99)} ms at p99, ${at(1)} ms at most; heap ${before.toFixed(1)} MB before, ${(await heap()).toFixed(1)} MB after`,
  )
  expect(await page.locator('.tape-rows li').count()).toBeLessThan(60)
  // The newest before, all that were sent, and the last one.
  expect(await page.evaluate(`document.querySelector('.tape-all').clientHeight / 26`)).toBe(AT_FIRST + sent + 1)
  const seen = await page.locator('.tape-rows .tape-time').allTextContents()
  expect(seen.length).toBeGreaterThan(10)
  expect(seen).toEqual([...seen].sort().reverse())

  // Stopped, it stands still and counts what it does not show.
  await page.keyboard.press('Space')
  await site.publish([tradeAt(0, '66666.66')])
  await untilText(page, '.tape-head', /1 newer/)
  expect(await textOf(page, '.tape-rows li')).toContain('77,777.77')
  await page.keyboard.press('Space')
  await untilText(page, '.tape-rows li', /66,666\.66/)
  // The oldest trade that is kept is where the end is.
  await page.locator('.tape-box').focus()
  await page.keyboard.press('End')
  await expect.poll(() => page.locator('.tape-rows li').count()).toBeGreaterThan(5)
})
