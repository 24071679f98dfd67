/** The tables in a real browser over a real lake, before and behind maintenance. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TableRow } from '../../figures/operator-rows.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { history, type PageLake, pageLake } from './page-lake.ts'
import { openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(2, 2))
})
afterAll(() => site.close())

const cells = (table: string) => `.tables tbody tr:has(th:text-is("${table}"))`

test('say what the API says, sorted by any column, by click and by key', async () => {
  const page = await openPage(browser(), `${site.url}/`)
  await page.locator('main').focus()
  await page.keyboard.press('b')
  await page.locator('.tables tbody tr').first().waitFor()
  const { data } = (await (await fetch(`${site.url}/v1/tables`)).json()) as { data: TableRow[] }
  const gold = data.find(({ table }) => table === 'gold_crypto_trades') as TableRow
  expect(await textOf(page, cells('gold_crypto_trades'))).toMatch(
    new RegExp(
      `^gold_crypto_trades ${gold.rows.toLocaleString('en-US')} \\+${gold.rows.toLocaleString('en-US')} ${gold.data_files} 0 [\\d.]+ kB [\\d.]+ kB ${gold.snapshots} (now|\\d+ s ago) \\d+ 0 never never never$`,
    ),
  )
  const names = () => page.locator('.tables tbody th').allTextContents()
  expect(await names()).toEqual([...(await names())].sort())
  await page.getByRole('button', { name: 'Rows' }).click()
  // Equal ones as the API has them: which are equal depends on the minute.
  const byRows = data.toSorted((a, b) => b.rows - a.rows).map(({ table }) => table)
  expect(await names()).toEqual(byRows)
  expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending')
  await page.locator('main').focus()
  await page.keyboard.press('i')
  await expect.poll(() => page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending')
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => textOf(page, 'th[aria-sort]')).toBe('Grown in 1 h ↓')
})

test('show what maintenance did, and pins', async () => {
  const page = await openPage(browser(), `${site.url}/#/tables`)
  await page.locator('.tables tbody tr').first().waitFor()
  expect(await textOf(page, cells('gold_ohlcv_1m'))).toMatch(/ 0 never never never$/)
  await fetch(`${site.url}/v1/pins/kept`, { method: 'PUT' })
  const { ports, exchanges } = site.lake
  await maintain(ports, exchanges, Number.POSITIVE_INFINITY, { sweepEveryMs: 0 })
  await page.keyboard.press('r')
  await untilText(page, cells('gold_ohlcv_1m'), / 1 never never (now|\d+ s ago)$/)
})

test('are none in a new lake, which says so', async () => {
  const empty = await pageLake()
  onTestFinished(() => empty.close())
  const page = await openPage(browser(), `${empty.url}/#/tables`)
  await untilText(page, 'main', /No tables yet/)
})

test('say when a narrow window has not room for all columns', async () => {
  const page = await openPage(browser(), `${site.url}/#/tables`, { viewport: { width: 600, height: 800 } })
  await untilText(page, 'main .hint', /^Not all columns have room: move the table sideways\.$/)
  await page.setViewportSize({ width: 1600, height: 800 })
  await page.locator('main .hint').waitFor({ state: 'detached' })
})
