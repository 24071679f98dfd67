/** What lies long ago, and what happened while nobody looked: older candles, a pin behind a restart, a page that comes back after its snapshot has expired. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allTables } from '../../domain/tables.ts'
import { findTable } from '../../iceberg/catalog.ts'
import { stageExpiry } from '../../iceberg/expire.ts'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { GONE, openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
const [MINUTE, HOUR] = [60_000, 3_600_000]
/** What the browser itself says of a server that is not there, or refuses. */
const GONE_OR_EXPIRED = new RegExp(`${GONE.source}|status of 410`)
let site: PageLake
/** The minute of the oldest trade. */
let oldest: number

beforeAll(async () => {
  site = await pageLake()
  oldest = Math.floor((Date.now() - 60 * HOUR) / MINUTE)
  await site.publish([tradeAt(60 * HOUR, '70000.5'), ...history(1, 2)])
})
afterAll(() => site.close())

/** Lets every snapshot but the newest expire, as if days had passed. */
async function expire(): Promise<void> {
  const { ports } = site.lake
  const later = { ...ports, clock: { ...ports.clock, now: () => Date.now() + 400 * 24 * HOUR } }
  for (const { name } of allTables()) {
    const table = await findTable(ports, name)
    const staged = table && (await stageExpiry(later, table))
    if (staged) await ports.state.transact([staged.write], ports.ids.uuid())
  }
}

test('older candles come when the chart is moved back, each once, to the first trade', async () => {
  const page = await openPage(browser(), `${site.url}/#/chart?market=BINANCE:BTCUSDT`)
  const asked: { start: number; end: number }[] = []
  page.on('request', request => {
    const url = new URL(request.url())
    const [start, end] = [url.searchParams.get('start'), url.searchParams.get('end')]
    if (url.pathname === '/v1/candles' && url.searchParams.get('fill') === 'null' && start && end)
      asked.push({ start: Date.parse(start), end: Date.parse(end) })
  })
  await untilText(page, '.foot', /[\d,]+ windows of 1m/)
  const windows = async () => Number(/^[\d,]+/.exec(await textOf(page, '.foot'))?.[0].replaceAll(',', ''))
  const before = await windows()
  await page.locator('main').focus()
  const whole = async () => (await windows()) > 60 * 60 - 2
  for (let press = 0; press < 120 && !(await whole()); press++) {
    await page.keyboard.press('PageUp')
    await page.waitForTimeout(40)
  }
  const [last] = (
    (await (await fetch(`${site.url}/v1/symbols?exchanges=BINANCE&symbols=BTCUSDT`)).json()) as {
      data: { last_trade: string }[]
    }
  ).data
  const expected = Math.floor(Date.parse(last.last_trade) / MINUTE) - oldest + 1
  await expect.poll(windows).toBe(expected)
  expect(before).toBeLessThan(expected)
  // What was loaded is not loaded again.
  const older = asked.slice(1)
  expect(older.length).toBeGreaterThan(0)
  expect(older.map(({ end }) => end)).toEqual(asked.slice(0, -1).map(({ start }) => start))
})

test('a pin is the same behind a restart of the server, whatever came since', async () => {
  expect((await fetch(`${site.url}/v1/pins/kept`, { method: 'PUT' })).status).toBe(201)
  const page = await openPage(browser(), `${site.url}/#/chart?market=BINANCE:BTCUSDT&as_of=kept`, {
    expected: GONE_OR_EXPIRED,
  })
  await page.locator('.legend .figures').first().waitFor()
  const figures = await textOf(page, '.legend .figures')
  await site.endServer()
  await site.publish([tradeAt(0, '91234.5')])
  await expire()
  await site.beginServer()
  await page.reload()
  await untilText(page, '.bar-as-of', /As of kept/)
  await page.locator('.legend .figures').first().waitFor()
  expect(await textOf(page, '.legend .figures')).toBe(figures)
  await page.getByRole('button', { name: 'Back to now' }).click()
  await untilText(page, '.legend', /91,234\.5/)
})

test('a page whose place in the stream has expired meanwhile begins anew by itself, and misses nothing', async () => {
  const page = await openPage(browser(), `${site.url}/#/chart?market=BINANCE:BTCUSDT`, { expected: GONE_OR_EXPIRED })
  const refused: number[] = []
  page.on('response', answer => {
    if (answer.url().includes('/v1/stream')) refused.push(answer.status())
  })
  await untilText(page, '.sign', /live/)
  await page.locator('.legend .figures').first().waitFor()
  await site.endServer()
  await untilText(page, '.bar-broken', /Not live/)
  await site.publish([tradeAt(0, '95555.25'), tradeAt(0, '94444.75')])
  await site.publish([tradeAt(0, '94445.75')])
  await expire()
  await site.beginServer()
  await untilText(page, '.sign', /live/)
  await untilText(page, '.legend', /H 95,555\.25 .*C 94,445\.75/)
  expect(refused).toContain(410)
  // And goes on from there.
  await site.publish([tradeAt(0, '93333.5')])
  await untilText(page, '.legend', /C 93,333\.5/)
})
