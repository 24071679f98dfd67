/** The map of what is complete, in a real browser over a real lake: down to the numbers that are missing. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { history, nextNumber, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { GONE, openPage, picture, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
const HOUR = 3_600_000
let site: PageLake
/** The first of six numbers of BINANCE's ETHUSDT that have no trade here. */
let first: number
/** Trades of KRAKEN BTCUSD in the hour after the one in which it began: 120, one more or one less. */
let inSecondHour: number

beforeAll(async () => {
  site = await pageLake()
  const trades = history(3, 2)
  const hours = trades
    .filter(({ exchange, symbol }) => exchange === 'KRAKEN' && symbol === 'BTCUSD')
    .map(({ timestamp }) => timestamp / 3_600_000_000n)
  inSecondHour = hours.filter(hour => hour === hours[0] + 1n).length
  await site.publish(trades)
  first = nextNumber('BINANCE', 'ETHUSDT', 5) - 5
  await site.publish([tradeAt(0, '3145.25', { symbol: 'ETHUSDT' })])
  await site.report({ symbol: 'ETHUSDT', fromId: first + 1, toId: first + 2 })
  const kraken = { exchange: 'KRAKEN', symbol: 'ETHUSD', currency: 'USD' }
  // Two are free of charge, which Silver refuses.
  await site.publish(['0', '0', '3145.25'].map(price => tradeAt(0, price, kraken)))
})
afterAll(() => site.close())

/** The name of a cell of the newest hour, as a screen reader has it. */
const cell = (market: string) => `tr:has(th:has-text("${market}")) td:last-child`

test('says of each market and hour whether all is there, in words, by sign and by colour', async () => {
  const page = await openPage(browser(), `${site.url}/`)
  await page.locator('main').focus()
  await page.keyboard.press('h')
  await page.locator('.heat td').first().waitFor()
  expect(page.url()).toContain('#/coverage')
  expect(await page.locator('.heat tbody tr').count()).toBe(6)
  expect(await page.locator('.heat thead tr').last().locator('th').count()).toBe(
    Math.floor(Date.now() / HOUR) - Math.floor((Date.now() - 3 * HOUR) / HOUR) + 1,
  )
  const eth = page.locator(cell('BINANCE ETHUSDT'))
  expect(await eth.getAttribute('aria-label')).toMatch(
    /^lost, not over yet: trades cannot be had any more; \d+ trades?, 6 missing: 2 lost, 4 unexplained$/,
  )
  expect(await eth.textContent()).toBe('×')
  const btc = page.locator('tr:has(th:has-text("KRAKEN BTCUSD")) td').nth(1)
  expect(await btc.getAttribute('aria-label')).toBe(`complete: nothing is missing; ${inSecondHour} trades`)
  expect(Math.abs(inSecondHour - 120)).toBeLessThanOrEqual(1)
  expect(await textOf(page, 'tr:has(th:has-text("KRAKEN BTCUSD")) th .muted')).toMatch(/^(\d)\/\1$/)
  expect(await textOf(page, '.heat-legend')).toMatch(/1 hour lost: trades cannot be had any more/)
  // What the legend shows of an open hour is half as high, as the hour is.
  const share = await page.evaluate(`(() => {
    const key = document.querySelector('.heat-key.heat-open')
    return parseFloat(getComputedStyle(key).borderTopWidth) / key.getBoundingClientRect().height
  })()`)
  expect(share).toBeCloseTo(0.5, 1)
})

test('says of the hour in which a market began from when on it is there, and does not count it as complete', async () => {
  const page = await openPage(browser(), `${site.url}/#/coverage`)
  await page.locator('.heat td').first().waitFor()
  const { data } = (await (await fetch(`${site.url}/v1/symbols?symbols=KRAKEN:BTCUSD`)).json()) as {
    data: { first_trade: string }[]
  }
  const began = Date.parse(data[0].first_trade)
  const line = 'tr:has(th:has-text("KRAKEN BTCUSD"))'
  const isPart = began % HOUR >= 60_000
  const said = isPart ? `complete from ${data[0].first_trade.slice(11, 16)} on: ` : 'complete: '
  expect(await page.locator(`${line} td`).first().getAttribute('aria-label')).toContain(said)
  const ended = Math.floor(Date.now() / HOUR) - Math.floor(began / HOUR) - (isPart ? 1 : 0)
  expect(await textOf(page, `${line} th .muted`)).toBe(`${ended}/${ended}`)
})

test('has those markets first that lack most, by the heading of their column', async () => {
  const page = await openPage(browser(), `${site.url}/#/coverage`)
  await page.locator('.heat td').first().waitFor()
  const names = async () =>
    (await page.locator('.heat tbody th').allInnerTexts()).map(text => text.split(/\s+/).slice(0, 2).join(' '))
  const byName = await names()
  await page.locator('.heat-market button').click()
  expect((await names())[0]).toBe('BINANCE ETHUSDT')
  expect((await names()).toSorted()).toEqual(byName.toSorted())
  await page.locator('.heat-market button').click()
  expect(await names()).toEqual(byName)
})

test('is walked by key, and a cell opens its figures down to the missing numbers', async () => {
  const page = await openPage(browser(), `${site.url}/#/coverage`)
  await page.locator('.heat td').first().waitFor()
  // The only cell that the tabulator key comes to is the newest hour of the first market.
  await page.locator('.heat td[tabindex="0"]').focus()
  const focused = () => page.evaluate('document.activeElement.closest("tr").querySelector("th").innerText')
  expect(await focused()).toMatch(/BINANCE BTCUSDT/)
  await page.keyboard.press('ArrowDown')
  await expect.poll(focused).toMatch(/BINANCE ETHUSDT/)
  await page.keyboard.press('Home')
  await expect.poll(() => page.evaluate('document.activeElement.cellIndex')).toBe(1)
  await page.keyboard.press('End')
  await expect.poll(() => page.evaluate('document.activeElement.nextElementSibling')).toBe(null)
  await page.keyboard.press('Enter')
  await untilText(page, 'dialog h2', /^BINANCE ETHUSDT, [\d-]+ \d\d:00 to/)
  const ranges = await untilText(page, 'dialog .scrolled tbody', /lost/)
  expect(ranges).toMatch(new RegExp(`^${first} 1 nothing [\\d:.]+ and [\\d:.]+ `))
  expect(ranges).toMatch(new RegExp(`${first + 1} to ${first + 2} 2 lost: skipped in the stream`))
  expect(ranges).toMatch(new RegExp(`${first + 3} to ${first + 5} 3 nothing`))
  expect(await textOf(page, 'dialog .figures-list')).toMatch(
    /Fetched later 0 Missing 6 lost: .* 2 unreadable 0 sought 0 refused 0 absent 0 unexplained: .* 4$/,
  )
  await picture(page, 'dialog-coverage')
  await page.getByRole('button', { name: 'Its candles' }).click()
  await page.waitForURL(/#\/chart\?market=BINANCE:ETHUSDT&from=.*&to=/)
  await untilText(page, '.market-button', /ETH\/USDT/)
})

test('says of trades that were refused that they are not simply missing', async () => {
  const page = await openPage(browser(), `${site.url}/#/coverage`)
  const refused = page.locator(cell('KRAKEN ETHUSD'))
  await refused.waitFor()
  expect(await refused.getAttribute('aria-label')).toMatch(
    /^refused, not over yet: trades came and were refused: the Refused view says why; \d+ trades?, 2 missing: 2 refused$/,
  )
  expect(await refused.textContent()).toBe('!')
  expect(await textOf(page, '.heat-legend')).toMatch(/1 hour refused: trades came and were refused/)
  await refused.click()
  expect(await untilText(page, 'dialog .scrolled tbody', /refused/)).toMatch(/^\d+ to \d+ 2 refused [\d:.]+ and/)
  expect(await textOf(page, 'dialog .figures-list')).toMatch(
    /Fetched later 0 Missing 2 lost 0 unreadable 0 sought 0 refused: .* 2 absent 0/,
  )
  await picture(page, 'dialog-refused')
})

test('goes back days by key, and is in the address', async () => {
  const page = await openPage(browser(), `${site.url}/#/coverage?hours=1w`)
  await page.locator('.heat td').first().waitFor()
  await page.keyboard.press(']')
  await page.waitForURL(/hours=1M/)
  await untilText(page, '.heat thead', /^Market ↑ \d{4}-\d\d/)
  expect(await page.locator('.heat').getAttribute('aria-label')).toBe('Coverage by market and day')
  await page.locator('.coverage input').fill('kraken eth')
  await expect.poll(() => page.locator('.heat tbody tr').count()).toBe(1)
  await page.locator('.coverage input').fill('doge')
  await untilText(page, 'main', /No market has all of these words/)
})

test('of a lake without trades says so, and keeps what it has while the server is gone', async () => {
  const empty = await pageLake()
  onTestFinished(() => empty.close())
  const page = await openPage(browser(), `${empty.url}/#/coverage`, {
    expected: GONE,
  })
  await untilText(page, 'main', /No trades yet/)
  await empty.publish([tradeAt(0, '86000.5')])
  await page.keyboard.press('r')
  await page.locator('.heat td').first().waitFor()
  await empty.endServer()
  await page.keyboard.press('r')
  await untilText(page, '.asked', /Nothing newer: The server does not answer\./)
  expect(await page.locator('.heat td').count()).toBe(1)
  await empty.beginServer()
  await page.keyboard.press('r')
  await page.locator('.asked .problem').waitFor({ state: 'detached' })
})

test('shows all of more markets and hours than one answer may have', async () => {
  const many = await pageLake()
  onTestFinished(() => many.close())
  // 130 markets by 168 hours are 21,840 rows.
  const symbols = Array.from(
    { length: 130 },
    (_, n) => `A${String.fromCharCode(65 + (n % 26), 65 + Math.floor(n / 26))}USDT`,
  )
  await many.publish([8 * 24 * HOUR, 0].flatMap(ago => symbols.map(symbol => tradeAt(ago, '12.5', { symbol }))))
  const page = await openPage(browser(), `${many.url}/#/coverage?hours=1w`, { expected: /status of 413/ })
  await page.locator('.heat td').first().waitFor()
  expect(await page.locator('.heat tbody tr').count()).toBe(130)
  expect(await page.locator('.heat tbody tr').last().locator('td').count()).toBe(168)
})
