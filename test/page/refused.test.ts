/** What was refused, in a real browser over a real lake: why, when, and byte for byte. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { lakeSink } from '../../embedded/lake-sink.ts'
import { drainLake } from '../embedded/support.ts'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, picture, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

/** Puts values into an exchange's topic as they are, and takes them through every stage. */
async function send(values: readonly Uint8Array[], exchange = 'binance'): Promise<void> {
  const sink = lakeSink(site.lake, () => {})
  await sink.send(
    values.map(value => ({ topic: topicName(exchange), key: Buffer.from('BTCUSDT'), value, timestamp: Date.now() })),
  )
  await drainLake(site.lake)
}

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(1, 2))
  await send([encodeTrade(tradeAt(0, '0.0')), encodeTrade(tradeAt(0, '0.0'))])
  await send([Buffer.from('{"price": "86000.5"}')], 'kraken')
})
afterAll(() => site.close())

test('stands by what was wrong, in words, with how often and when', async () => {
  const page = await openPage(browser(), `${site.url}/`)
  await page.locator('main').focus()
  await page.keyboard.press('f')
  await untilText(page, '.refused h2', /^3 records in the last 1d$/)
  const rows = page.locator('.faults tbody tr')
  expect(await rows.count()).toBe(2)
  expect(await textOf(page, '.faults tbody tr:first-child')).toMatch(
    /^price_validation the price is not above zero \(BINANCE 2\) 2 most from [\d-]+ \d\d:00 on$/,
  )
  expect(await textOf(page, '.faults tbody tr:last-child')).toMatch(
    /^deserialization_failed_or_null_fields the bytes are no trade.* \(KRAKEN 1\) 1 /,
  )
})

test('is sorted by what was wrong, by how often and by when', async () => {
  const page = await openPage(browser(), `${site.url}/#/refused`)
  await untilText(page, '.refused h2', /^3 records/)
  const first = () => textOf(page, '.faults tbody tr:first-child b')
  expect(await first()).toBe('price_validation')
  await page.locator('.faults').getByRole('button', { name: 'What was wrong' }).click()
  expect(await first()).toBe('deserialization_failed_or_null_fields')
  await page.locator('.faults').getByRole('button', { name: 'What was wrong' }).click()
  expect(await first()).toBe('price_validation')
  await page.locator('.faults').getByRole('button', { name: 'Records' }).click()
  await page.locator('.faults').getByRole('button', { name: 'Records' }).click()
  expect(await first()).toBe('deserialization_failed_or_null_fields')
})

test('of a time on is counted alone, by what is typed or what the address says; a text that is no time is refused in words', async () => {
  const page = await openPage(browser(), `${site.url}/#/refused`)
  await untilText(page, '.refused h2', /^3 records in the last 1d$/)
  await page.keyboard.press('j')
  const field = page.getByLabel('Since (UTC)')
  await field.fill('2026-02-30')
  await page.keyboard.press('Enter')
  await untilText(page, '.since .problem', /^There is no day 2026-02-30\.$/)
  await field.fill('2099-01-01')
  await page.keyboard.press('Enter')
  await untilText(page, '.since .problem', /^The range is empty: 2099-01-01 is not before now\.$/)
  await field.fill('2020-01-01 10:00')
  await page.keyboard.press('Enter')
  await page.waitForURL(/since=2020-01-01T10:00:00\.000Z/)
  await untilText(page, '.refused h2', /^3 records since 2020-01-01 10:00 UTC$/)
  await untilText(page, '.faults thead', /When: 2020-01-01 10:00 to now/)
  // Between the records and now: none of them.
  const late = new Date(Date.now() - 1).toISOString()
  await page.goto(`${site.url}/#/refused?since=${late}`)
  await untilText(page, 'main', /Nothing was refused Every record since [\d-]+ \d\d:\d\d UTC was a valid trade/)
  await page.getByRole('button', { name: '1d', exact: true }).click()
  await untilText(page, '.refused h2', /^3 records in the last 1d$/)
})

test('opens to the bytes, and to what they say where they are a trade', async () => {
  const page = await openPage(browser(), `${site.url}/#/refused`)
  await page.locator('.letter summary').first().waitFor()
  expect(await page.locator('.letter').count()).toBe(3)
  // The newest: no trade at all.
  await page.locator('.letter summary').first().focus()
  await page.keyboard.press('Enter')
  await untilText(
    page,
    '.hex',
    /^0000 7b 22 70 72 69 63 65 22 3a 20 22 38 36 30 30 30 \{"price": "86000 0010 2e 35 22 7d \.5"\}$/,
  )
  expect(await textOf(page, '.letter-body')).toMatch(/Length 20 bytes.*It cannot be read as a trade/)
  await page.keyboard.press('Enter')
  await page.locator('.letter summary').nth(1).click()
  const said = await untilText(page, '.letter-body', /What it says/)
  expect(said).toMatch(/price 0\.00000000 quantity 0\.01200000 currency USDT side (BUY|SELL)/)
  expect(said).toMatch(/timestamp \d{16} \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\)/)
  await picture(page, 'refused-opened')
})

test('of one fault alone is shown by a click, is in the address, and Escape shows all again', async () => {
  const page = await openPage(browser(), `${site.url}/#/refused`)
  await page.getByRole('button', { name: 'price_validation' }).click()
  await untilText(page, '#letters', /^The newest of price_validation$/)
  await expect.poll(() => page.locator('.letter').count()).toBe(2)
  expect(page.url()).toContain('error=price_validation')
  await page.keyboard.press('Escape')
  await expect.poll(() => page.locator('.letter').count()).toBe(3)
  await page.keyboard.press('[')
  await page.waitForURL(/since=6h/)
  await untilText(page, '.refused h2', /^3 records in the last 6h$/)
})

test('keeps what is open when newer ones come, and goes back page by page', async () => {
  const page = await openPage(browser(), `${site.url}/#/refused`)
  await page.locator('.letter summary').first().waitFor()
  await page.locator('.letter summary').first().click()
  await page.locator('.hex').waitFor()
  await send(Array.from({ length: 2 }, () => Buffer.from('not Avro')))
  await page.keyboard.press('r')
  await expect.poll(() => page.locator('.letter').count()).toBe(5)
  expect(await page.locator('.letter[open]').count()).toBe(1)
  expect(await textOf(page, '.letter[open] .hex')).toContain('{"price')
  await send(Array.from({ length: 40 }, () => Buffer.from('not Avro')))
  await page.keyboard.press('r')
  await untilText(page, '.refused h2', /^45 records/)
  await expect.poll(() => page.locator('.letter').count()).toBe(20)
  for (const shown of [40, 45]) {
    await page.getByRole('button', { name: 'Older records' }).click()
    await expect.poll(() => page.locator('.letter').count()).toBe(shown)
  }
  expect(await page.getByRole('button', { name: 'Older records' }).count()).toBe(0)
})

test('is nothing in a lake that refused nothing', async () => {
  const clean = await pageLake()
  onTestFinished(() => clean.close())
  const page = await openPage(browser(), `${clean.url}/#/refused`)
  await untilText(page, 'main', /Nothing was refused/)
})
