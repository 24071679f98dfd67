/** The audit in a real browser over a real lake: one that holds, one that is damaged, and a key that may only read. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { systemSecret } from '../../adapters/system.ts'
import { addKey } from '../../domain/access-keys.ts'
import { candleTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { history, type PageLake, pageLake } from './page-lake.ts'
import { GONE, openPage, picture, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(1, 4))
})
afterAll(() => site.close())

test('is made by a button, shows how far it is, and its verdict stays when the page is opened anew', async () => {
  const page = await openPage(browser(), `${site.url}/`, { expected: GONE })
  await page.locator('main').focus()
  await page.keyboard.press('u')
  await untilText(page, '.audit', /No audit was asked for here yet/)
  await picture(page, 'audit-none')
  await page.getByRole('button', { name: 'Make an audit' }).click()
  await untilText(
    page,
    '.audit .alarms',
    /^All six laws hold: nothing is lost, nothing doubled, and every candle is exact\.$/,
  )
  expect(await page.locator('.law').count()).toBe(6)
  expect(await textOf(page, '.law:has-text("Candles are a fold of Gold")')).toMatch(/4\. .* holds /)
  const other = await openPage(browser(), `${site.url}/#/audit`, { expected: GONE })
  expect(await untilText(other, '.audit', /Made (now|\d+ s ago)/)).toMatch(/All six laws hold/)
  // Another server of the same lake knows it too.
  await site.endServer()
  await site.beginServer()
  await other.reload()
  expect(await untilText(other, '.audit', /Made (now|\d+ s ago)/)).toMatch(/All six laws hold/)
  // By key, while it is under way the button waits.
  await other.keyboard.press('a')
  await untilText(other, '.audit', /An audit is under way/)
  expect(await other.getByRole('button', { name: 'An audit is under way' }).isDisabled()).toBe(true)
  await other.getByRole('button', { name: 'Make an audit' }).waitFor()
})

test('of a damaged lake names the law that is broken, and what breaks it', async () => {
  const damaged = await pageLake()
  onTestFinished(() => damaged.close())
  await damaged.publish(history(1, 4))
  const { ports } = damaged.lake
  const minutes = await openTable(ports, candleTable(TIMEFRAMES[0]))
  if (!minutes) throw new Error('The lake has no candles.')
  const [file] = await planFiles(ports, minutes)
  await ports.store.delete([file.key])
  const page = await openPage(browser(), `${damaged.url}/#/audit`, { expected: /status of 500/ })
  await page.getByRole('button', { name: 'Make an audit' }).click()
  await untilText(page, '.audit .alarms-some', /(A law is|laws are) broken: .*Every file is there and whole/)
  const broken = page.locator('.law-broken:has-text("Every file is there and whole") details')
  await broken.first().locator('summary').click()
  await expect.poll(() => broken.first().locator('li').first().textContent()).toContain('gold_ohlcv_1m')
  await picture(page, 'audit-broken')
})

test('is refused to a key that may only read, in words', async () => {
  const locked = await pageLake('keys')
  onTestFinished(() => locked.close())
  await locked.publish(history(1, 1))
  const key = { secret: systemSecret(), name: 'page', scopes: ['read'], expiresAt: undefined } as const
  const { text } = await addKey(locked.lake.ports, key)
  const page = await openPage(browser(), `${locked.url}/#/audit`, { expected: /status of 40[13]/ })
  await page.getByRole('textbox', { name: 'Key' }).fill(text)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Make an audit' }).click()
  await untilText(
    page,
    '.audit .problem',
    /^No audit was begun: The key \S+ may not write to market_data: its scopes are read\.$/,
  )
})
