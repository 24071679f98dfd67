/** What the page says while there is nothing yet, while the server is gone, and where it asks for a key. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { systemSecret } from '../../adapters/system.ts'
import { addKey } from '../../domain/access-keys.ts'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { GONE, openPage, picture, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()

describe('a server that is ended and begun again', () => {
  let site: PageLake
  beforeAll(async () => {
    site = await pageLake()
    await site.publish(history(1, 2))
  })
  afterAll(() => site.close())

  test('is missed, in words, and what came meanwhile is there when it is back', async () => {
    const page = await openPage(browser(), `${site.url}/#/chart?market=BINANCE:BTCUSDT`, { expected: GONE })
    await untilText(page, '.sign', /live/)
    await page.locator('.legend .figures').first().waitFor()
    await site.endServer()
    await untilText(
      page,
      '.bar-broken',
      /Not live for [\d.]+ s: The server does not answer\. What is shown is as it was\./,
    )
    expect(await textOf(page, '.sign')).toBe('broken')
    await picture(page, 'state-broken')
    expect(await page.locator('.legend .figures').count()).toBeGreaterThan(0)
    // It does not help yet, and does no harm.
    await page.getByRole('button', { name: 'Try now' }).click()
    await site.publish([tradeAt(0, '85555.25')])
    await site.beginServer()
    await untilText(page, '.bar-restored', /Connected again\. All that was committed meanwhile is here\./)
    await picture(page, 'state-restored')
    await untilText(page, '.legend', /C 85,555\.25/)
    await untilText(page, '.sign', /live/)
  })
})

test('a lake without trades says what will come, and then it is there', async () => {
  const site = await pageLake()
  onTestFinished(() => site.close())
  const page = await openPage(browser(), `${site.url}/`)
  await untilText(page, 'main', /No trades yet/)
  await picture(page, 'state-empty')
  await site.publish([tradeAt(0, '86000.5')])
  await untilText(page, '.legend', /C 86,000\.5 USDT/)
})

test('an address that names no view is told which views there are, and any of them leads away', async () => {
  const site = await pageLake()
  onTestFinished(() => site.close())
  const page = await openPage(browser(), `${site.url}/#/nosuch`)
  await untilText(page, 'main', /There is no view “nosuch” The views are Chart, Markets, Trades, .*, Audit, SQL:/s)
  expect(await page.title()).toBe('No such view · tradelake')
  expect(await page.locator('[aria-current]').count()).toBe(0)
  await page.getByRole('button', { name: 'Tables', exact: true }).click()
  await untilText(page, 'main', /No table|Tables|rows/i)
  expect(page.url()).toContain('#/tables')
  await page.goto(`${site.url}/#/nosuch`)
  await untilText(page, 'main', /There is no view “nosuch”/)
  await page.locator('main').focus()
  await page.keyboard.press('u')
  await untilText(page, 'main', /No audit was asked for here yet/)
})

describe('a server that asks for keys', () => {
  let site: PageLake
  beforeAll(async () => {
    site = await pageLake('keys')
    await site.publish(history(1, 2))
  })
  afterAll(() => site.close())

  test('gets the one that is typed, from this tab alone, and never in an address', async () => {
    const { text: key } = await addKey(site.lake.ports, {
      secret: systemSecret(),
      name: 'page',
      scopes: ['read'],
      expiresAt: undefined,
    })
    const page = await openPage(browser(), `${site.url}/`, { expected: /status of 401/ })
    const asked: string[] = []
    page.on('request', request => asked.push(request.url()))
    page.on('websocket', socket => asked.push(socket.url()))
    await page.getByRole('textbox', { name: 'Key' }).fill('wrong')
    await page.keyboard.press('Enter')
    await untilText(page, 'dialog', /There is no such key/)
    await picture(page, 'state-locked')
    await page.getByRole('textbox', { name: 'Key' }).fill(key)
    await page.keyboard.press('Enter')
    await page.locator('.legend .figures').first().waitFor()
    await untilText(page, '.sign', /live/)
    await site.publish([tradeAt(0, '84444.75')])
    await untilText(page, '.legend', /C 84,444\.75/)
    expect(asked.some(url => url.startsWith('ws:'))).toBe(true)
    expect([...asked, page.url()].filter(url => url.includes(key))).toEqual([])
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(key)
    // The tab keeps it, another one does not know it.
    await page.reload()
    await page.locator('.legend .figures').first().waitFor()
    const other = await openPage(browser(), `${site.url}/`, { expected: /status of 401/ })
    await untilText(other, 'dialog', /A key is needed/)
  })
})
