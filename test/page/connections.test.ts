/** The connections in a real browser: real feeds on simulated exchanges that go away and come back, and a server that has no feeds. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemTimers } from '../../adapters/system.ts'
import { type Feeds, startFeeds } from '../../embedded/feeds.ts'
import { openMarket } from '../../embedded/market.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { isSimulated, MARKETS } from '../../feeds/simulator/instruments.ts'
import { type SimulatorServer, startServer } from '../../feeds/simulator/server.ts'
import { createSimulator, type Simulator } from '../../feeds/simulator/simulator.ts'
import { drainLake } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'
import { type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, picture, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()

describe('beside feeds', () => {
  let site: PageLake
  let feeds: Feeds | undefined
  let simulator: Simulator
  let server: SimulatorServer

  beforeAll(async () => {
    site = await pageLake('none', () => feeds?.reports() ?? [])
    const market = await openMarket(site.lake, { rate: 100 })
    simulator = createSimulator({
      ...{ ...market, market: market.number, timers: systemTimers(), exchanges: site.lake.exchanges },
      ...{ invalidShare: 0, faultsPerMinute: 0 },
    })
    server = await startServer({ exchanges: simulator.exchanges, port: 0 })
    const venue = (name: string) =>
      isSimulated(name)
        ? {
            ...VENUES[name],
            urls: [server.address('ws', name)],
            restUrls: [server.address('http', name)],
            symbols: MARKETS[name].instruments.map(({ symbol }) => symbol),
          }
        : undefined
    feeds = await startFeeds(site.lake, { venue, quiet: async () => {}, close: async () => {} }, SILENT)
  })
  afterAll(async () => {
    await feeds?.stop()
    simulator.stop()
    await server.close()
    await site.close()
  })

  test('stand, end with their causes when the exchanges are gone, and are back with them', async () => {
    const page = await openPage(browser(), `${site.url}/`)
    await page.locator('main').focus()
    await page.keyboard.press('n')
    await expect.poll(() => page.locator('.feed').count(), { timeout: 20_000 }).toBe(3)
    const ask = () => page.keyboard.press('r')
    const names = async () => (await page.locator('.feed h3').allInnerTexts()).map(text => text.split(/\s/)[0])
    expect(await names()).toEqual(['BINANCE', 'COINBASE', 'KRAKEN'])
    await page.getByRole('button', { name: 'Silent longest' }).click()
    const silent = async () => {
      const { feeds: rows } = (await (await fetch(`${site.url}/v1/feeds`)).json()) as { feeds: { exchange: string }[] }
      return rows.map(({ exchange }) => exchange)
    }
    expect((await names()).toSorted()).toEqual((await silent()).toSorted())
    await page.getByRole('button', { name: 'Exchange', exact: true }).click()
    const until = (selector: string, wanted: RegExp) =>
      expect
        .poll(async () => ask().then(() => textOf(page, selector)), { timeout: 60_000, interval: 500 })
        .toMatch(wanted)
    await until(
      '.feed:has-text("BINANCE")',
      /^BINANCE ready \d+ trades? missing, .* state live for .* last message .* ago ended never$/,
    )
    expect(await textOf(page, '.connections')).toMatch(/No feed has reported a time without a connection/)
    const { port } = server
    await server.close()
    await until(
      '.feed:has-text("BINANCE")',
      /^BINANCE not ready no live connection .* state not live .* ended .*broken 1/,
    )
    await picture(page, 'connections-gone')
    server = await startServer({ exchanges: simulator.exchanges, port })
    await until('.feed:has-text("BINANCE")', /^BINANCE ready/)
    expect(await textOf(page, '.feed:has-text("BINANCE")')).toMatch(/connect_failed \d+|broken 1|closed_by_exchange 1/)
    // What the feeds have reported of it is in the lake; a drain ends when nothing more comes.
    simulator.endTrading()
    await expect
      .poll(
        async () => {
          await drainLake(site.lake)
          await ask()
          return page.locator('.outages li').count()
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toBeGreaterThanOrEqual(3)
    expect(await textOf(page, '.connections section tbody')).toMatch(/BINANCE .* 1 [\d.]+ s [\d.]+ s \d{4}-/)
    await picture(page, 'connections-back')
  })
})

describe('without feeds', () => {
  const from = BigInt(Date.now() - 100_000) * 1000n
  const away = { kind: 'disconnect', fromId: null, toId: null, symbol: null } as const
  let site: PageLake
  beforeAll(async () => {
    site = await pageLake()
    await site.publish([tradeAt(0, '86000.5')])
    await site.report({
      ...away,
      fromTime: from,
      toTime: from + 7_000_000n,
      status: 'unknown',
      cause: 'stale: nothing came for 30 s',
    })
  })
  afterAll(() => site.close())

  test('a server says that it cannot know of now, and what was reported', async () => {
    const page = await openPage(browser(), `${site.url}/#/connections`)
    await untilText(page, '.connections', /No feed runs in this server, so it cannot know the connections of now/)
    expect(await textOf(page, '.connections section tbody')).toMatch(
      /^BINANCE nothing came any more 1 7\.0 s 7\.0 s \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
    )
    expect(await textOf(page, '.outages')).toMatch(
      /7\.0 s: stale: nothing came for 30 s No numbers of trades tell what it cost/,
    )
    const kraken = { exchange: 'kraken', fromTime: from, toTime: from + 2_000_000n } as const
    await site.report({ ...away, ...kraken, status: 'checked', cause: 'broken: ECONNRESET' })
    await page.keyboard.press('r')
    await untilText(page, '.connections section tbody', /KRAKEN/)
    const first = () => textOf(page, '.connections section tbody th')
    await page.getByRole('button', { name: 'Together' }).click()
    expect(await first()).toBe('BINANCE')
    await page.getByRole('button', { name: 'Together' }).click()
    expect(await first()).toBe('KRAKEN')
    await page.keyboard.press('[')
    await untilText(page, '.connections', /BINANCE/)
    expect(await page.getByRole('button', { name: '1h' }).getAttribute('aria-pressed')).toBe('true')
  })
})
