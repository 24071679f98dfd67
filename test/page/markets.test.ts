/** The list of markets in a real browser over a real lake. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, testBrowser, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(2, 2))
  await site.publish([tradeAt(0, '99887.5')])
})
afterAll(() => site.close())

test('has the newest prices of all markets, however many pages of candles there are', async () => {
  const page = await openPage(browser(), 'about:blank')
  let asked = 0
  // As with thousands of candles of hundreds of markets.
  await page.route(/\/v1\/candles\?/, route => {
    asked++
    return route.continue({ url: route.request().url().replace('limit=10000', 'limit=20') })
  })
  await page.goto(`${site.url}/#/markets`)
  await untilText(page, '.watch', /BINANCE USDT 99,887\.50 USDT/)
  const prices = page.locator('.watch .price')
  expect(await prices.count()).toBeGreaterThan(5)
  expect(asked).toBeGreaterThan(10)
})

test('is put in the order of the day’s change by its heading, and back', async () => {
  const page = await openPage(browser(), `${site.url}/#/markets`)
  await untilText(page, '.watch', /BINANCE USDT 99,887\.50 USDT/)
  const heading = page.locator('.watch th[aria-sort]').filter({ hasText: 'Change' })
  const changes = async () =>
    (await page.locator('.watch tbody .change').allTextContents()).map(text =>
      Number(/[+-]?[\d.]+(?= %)/.exec(text.replace('−', '-'))?.[0]),
    )
  expect(await heading.getAttribute('aria-sort')).toBe('none')
  expect(await page.locator('.watch .group').count()).toBe(3)
  const before = await changes()
  await heading.getByRole('button', { name: 'Change' }).click()
  expect(await heading.getAttribute('aria-sort')).toBe('descending')
  expect(await changes()).toEqual(before.toSorted((a, b) => b - a))
  // Its asset is named in each row.
  expect(await page.locator('.watch tbody th').first().textContent()).toMatch(/^BTC BINANCE USDT$/)
  await heading.getByRole('button', { name: 'Change' }).click()
  expect(await heading.getAttribute('aria-sort')).toBe('ascending')
  expect(await changes()).toEqual(before.toSorted((a, b) => a - b))
  await heading.getByRole('button', { name: 'Change' }).click()
  expect(await page.locator('.watch .group').count()).toBe(3)
})

test('says what each market turned over in a day, as SQL sums it, and puts them in that order', async () => {
  const page = await openPage(browser(), `${site.url}/#/markets`)
  await untilText(page, '.watch', /BINANCE USDT 99,887\.50 USDT/)
  const query = `SELECT CAST(round(sum(price * quantity)) AS BIGINT) FROM gold_crypto_trades WHERE exchange = 'KRAKEN' AND symbol = 'BTCUSD'`
  const { rows } = (await (await fetch(`${site.url}/v1/sql?query=${encodeURIComponent(query)}`)).json()) as {
    rows: number[][]
  }
  const turnover = Number(rows[0][0]).toLocaleString('en-US')
  await untilText(page, '.watch tbody tr:has-text("KRAKEN"):has-text("87,")', new RegExp(` ${turnover} USD `))
  await page.getByRole('button', { name: 'Turnover 24 h' }).click()
  const figures = (await page.locator('.watch tbody td:nth-child(4)').allInnerTexts()).map(text =>
    Number(text.replaceAll(/[^\d]/g, '')),
  )
  expect(figures.length).toBe(6)
  expect(figures).toEqual(figures.toSorted((a, b) => b - a))
  await page.getByRole('button', { name: 'Largest 1m move' }).click()
  const moves = (await page.locator('.watch tbody td:nth-child(5)').allInnerTexts()).map(text =>
    Math.abs(Number.parseFloat(text)),
  )
  expect(moves).toEqual(moves.toSorted((a, b) => b - a))
})

test('is put in the order of how old prices are by its heading', async () => {
  const page = await openPage(browser(), `${site.url}/#/markets`)
  await untilText(page, '.watch', /BINANCE USDT 99,887\.50 USDT/)
  const heading = page.locator('.watch th[aria-sort]').filter({ hasText: 'Age' })
  // What each was last traded at, as its title says.
  const titles = () =>
    page.evaluate(
      `[...document.querySelectorAll('.watch .age')].map(age => Date.parse(age.title.slice(10)))`,
    ) as Promise<number[]>
  await heading.getByRole('button').click()
  const oldest = await titles()
  expect(oldest.length).toBeGreaterThan(4)
  expect(oldest).toEqual(oldest.toSorted((a, b) => a - b))
  await heading.getByRole('button').click()
  expect(await titles()).toEqual(oldest.toSorted((a, b) => b - a))
})

test.each([
  [320, /^Left out, as the window is narrow: turnover, largest move, the last hour as a line\. From 1,000 pixels on/],
  [768, /^Left out, as the window is narrow: turnover, largest move\. From 1,000 pixels on/],
])('at %i pixels says which columns are left out', async (width, said) => {
  const page = await openPage(browser(), `${site.url}/#/markets`, { viewport: { width, height: 800 } })
  await untilText(page, 'main .hint', said)
  await page.setViewportSize({ width: 1000, height: 800 })
  await page.locator('main .hint').waitFor({ state: 'detached' })
})
