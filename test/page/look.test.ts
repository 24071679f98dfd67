/** Every view at four widths, dark and light: nothing is wider than the screen, axe finds nothing, and a picture is taken of each. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { history, nextNumber, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, picture, testBrowser, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(3, 4))
  const minute = BigInt(Math.floor(Date.now() / 60_000 - 25) * 60_000) * 1000n
  await site.report({ fromTime: minute + 5_000_000n, toTime: minute + 95_000_000n })
  await site.publish([
    tradeAt(50 * 60_000, '86900.5'),
    tradeAt(30 * 60_000, '86400.5'),
    tradeAt(35 * 60_000, '3145.5', { symbol: 'ETHUSDT' }),
  ])
  await site.publish([tradeAt(0, '0.0'), tradeAt(0, '0.0', { exchange: 'KRAKEN', symbol: 'BTC USD' })])
  const away = { kind: 'disconnect', status: 'unknown', fromId: null, toId: null, symbol: null } as const
  await site.report({ ...away, fromTime: minute, toTime: minute + 7_000_000n, cause: 'stale: nothing came for 30 s' })
  for (const [symbol, price, skipped] of [
    ['ETHUSDT', '3145.25', 40],
    ['SHIBUSDT', '0.0000082', 7],
  ] as const) {
    const first = nextNumber('BINANCE', symbol, skipped) - skipped
    await site.publish([tradeAt(0, price, { symbol })])
    if (symbol === 'ETHUSDT') await site.report({ symbol, fromId: first + 10, toId: first + 20 })
  }
  await fetch(`${site.url}/v1/audit`, { method: 'POST' })
})
afterAll(() => site.close())

const VIEWS = {
  chart: '#/chart?market=BINANCE:BTCUSDT&over=KRAKEN:BTCUSD&last=7200',
  markets: '#/markets',
  trades: '#/trades?tape=BTC',
  pipeline: '#/pipeline',
  coverage: '#/coverage',
  refused: '#/refused',
  corrections: '#/corrections',
  tables: '#/tables',
  connections: '#/connections',
  audit: '#/audit',
  sql: `#/sql?query=${encodeURIComponent('SELECT exchange, symbol, count(*) AS trades, sum(price * quantity) AS turnover FROM gold_crypto_trades GROUP BY ALL ORDER BY 1, 2')}`,
} as const
const READY = {
  chart: '.legend .figures',
  markets: '.watch .spread',
  trades: '.market-figures li',
  pipeline: '.hop-Gold',
  coverage: '.heat td',
  refused: '.letter',
  corrections: '.corrections tbody tr',
  tables: '.tables tbody tr',
  connections: '.outages li',
  audit: '.laws li',
  sql: '.sql-rows td',
} as const
const WIDTHS = [
  [320, 720],
  [1280, 800],
  [2560, 1440],
  [3840, 2160],
] as const

async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
}

for (const colorScheme of ['dark', 'light'] as const)
  describe(`by a ${colorScheme} system`, () => {
    for (const [view, address] of Object.entries(VIEWS) as [keyof typeof VIEWS, string][])
      test(`${view} is whole at every width, and axe finds nothing`, async () => {
        const page = await openPage(browser(), `${site.url}/${address}`, { colorScheme, reducedMotion: 'reduce' })
        await page.locator(READY[view]).first().waitFor()
        await untilText(page, '.sign', /live/)
        for (const [width, height] of WIDTHS) {
          await page.setViewportSize({ width, height })
          await page.waitForTimeout(250)
          expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), `at ${width}`).toBe(0)
          expect(await violations(page), `at ${width}`).toEqual([])
          await picture(page, `${view}-${colorScheme}-${width}`)
        }
      })
  })

describe('the dialogs', () => {
  const DIALOGS = { s: 'Market', o: 'Lay over', j: 'Jump to a time', a: 'As of', x: 'Take along', '?': 'Keys' } as const
  test('open by key, hold the focus, close by Escape, and axe finds nothing', async () => {
    const page = await openPage(browser(), `${site.url}/${VIEWS.chart}`, { reducedMotion: 'reduce' })
    await page.locator(READY.chart).first().waitFor()
    for (const [key, title] of Object.entries(DIALOGS)) {
      await page.keyboard.press(key)
      await untilText(page, 'dialog h2', new RegExp(`^${title}`))
      expect(await violations(page), title).toEqual([])
      expect(await page.evaluate(`document.querySelector('dialog').contains(document.activeElement)`), title).toBe(true)
      expect(await page.evaluate(`document.querySelector('dialog').scrollTop`), title).toBe(0)
      await picture(page, `dialog-${title.toLowerCase().replaceAll(' ', '-')}`)
      await page.keyboard.press('Escape')
      await page.locator('dialog').waitFor({ state: 'detached' })
    }
  })

  test('leave the theme to who chooses one, and the page remembers it', async () => {
    const page = await openPage(browser(), `${site.url}/${VIEWS.markets}`, { colorScheme: 'light' })
    const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    await page.locator(READY.markets).first().waitFor()
    const light = await ground()
    await page.keyboard.press('d')
    await expect.poll(ground).not.toBe(light)
    const dark = await ground()
    await page.reload()
    await page.locator(READY.markets).first().waitFor()
    expect(await ground()).toBe(dark)
  })
})
