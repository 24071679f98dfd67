/** Queries in SQL in a real browser over a real lake. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { history, type PageLake, pageLake } from './page-lake.ts'
import { openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(2, 2))
})
afterAll(() => site.close())

const ENDLESS = 'SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11'
const CLOSES =
  "SELECT window_start, symbol, close_price FROM gold_ohlcv_1m WHERE exchange = 'BINANCE' AND symbol <> 'SHIBUSDT' ORDER BY 1, 2"

test('a query is written, run and read by key', async () => {
  const page = await openPage(browser(), `${site.url}/`)
  await page.locator('main').focus()
  await page.keyboard.press('q')
  await page.keyboard.press('/')
  await page.keyboard.type(
    'SELECT symbol, 0.1::DECIMAL(20,10) AS price, NULL AS nothing FROM gold_crypto_trades LIMIT 2',
  )
  await page.keyboard.press('Control+Enter')
  await untilText(page, '.sql [role=status]', /^2 rows, in [\d.,]+ ms$/)
  expect(await page.locator('.sql-rows thead th').allTextContents()).toEqual(['symbol', 'price', 'nothing'])
  expect(await page.locator('.sql-rows tbody tr').first().locator('td').allTextContents()).toEqual([
    expect.stringMatching(/^[A-Z]+$/),
    '0.1000000000',
    'null',
  ])
})

test('an answer is drawn as lines, and taken along as CSV', async () => {
  const page = await openPage(browser(), `${site.url}/#/sql?query=${encodeURIComponent(CLOSES)}`)
  await untilText(page, '.sql [role=status]', /^\d+ rows, in/)
  await page.getByRole('button', { name: 'Lines' }).click()
  await page.getByRole('img', { name: 'BTCUSDT, ETHUSDT by window_start' }).waitFor()
  expect(await textOf(page, '.sql-chart figcaption')).toBe('BTCUSDT ETHUSDT')
  // Something is drawn: not all of the picture is of one colour.
  const colours = await page.evaluate(`(() => {
    const canvas = document.querySelector('.sql-chart canvas')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return new Set(new Uint32Array(data.buffer)).size
  })()`)
  expect(colours).toBeGreaterThan(3)
  const taken = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  const stream = await (await taken).createReadStream()
  const text = (await stream.toArray()).map(String).join('')
  expect(text).toMatch(/^window_start,symbol,close_price\n\d{4}-\d\d-\d\d \d\d:\d\d:00\+00,BTCUSDT,\d+\.\d{10}\n/)
})

test('a query that takes long is ended by key, and the next is answered', async () => {
  const page = await openPage(browser(), `${site.url}/#/sql?query=${encodeURIComponent(ENDLESS)}`)
  await untilText(page, '.sql [role=status]', /^running for \d+ s…$/)
  await page.getByRole('button', { name: 'Cancel' }).waitFor()
  await page.locator('main').focus()
  await page.keyboard.press('x')
  await untilText(page, '.sql [role=status]', /^The query was ended\.$/)
  await page.getByLabel('Query').fill('SELECT 42 AS answer')
  await page.getByRole('button', { name: 'Run' }).click()
  await untilText(page, '.sql-rows', /^answer 42$/)
})

test('what is wrong is said, and what was asked before is there after the page was closed', async () => {
  const page = await openPage(browser(), `${site.url}/#/sql`, { expected: /400/ })
  await page.getByLabel('Query').fill('SELECT * FROM gold_trades')
  await page.getByRole('button', { name: 'Run' }).click()
  await untilText(page, '[role=alert]', /^There is no table gold_trades: /)
  await page.getByText('Tables', { exact: false }).locator('xpath=ancestor-or-self::summary').first().click()
  await page.locator('.sql-choices code', { hasText: 'DESCRIBE gold_ohlcv_1m' }).first().click()
  expect(await page.getByLabel('Query').inputValue()).toBe('DESCRIBE gold_ohlcv_1m')
  await page.getByLabel('Query').fill("SELECT * FROM gold_crypto_trades WHERE exchange = 'Kraken'")
  await page.getByRole('button', { name: 'Run' }).click()
  await untilText(
    page,
    '.sql',
    /There is no exchange Kraken in gold_crypto_trades: there are BINANCE, COINBASE, KRAKEN\./,
  )
  await page.getByLabel('Query').fill('SELECT 1')
  await page.getByRole('button', { name: 'Run' }).click()
  await untilText(page, '.sql-rows', /^1 1$/)
  await page.getByLabel('Query').fill(`SELECT '${'é'.repeat(5_000)}'`)
  await page.getByRole('button', { name: 'Run' }).click()
  await untilText(page, '[role=alert]', /^The query is too long: tradelake sql takes any\.$/)
  await page.goto('about:blank')
  await page.goto(`${site.url}/#/sql`)
  await page.getByText('Asked before').click()
  const before = page.locator('details', { hasText: 'Asked before' })
  expect(await before.locator('.sql-choices code').allTextContents()).toEqual([
    'SELECT 1',
    "SELECT * FROM gold_crypto_trades WHERE exchange = 'Kraken'",
    'SELECT * FROM gold_trades',
  ])
  await before.locator('code').nth(1).click()
  expect(await page.getByLabel('Query').inputValue()).toBe("SELECT * FROM gold_crypto_trades WHERE exchange = 'Kraken'")
})

test('every example is answered', async () => {
  const page = await openPage(browser(), `${site.url}/#/sql`)
  const examples = page.locator('details', { hasText: 'Examples' }).locator('code')
  await examples.first().waitFor()
  const queries = await examples.allTextContents()
  expect(queries.length).toBeGreaterThan(3)
  for (const query of queries) {
    const answer = await fetch(`${site.url}/v1/sql?query=${encodeURIComponent(query)}`)
    expect([query, answer.status, await answer.text()]).toEqual([query, 200, expect.stringContaining('"rows":[')])
  }
})
