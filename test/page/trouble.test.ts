/** One vocabulary of what is missing: the same numbers of the same time in the chart, the map of coverage, the pipeline and the API. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nextNumber, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
const MINUTE = 60_000
let site: PageLake
/** The second of twelve numbers that are not here, and the first of those that were refused. */
let first: number

beforeAll(async () => {
  site = await pageLake()
  const symbol = 'SOLUSDT'
  const trades = Array.from({ length: 60 }, (_, at) => tradeAt((64 - at) * MINUTE, '150.25', { symbol }))
  await site.publish(trades)
  // Two that are refused, one of which the feed could not read either; then nine that nobody has, three of them lost.
  first = nextNumber('BINANCE', symbol) + 1
  await site.publish([tradeAt(3 * MINUTE, '0', { symbol }), tradeAt(3 * MINUTE, '0', { symbol })])
  nextNumber('BINANCE', symbol, 8)
  await site.publish([tradeAt(2 * MINUTE, '150.5', { symbol })])
  const at = {
    symbol,
    fromTime: BigInt(Date.now() - 3 * MINUTE) * 1000n,
    toTime: BigInt(Date.now() - 2 * MINUTE) * 1000n,
  }
  await site.report({ ...at, kind: 'unreadable', status: 'unreadable', fromId: first, toId: first, raw: '{"p":"x"}' })
  await site.report({ ...at, fromId: first + 4, toId: first + 6 })
})
afterAll(() => site.close())

const TEXT = '12 missing: 3 lost, 1 unreadable, 1 refused, 7 unexplained'

test('the chart, the map and the terminal’s words count each missing number once, and alike', async () => {
  const page = await openPage(browser(), `${site.url}/#/chart?market=BINANCE:SOLUSDT`)
  const foot = await untilText(page, '.foot', /missing/)
  expect(foot).toContain(TEXT)
  expect(await page.locator('.foot .gap-text').getAttribute('title')).toMatch(
    /missing: the exchange gave the number, and its trade is not here\nlost: .*\nunreadable: .*\nrefused: .*\nunexplained: .*\ngap: a feed says/s,
  )
  await page.locator('main').focus()
  for (let step = 0; step < 6 && !(await textOf(page, '.legend')).includes('missing'); step++)
    await page.keyboard.press('ArrowLeft')
  expect(await textOf(page, '.legend .gap-text')).toMatch(
    /^Of 13 numbers 12 missing: 3 lost, 1 unreadable, 1 refused, 7 unexplained\./,
  )
  await page.locator('.foot .gap-text').click()
  await page.waitForURL(/#\/coverage/)
  const cells = page.locator('tr:has(th:has-text("BINANCE SOLUSDT")) td.heat-lost')
  await cells.first().waitFor()
  expect(await cells.first().getAttribute('title')).toContain(TEXT)
  await cells.first().click()
  const list = await untilText(page, 'dialog .figures-list', /unexplained/)
  expect(list).toMatch(/Missing 12 lost: .* 3 unreadable: .* 1 sought 0 refused: .* 1 absent 0 unexplained: .* 7$/)
})

test('what could not be read is said with its market and time, and leads to what came in its place', async () => {
  const page = await openPage(browser(), `${site.url}/#/pipeline`)
  const alarms = await untilText(page, '.alarms', /could not be read/)
  expect(alarms).toMatch(/1 trade could not be read: BINANCE SOLUSDT, \d{4}-\d\d-\d\d \d\d:\d\d to .*\d\d:\d\d UTC\./)
  expect(await textOf(page, '.hop-Feeds')).toMatch(/sought 0 trades lost 3 trades unreadable 1 trade/)
  await page.locator('.alarms p', { hasText: 'could not be read' }).getByRole('link').click()
  const sample = page.locator('.reported details', { hasText: 'unreadable' })
  await sample.locator('summary').click()
  expect(await sample.locator('pre').textContent()).toBe('{"p":"x"}')
  expect(await textOf(page, '.reported')).toContain(
    'unreadable: the exchange sent a trade that the feed could not read',
  )
})

test('what a window lacks is counted when it has closed, however long ago the whole was asked for', async () => {
  const symbol = 'XRPUSDT'
  await site.publish(Array.from({ length: 30 }, (_, at) => tradeAt((34 - at) * MINUTE, '2.5', { symbol })))
  const page = await openPage(browser(), 'about:blank')
  const answered = page.waitForResponse(/\/v1\/coverage\?/)
  await page.goto(`${site.url}/#/chart?market=BINANCE:XRPUSDT`)
  await answered
  expect(await untilText(page, '.foot', /windows of 1m/)).not.toMatch(/missing/)
  nextNumber('BINANCE', symbol, 3)
  await site.publish([tradeAt(MINUTE, '2.75', { symbol })])
  await untilText(page, '.foot', /4 missing: 4 unexplained/)
})
