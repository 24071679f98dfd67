/** The picture of the pipeline in a real browser: what it says is what the API says. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { StatsAnswer } from '../../figures/rows.ts'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { GONE, openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(2, 2))
  // The first of them is refused.
  await site.publish([tradeAt(0, '0.0'), tradeAt(0, '86000.5')])
  await site.report({ fromId: 1, toId: 7 })
})
afterAll(() => site.close())

const stats = async () => (await (await fetch(`${site.url}/v1/stats`)).json()) as StatsAnswer
const grouped = (rows: number) => rows.toLocaleString('en-US')

test('an hour without a trade has nothing to agree: that is said, and is no success', async () => {
  const page = await openPage(browser(), 'about:blank')
  await page.route(/\/v1\/stats/, async route => {
    const answer = (await (await route.fetch()).json()) as StatsAnswer
    const candle_check = { ...answer.candle_check, trades: 0, candles: 0, holds: true }
    await route.fulfill({ json: { ...answer, candle_check } })
  })
  await page.goto(`${site.url}/#/pipeline`)
  await untilText(page, '.candle-check', /UTC: 0 candles of 0 trades, there was nothing to check\.$/)
  expect(await page.locator('.candle-check .up').count()).toBe(0)
})

test('a rate is said to be measured until there is a second answer, which comes soon', async () => {
  const page = await openPage(browser(), `${site.url}/#/pipeline`)
  await page.locator('.hop-Gold').waitFor()
  const hops = await page.locator('.hop-rate').allInnerTexts()
  expect(hops).toEqual(Array.from({ length: 5 }, () => 'measuring…'))
  await untilText(page, '.hop-Gold .hop-rate', /^0\.0 trades\/s$/)
})

test('every hop says what the API says, and what is amiss stands above', async () => {
  const page = await openPage(browser(), `${site.url}/`)
  await page.locator('main').focus()
  await page.keyboard.press('p')
  await page.locator('.hop-Gold').waitFor()
  expect(page.url()).toContain('#/pipeline')
  const { tables, dead_letters, feeds, candle_check } = await stats()
  const rows = (wanted: RegExp) =>
    tables.filter(({ table }) => wanted.test(table)).reduce((sum, table) => sum + table.rows, 0)
  expect(await textOf(page, '.hop-Bronze')).toContain(`messages ${grouped(rows(/^bronze/))}`)
  expect(await textOf(page, '.hop-Silver')).toContain(`trades ${grouped(rows(/^silver_(binance|kraken|coinbase)/))}`)
  expect(await textOf(page, '.hop-DLQ')).toContain(`records ${grouped(rows(/dlq/))}`)
  expect(await textOf(page, '.hop-Gold')).toMatch(
    new RegExp(`waiting nothing lag none committed (now|\\d.* ago) trades ${grouped(rows(/^gold_crypto/))}$`),
  )
  expect(await textOf(page, '.hop-Candles')).toContain(`1m candles ${grouped(rows(/^gold_ohlcv_1m$/))}`)
  expect(feeds.lost).toBe(7)
  expect(await textOf(page, '.hop-Feeds')).toMatch(/BINANCE .* ago.* sought 0 trades lost 7 trades/)
  expect(await textOf(page, '.alarms')).toMatch(
    /7 trades cannot be had any more: BINANCE BTCUSDT, \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Which they are/,
  )
  expect(dead_letters.length).toBe(1)
  expect(await textOf(page, '[aria-labelledby="dead-letters"] tbody')).toBe(`BINANCE ${dead_letters[0].error_type} 1`)
  expect(candle_check.candles).toBeGreaterThan(100)
  expect(await textOf(page, '.candle-check')).toContain(
    `${grouped(candle_check.candles)} candles of ${grouped(candle_check.trades)} trades, all agree.`,
  )
})

test('a rate is what came between two answers; nothing is asked for while the page is hidden', async () => {
  const page = await openPage(browser(), `${site.url}/#/pipeline`)
  const asked: string[] = []
  page.on('request', request => {
    if (request.url().endsWith('/v1/stats')) asked.push(request.url())
  })
  await untilText(page, '.hop-Gold .hop-rate', /^(measuring…|0\.0 trades\/s)$/)
  await site.publish(Array.from({ length: 40 }, (_, place) => tradeAt(place, '86001.5')))
  await page.keyboard.press('r')
  const rate = await untilText(page, '.hop-Gold .hop-rate', /^(?!0\.0 )[\d.]+ trades\/s$/)
  expect(Number(rate.split(' ')[0])).toBeGreaterThan(0)
  const hide = (state: string) =>
    page.evaluate(
      `Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' }); document.dispatchEvent(new Event('visibilitychange'))`,
    )
  await hide('hidden')
  const before = asked.length
  await page.waitForTimeout(11_000)
  expect(asked.length).toBe(before)
  await hide('visible')
  await expect.poll(() => asked.length).toBe(before + 1)
})

test('a lake without anything says so; a server that is gone leaves the figures, with their age, and says why', async () => {
  const empty = await pageLake()
  onTestFinished(() => empty.close())
  const page = await openPage(browser(), `${empty.url}/#/pipeline`, {
    expected: GONE,
  })
  await untilText(page, 'main', /Nothing has come yet/)
  await empty.publish([tradeAt(0, '86000.5')])
  await untilText(page, '.hop-Gold', /trades 1$/)
  await empty.endServer()
  await page.keyboard.press('r')
  await untilText(page, '.pipeline .problem', /No newer figures: The server does not answer\./)
  expect(await textOf(page, '.hop-Gold')).toMatch(/trades 1$/)
  await empty.beginServer()
  await page.getByRole('button', { name: 'Ask now' }).click()
  await page.locator('.pipeline .problem').waitFor({ state: 'detached' })
})
