/**
 * What a quant and an operator want to know: ten questions each, answered by the page and by the terminal over one lake. The figures come
 * from the trades that were published.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemTimers } from '../../adapters/system.ts'
import { remoteApi } from '../../cli/remote-api.ts'
import { LOCAL_PACE } from '../../cli/terminal/figures.ts'
import { frameOf } from '../../cli/terminal/frame.ts'
import { firstScreen, type Screen } from '../../cli/terminal/keys.ts'
import { createWatch } from '../../cli/terminal/watch.ts'
import { history, nextNumber, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, testBrowser, untilText } from './support.ts'

const browser = testBrowser()
const MINUTE = 60_000
/** A minute, and an hour, in which nothing comes later. */
const ASKED = Math.floor(Date.now() / MINUTE - 30) * MINUTE
const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16)
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
let site: PageLake
let vwap: string

const feed = (exchange: string, ends: Readonly<Record<string, number>>) => ({
  ...{ exchange, healthy: true, ready: true, waitingRecords: 0, spillBytes: 0, missingTrades: 0, problems: [] },
  connections: [{ url: undefined, live: true, markets: 3, ageSeconds: 60, silentSeconds: 1, ends, lastEnd: undefined }],
})

beforeAll(async () => {
  site = await pageLake('none', () => [feed('BINANCE', { stale: 2 }), feed('KRAKEN', {})])
  const large = tradeAt(5 * MINUTE, '86999.5', { quantity: 5_000_000_000n, side: 'SELL' })
  // One hour at least that is there whole, and in which nothing comes late.
  const trades = [...history(3, 2), large]
  for (const [exchange, symbol, price, currency] of [
    ['BINANCE', 'ETHUSDT', '3111.25', 'USDT'],
    ['KRAKEN', 'ETHUSD', '3222.5', 'USD'],
  ] as const)
    trades.push(tradeAt(Date.now() - ASKED - 59_900, price, { exchange, symbol, currency }))
  await site.publish(trades)
  // Late, behind the commit that closed its minute.
  const late = tradeAt(Date.now() - ASKED - 31_000, '86100.125')
  await site.publish([late])
  await site.publish([tradeAt(0, '0.0'), tradeAt(0, '0.0')])
  const first = nextNumber('KRAKEN', 'BTCUSD', 3) - 3
  await site.publish([tradeAt(0, '86444.5', { exchange: 'KRAKEN', symbol: 'BTCUSD', currency: 'USD' })])
  await site.report({ exchange: 'kraken', symbol: 'BTCUSD', fromId: first, toId: first + 2 })
  const from = BigInt(Date.now() - 10 * MINUTE) * 1000n
  const away = { kind: 'disconnect', status: 'checked', fromId: null, toId: null, symbol: null } as const
  await site.report({ ...away, fromTime: from, toTime: from + 9_000_000n, cause: 'broken: ECONNRESET' })
  await (await fetch(`${site.url}/v1/audit`, { method: 'POST' })).json()
  const since = BigInt(Math.floor(Date.now() / 86_400_000) * 86_400_000) * 1000n
  const own = [...trades, late].filter(
    ({ exchange, symbol, timestamp }) => exchange === 'BINANCE' && symbol === 'BTCUSDT' && timestamp >= since,
  )
  const worth = own.reduce((sum, { price, quantity }) => sum + price * quantity, 0n)
  const volume = own.reduce((sum, { quantity }) => sum + quantity, 0n)
  // Whole dollars are enough to tell that it is this average.
  vwap = (worth / volume / 10_000_000_000n).toLocaleString('en-US')
})
afterAll(() => site.close())

interface Question {
  readonly asked: string
  /** Where the page answers, in which part of it, and how. */
  readonly page: readonly [hash: string, selector: string, answer: () => RegExp]
  /** What the terminal's screen says. */
  readonly terminal: readonly [screen: Partial<Screen>, answer: () => RegExp]
}

const btc = 'BINANCE:BTCUSDT'
const opened = (market: string): Partial<Screen> => ({ view: 'markets', opened: market })
const window = `${new Date(ASKED - 10 * MINUTE).toISOString()}&to=${new Date(ASKED + MINUTE).toISOString()}`
const QUANT: readonly Question[] = [
  {
    asked: 'which hours of BTCUSDT are complete?',
    page: ['coverage', 'tr:has(th:has-text("BINANCE BTCUSDT"))', () => /BTCUSDT \d\/[12]/],
    terminal: [{ view: 'gaps', opened: btc }, () => /\d\d:00 .*complete/],
  },
  {
    asked: 'what did ETH do on Binance at that minute?',
    page: [`chart?market=BINANCE:ETHUSDT&over=KRAKEN:ETHUSD&from=${window}`, '.legend', () => /C 3,111\.25 USDT/],
    terminal: [
      { ...opened('BINANCE:ETHUSDT'), filter: clock(ASKED) },
      () => new RegExp(`${day(ASKED)} ${clock(ASKED)} .*3,111\\.25`),
    ],
  },
  {
    asked: 'and on Kraken?',
    page: [
      `chart?market=BINANCE:ETHUSDT&over=KRAKEN:ETHUSD&from=${window}`,
      '.legend',
      () => /KRAKEN ETHUSD 3,222\.5 USD .* bp · O .* Vol/,
    ],
    terminal: [
      { ...opened('KRAKEN:ETHUSD'), filter: clock(ASKED) },
      () => new RegExp(`${day(ASKED)} ${clock(ASKED)} .*3,222\\.5`),
    ],
  },
  {
    asked: 'which was the largest trade of the last hour?',
    page: [`trades?tape=${btc}`, '.market-figures', () => /Largest in the last hour 50 BTC at 86,999\.5 USDT, sold/],
    terminal: [opened(btc), () => /Largest in the last hour 50 BTC at 86,999\.5 USDT, sold/],
  },
  {
    asked: 'what is the average price since midnight?',
    page: [`trades?tape=${btc}`, '.market-figures', () => new RegExp(`since 00:00 UTC ${vwap}\\.\\d+ USDT`)],
    terminal: [opened(btc), () => new RegExp(`since 00:00 UTC ${vwap}\\.\\d+ USDT`)],
  },
  {
    asked: 'where is bitcoin cheapest, and by how much?',
    page: ['markets', '.watch tbody:has-text("BTC")', () => /spread [\d.,]+ USD · [\d.,]+ bp [A-Z]+ → [A-Z]+/],
    terminal: [
      opened(btc),
      () => /Spread of BTC [\d.,]+ USD(?: \(USDT as USD\))?, [\d.,]+ bp: least on [A-Z]+, most on [A-Z]+/,
    ],
  },
  {
    asked: 'which minutes were corrected after they had closed?',
    page: [`chart?market=${btc}&from=${window}`, '.legend', () => /corrected/],
    terminal: [{ ...opened(btc), filter: 'corrected' }, () => new RegExp(`${day(ASKED)} ${clock(ASKED)} .* corrected`)],
  },
  {
    asked: 'what share did takers buy?',
    page: [`chart?market=${btc}&last=3600`, '.legend', () => /Taker buy [\d.]+ %/],
    terminal: [opened(btc), () => /Taker buy[\s\S]*\d\d:\d\d .* [\d.]+ %/],
  },
  {
    asked: 'how much has each market moved today?',
    page: ['markets', '.watch', () => /SHIB BINANCE USDT 0\.0000\d+ USDT . [+-]?[\d.]+ % in/],
    terminal: [{ view: 'markets' }, () => /BINANCE:SHIBUSDT +0\.0000\d+ . +USDT +[+-]?[\d.]+ %/],
  },
  {
    asked: 'how old is that price?',
    page: ['markets', '.watch', () => /COINBASE USD [\d,.]+ USD .* \d+ (s|min)( \d+ s)? ago/],
    terminal: [{ view: 'markets' }, () => /COINBASE:BTCUSD .* \d+ (s|min) ago/],
  },
]
const OPERATOR: readonly Question[] = [
  {
    asked: 'is anything amiss?',
    page: ['pipeline', '.page', () => /3 trades cannot be had any more/],
    terminal: [{}, () => /3 trades cannot be had any more/],
  },
  {
    asked: 'how far behind are we?',
    page: ['pipeline', '.hop-Gold', () => /waiting nothing lag none/],
    terminal: [{}, () => /Gold +[\d.]+ +none/],
  },
  {
    asked: 'how much comes in now?',
    page: ['pipeline', '.hop-Bronze', () => /(–|[\d.]+) messages\/s/],
    terminal: [{}, () => /Messages\/s[\s\S]*BINANCE +[\d.]+/],
  },
  {
    asked: 'why are there dead letters?',
    page: ['refused', '.faults', () => /price_validation the price is not above zero \(BINANCE 2\)/],
    terminal: [{ view: 'dlq', opened: 'BINANCE price_validation' }, () => /price 0\.0+ is not above zero/],
  },
  {
    asked: 'which trades are lost?',
    page: ['coverage', '.heat-legend', () => /1 hour lost: trades cannot be had any more/],
    terminal: [{ view: 'gaps', opened: 'KRAKEN:BTCUSD' }, () => /lost/],
  },
  {
    asked: 'why did connections end?',
    page: ['connections', '.feeds', () => /BINANCE ready .*stale 2/],
    terminal: [{ view: 'feeds' }, () => /nothing came any more \(2\)/],
  },
  {
    asked: 'how long was there none, and why?',
    page: ['connections', '.connections section', () => /BINANCE it broke 1 9\.0 s/],
    terminal: [{ view: 'feeds' }, () => /9\.0 s +[\d:]+ +it broke/],
  },
  {
    asked: 'which tables have how many files and snapshots?',
    page: ['tables', '.tables', () => /gold_crypto_trades [\d,]+ \+[\d,]+ \d+ \d+ /],
    terminal: [{ view: 'tables' }, () => /Files +Snapshots[\s\S]*gold_crypto_trades .* ago +\+[\d,]+ +never +\d+ +\d+/],
  },
  {
    asked: 'do candles agree with their trades?',
    page: ['pipeline', '.candle-check', () => /candles of [\d,]+ trades, all agree/],
    terminal: [{ view: 'tables' }, () => /against [\d,]+ trades: all agree/],
  },
  {
    asked: 'does the lake keep its laws?',
    page: ['audit', '.audit', () => /All six laws hold/],
    terminal: [{ view: 'tables' }, () => /Audit .*: All six laws hold/],
  },
]

const SIZE = { columns: 140, rows: 48 }
const LOOK = { colours: false, unicode: true }

/** What `tradelake top --url` draws once it says what is looked for. */
async function untilScreen(screen: Partial<Screen>, answer: RegExp): Promise<void> {
  const shown = { ...firstScreen('overview'), ...screen }
  const place = { place: site.url, log: undefined }
  const watch = createWatch(
    place,
    systemTimers(),
    () => shown,
    () => {},
  )
  watch.follow({ ...place, ask: remoteApi(site.url, undefined), pace: LOCAL_PACE })
  const drawn = () =>
    frameOf(watch.seen(), shown, SIZE, LOOK)
      .lines.map(line => line.map(({ text }) => text).join(''))
      .join('\n')
  try {
    await expect.poll(drawn, { timeout: 20_000, interval: 100 }).toMatch(answer)
  } finally {
    await watch.stop()
  }
}

describe.each([
  ['a quant', QUANT],
  ['an operator', OPERATOR],
])('%s asks', (_, questions) => {
  test.each(questions)('$asked', async ({ page: [hash, selector, answer], terminal: [screen, said] }) => {
    const page = await openPage(browser(), `${site.url}/#/${hash}`)
    // Where a window of the past is shown, its last one is chosen.
    if (hash.includes('from=')) {
      await page.locator('.legend').waitFor()
      await page.keyboard.press('j')
      await page.locator('dialog input').first().fill(new Date(ASKED).toISOString().slice(0, 16))
      await page.keyboard.press('Enter')
    }
    await untilText(page, selector, answer())
    await untilScreen(screen, said())
  })
})
