/** What scrolls, and what does not: with scrollbars that take room, and more markets than the screen has. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { history, nextNumber, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, picture, testBrowser } from './support.ts'

const browser = testBrowser(true)
let site: PageLake
const SYMBOLS = Array.from({ length: 40 }, (_, at) => `C${String.fromCharCode(65 + (at % 26), 65 + at / 26)}USDT`)

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(2, 2))
  await site.publish(SYMBOLS.map(symbol => tradeAt(150_000, '12345.5', { symbol })))
  for (let place = 0; place < 40; place++) {
    nextNumber('BINANCE', 'ETHUSDT', 2)
    await site.publish([tradeAt(0, '3145.25', { symbol: 'ETHUSDT' })])
  }
}, 240_000)
afterAll(() => site.close())

const READY = {
  chart: '.legend .figures',
  markets: '.watch .price',
  trades: '.tape-rows li',
  pipeline: '.hop-Gold',
  coverage: '.heat td',
  refused: '.notice',
  tables: '.tables tbody tr',
  connections: '.connections h2',
  audit: '.audit h2',
  sql: '.sql',
} as const

test.each(Object.keys(READY) as (keyof typeof READY)[])(
  '%s never scrolls into an empty part of the page',
  async view => {
    const page = await openPage(browser(), `${site.url}/#/${view}`)
    await page.locator(READY[view]).first().waitFor()
    for (const [width, height] of [
      [1280, 800],
      [1920, 500],
      [320, 700],
    ]) {
      await page.setViewportSize({ width, height })
      await page.waitForTimeout(250)
      const over = 'document.documentElement.scrollHeight - innerHeight'
      expect(await page.evaluate(over), `${width} by ${height}`).toBe(0)
    }
  },
)

/** What is wider than what it stands in, by how much: the ends of its columns are cut, or scrolled to. */
const WIDER = (selector: string) =>
  `(() => { const box = document.querySelector(${JSON.stringify(selector)}); return box.scrollWidth - box.clientWidth })()`

test('the list of markets shows its last column beside a scrollbar that takes room', async () => {
  const page = await openPage(browser(), `${site.url}/#/chart`)
  await page.locator('.panel-watch .price').first().waitFor()
  for (const width of [1280, 1920, 3840]) {
    await page.setViewportSize({ width, height: 800 })
    await page.waitForTimeout(250)
    expect(await page.evaluate(WIDER('.panel-watch')), `at ${width}`).toBe(0)
    await picture(page, `scroll-chart-${width}`)
  }
  await page.goto(`${site.url}/#/markets`)
  await page.locator('.watch .price').first().waitFor()
  for (const width of [320, 768]) {
    await page.setViewportSize({ width, height: 700 })
    await page.waitForTimeout(250)
    expect(await page.evaluate(WIDER('.page')), `at ${width}`).toBe(0)
    await picture(page, `scroll-markets-${width}`)
  }
})

test('the sign that closes a dialog stands beside its scrollbar, not over it', async () => {
  const page = await openPage(browser(), `${site.url}/#/coverage`, { viewport: { width: 1280, height: 500 } })
  await page.locator('tr:has(th:has-text("BINANCE ETHUSDT")) td').last().click()
  await page.locator('dialog .scrolled tbody tr').first().waitFor()
  const room = await page.evaluate(`(() => {
    const dialog = document.querySelector('dialog .dialog')
    const sign = document.querySelector('.dialog-close').getBoundingClientRect()
    const box = dialog.getBoundingClientRect()
    return [dialog.offsetWidth - dialog.clientWidth > 4, Math.max(box.top - sign.bottom, box.left + dialog.clientWidth - sign.right)]
  })()`)
  await picture(page, 'scroll-dialog')
  expect(room).toEqual([true, expect.any(Number)])
  expect((room as [boolean, number])[1]).toBeGreaterThanOrEqual(0)
  expect(await page.evaluate(WIDER('dialog .dialog'))).toBe(0)
  // The sign stays when the dialog is scrolled.
  await page.evaluate("document.querySelector('.dialog').scrollTo(0, 10000)")
  expect(await page.evaluate("document.querySelector('.dialog').scrollTop")).toBeGreaterThan(0)
  expect(await page.locator('.dialog-close').isVisible()).toBe(true)
  await page.locator('.dialog-close').click()
  await page.locator('dialog').waitFor({ state: 'detached' })
})
