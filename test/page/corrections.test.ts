/** Candles that a late trade changed, found in a real browser over a real lake. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, picture, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(1, 2))
  // The commit before has closed its minute.
  await site.publish([tradeAt(20 * 60_000, '86123.5')])
})
afterAll(() => site.close())

test('a candle that a late trade changed is found, and leads to its chart', async () => {
  const page = await openPage(browser(), `${site.url}/`)
  await page.locator('main').focus()
  await page.keyboard.press('l')
  await untilText(page, '.corrections h2', /^1 minute of the last 1d changed after it had closed$/)
  expect(page.url()).toContain('#/corrections')
  expect(await textOf(page, '.corrections tbody')).toMatch(
    /^BINANCE:BTCUSDT [\d-]+ \d\d:\d\d [\d-]+ [\d:]+ (19|20) min$/,
  )
  await picture(page, 'corrections')
  await page.getByRole('searchbox').fill('kraken')
  await untilText(page, '.corrections', /No market has all of these words/)
  await page.getByRole('searchbox').fill('')
  await page.getByRole('link', { name: 'BINANCE:BTCUSDT' }).click()
  await page.waitForURL(/#\/chart\?market=BINANCE:BTCUSDT&from=/)
  await page.locator('.legend .figures').first().waitFor()
})

test('where none changed that is said', async () => {
  const clean = await pageLake()
  onTestFinished(() => clean.close())
  await clean.publish(history(1, 1))
  const page = await openPage(browser(), `${clean.url}/#/corrections?changed=6h`)
  await untilText(page, 'main', /No candle changed after it had closed Of the last 6h no minute had a late trade/)
})
