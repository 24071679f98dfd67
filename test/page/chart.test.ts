/** The chart in a real browser over a real lake: what it shows, how it moves, and what is taken along from it. */
import { readFileSync } from 'node:fs'
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { history, type PageLake, pageLake, tradeAt } from './page-lake.ts'
import { openPage, testBrowser, textOf, untilText } from './support.ts'

const browser = testBrowser()
let site: PageLake

beforeAll(async () => {
  site = await pageLake()
  await site.publish(history(3, 3))
})
afterAll(() => site.close())

const MINUTE = 60_000
const chart = (query = '') => `${site.url}/#/chart?market=BINANCE:BTCUSDT${query}`

/** Waits until there are candles, and gives the page. */
async function shown(query = ''): Promise<Page> {
  const page = await openPage(browser(), chart(query))
  await page.locator('.legend .figures').first().waitFor()
  return page
}

/** Goes back from the newest window to the one that began at a time, with the keyboard. */
async function walkTo(page: Page, startMs: number): Promise<void> {
  const wanted = new Date(startMs).toISOString().slice(0, 16).replace('T', ' ')
  await page.locator('main').focus()
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press('ArrowLeft')
    if ((await textOf(page, '.legend time')).startsWith(wanted)) return
  }
  throw new Error(`No window of ${wanted} was found: ${await textOf(page, '.legend')}`)
}

describe('candles', () => {
  test('are there, and the open one moves with each trade, to the last digit', async () => {
    const page = await shown()
    await untilText(page, '.sign', /live/)
    await site.publish([tradeAt(0, '89001.1200000001'), tradeAt(0, '86999.99')])
    await untilText(page, '.legend', /H 89,001\.1200000001/)
    expect(await textOf(page, '.legend')).toMatch(/C 86,999\.99 USDT/)
    expect(await untilText(page, '.price-line', /86,999\.99/)).toContain('USDT')
  })

  test('that are closed change when a late trade comes, and say so', async () => {
    const page = await shown()
    await untilText(page, '.sign', /live/)
    const start = Math.floor(Date.now() / MINUTE - 6) * MINUTE
    await walkTo(page, start)
    expect(await textOf(page, '.legend')).not.toMatch(/corrected/)
    await site.publish([tradeAt(Date.now() - start - 30_500, '88123.4567')])
    await untilText(page, '.legend', /corrected/)
    expect(await untilText(page, '.foot', /1 corrected/)).toMatch(/windows of 1m/)
    expect(await textOf(page, '.legend')).toMatch(/H 88,123\.4567 USDT/)
    // What is read out is the same.
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowLeft')
    await page.locator('[aria-live]', { hasText: 'high 88123.4567' }).waitFor({ state: 'attached' })
    // The lake knows it, not this page alone.
    await page.reload()
    await untilText(page, '.sign', /live/)
    await walkTo(page, start)
    await untilText(page, '.legend', /corrected/)
    await walkTo(page, start - MINUTE)
    await untilText(page, '.legend', /closed|^(?!.*corrected)/)
    expect(await textOf(page, '.legend')).not.toMatch(/corrected/)
  })

  test('whose trades are missing are gaps, explained where somebody rests on them', async () => {
    const page = await shown()
    const start = Math.floor(Date.now() / MINUTE - 12) * MINUTE
    await site.report({
      ...{ fromTime: BigInt(start + 20_000) * 1000n, toTime: BigInt(start + 30_000) * 1000n },
    })
    await page.reload()
    await untilText(page, '.foot', /1 gap/)
    await walkTo(page, start)
    await untilText(
      page,
      '.legend .gap-text',
      /^Gap: a feed says that trades of the time are missing, or may be\. Of the \d+ numbers .* none is missing\.$/,
    )
    expect(await textOf(page, '.legend-head')).toContain('gap')
  })

  test('lead to their trades, by a click and by key, and those to a file', async () => {
    const page = await shown()
    const start = Math.floor(Date.now() / MINUTE - 20) * MINUTE
    await walkTo(page, start)
    await page.keyboard.press('Enter')
    const iso = (ms: number) => new Date(ms).toISOString()
    const query = `exchanges=BINANCE&symbols=BTCUSDT&start=${iso(start)}&end=${iso(start + MINUTE)}`
    const { data } = (await (await fetch(`${site.url}/v1/trades?${query}`)).json()) as {
      data: { time: string; price: string }[]
    }
    expect(data.length).toBe(3)
    await untilText(page, 'dialog .hint', /^All 3, the oldest first\.$/)
    const rows = await page.locator('.window-trades tbody tr').allInnerTexts()
    expect(rows.map(text => text.split(/\s+/)[1].replaceAll(',', ''))).toEqual(
      data.map(({ price }) => Number(price).toFixed(2)),
    )
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV of all' }).click(),
    ])
    expect(
      readFileSync(await file.path(), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(4)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    // Where nothing is chosen a click chooses.
    const canvas = await page.locator('.canvas').boundingBox()
    if (!canvas) throw new Error('The chart has no canvas.')
    await page.mouse.click(canvas.x + canvas.width / 2, canvas.y + canvas.height / 3)
    await untilText(page, 'dialog h2', /^Trades of BINANCE:BTCUSDT, [\d-]+ \d\d:\d\d to \d\d:\d\d UTC$/)
  })

  test('of other exchanges lie over them, each with its own price', async () => {
    const page = await shown()
    await page.keyboard.press('o')
    await page.getByLabel('KRAKEN BTC/USD').check()
    await page.keyboard.press('Escape')
    await untilText(
      page,
      '.legend',
      /KRAKEN BTCUSD [\d,.]+ USD [+-][\d.]+ bp · O [\d,.]+ H [\d,.]+ L [\d,.]+ · Vol [\d,.]+ BTC/,
    )
    expect(page.url()).toContain('over=KRAKEN:BTCUSD')
  })

  test('of another timeframe and range come by key', async () => {
    const page = await shown()
    await page.keyboard.press('2')
    await untilText(page, '.foot', /windows of 5m/)
    expect(page.url()).toContain('tf=5m')
    await page.keyboard.press('[')
    expect(page.url()).toContain('last=3600')
    await page.keyboard.press('1')
    await untilText(page, '.foot', /windows of 1m/)
    // Back is where it was before.
    await page.goBack()
    await untilText(page, '.foot', /windows of 5m/)
    // What cannot be told apart is not asked for.
    await page.goto(chart('&tf=1m&last=31536000'))
    await untilText(page, '.foot', /windows? of 4h/)
    await page.keyboard.press('1')
    await untilText(page, '.foot', /windows of 1m/)
    expect(page.url()).toContain('last=240000')
  })

  test('come by a key that is pressed in the moment in which they are drawn', async () => {
    const page = await shown()
    await page.evaluate(`
      const observer = new MutationObserver(() => {
        if (!/windows? of 4h/.test(document.querySelector('.foot')?.textContent)) return
        observer.disconnect()
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '1', bubbles: true }))
      })
      observer.observe(document.body, { childList: true, subtree: true, characterData: true })
      location.hash += '&tf=1m&last=31536000'
    `)
    await page.waitForURL(/last=240000/)
  })
})

describe('what is looked at', () => {
  test('is in the address, which brings it back', async () => {
    const page = await shown('&tf=5m&vwap=0')
    await page.keyboard.press('j')
    const noon = new Date(Date.now() - 100 * MINUTE).toISOString()
    await page.getByLabel('Time (UTC)').fill(noon.slice(0, 16).replace('T', ' '))
    await page.keyboard.press('Enter')
    await page.waitForURL(/from=.*to=/)
    const address = page.url()
    const again = await openPage(browser(), address)
    await untilText(again, '.foot', /windows of 5m/)
    expect(await again.getByRole('button', { name: 'VWAP' }).getAttribute('aria-pressed')).toBe('false')
    expect(again.url()).toBe(address)
  })

  test('is a time that was jumped to, whose window is chosen', async () => {
    const page = await shown('&tf=5m')
    await page.keyboard.press('j')
    const time = new Date(Math.floor((Date.now() - 100 * MINUTE) / (5 * MINUTE)) * 5 * MINUTE).toISOString()
    await page.getByLabel('Time (UTC)').fill(`${time.slice(0, 10)} ${time.slice(11, 16)}`)
    await page.keyboard.press('Enter')
    await untilText(page, '.legend time', new RegExp(`^${time.slice(0, 10)} ${time.slice(11, 16)} UTC$`))
    await page.locator('.legend .figures').first().waitFor()
    // The arrow keys go on from there.
    await page.keyboard.press('ArrowLeft')
    const before = new Date(Date.parse(time) - 5 * MINUTE).toISOString()
    await untilText(page, '.legend time', new RegExp(`^${before.slice(0, 10)} ${before.slice(11, 16)} UTC$`))
    // So they do when another market is laid over it, or another timeframe chosen.
    await page.keyboard.press('o')
    await page.getByLabel('KRAKEN BTC/USD').check()
    await page.keyboard.press('Escape')
    await untilText(page, '.legend', /KRAKEN BTCUSD/)
    expect(await textOf(page, '.legend time')).toBe(`${before.slice(0, 10)} ${before.slice(11, 16)} UTC`)
    await page.keyboard.press('1')
    await untilText(page, '.foot', /windows of 1m/)
    await untilText(page, '.legend time', new RegExp(`^${before.slice(0, 10)} ${before.slice(11, 16)} UTC$`))
  })

  test('is never a time without trades: what there is in its place is said, and offered', async () => {
    const page = await shown()
    await page.keyboard.press('j')
    await page.getByLabel('Time (UTC)').fill('2020-01-01')
    const first = await untilText(page, '#time-hint', /^The first trade of BINANCE:BTCUSDT is [\d-]+ [\d:]+ UTC\.$/)
    await page.getByLabel('Time (UTC)').fill('2026-02-30')
    await untilText(page, '#time-hint', /^There is no day 2026-02-30\.$/)
    expect(await page.getByRole('button', { name: 'Jump', exact: true }).last().isDisabled()).toBe(true)
    await page.getByLabel('Time (UTC)').fill('2099-01-01')
    await untilText(page, '#time-hint', /^The last trade of BINANCE:BTCUSDT is/)
    await page.getByLabel('Time (UTC)').fill('2020-01-01')
    await page.getByRole('button', { name: 'Go to the first' }).click()
    const minute = /is ([\d-]+ \d\d:\d\d)/.exec(first)?.[1]
    await untilText(page, '.legend time', new RegExp(`^${minute} UTC$`))
    // So is it for who comes by an address.
    await page.goto(chart('&from=2020-01-01T00:00Z&to=2020-01-01T06:00Z'))
    await untilText(page, '.bar-as-of', /^Nothing is here\. The first trade of BINANCE:BTCUSDT is/)
    await page.getByRole('button', { name: 'Go to the first' }).click()
    await page.locator('.bar-as-of').waitFor({ state: 'detached' })
    await untilText(page, '.legend time', new RegExp(`^${minute} UTC$`))
  })

  test('is never another market than the address says: one that is not there is told, with the nearest names', async () => {
    const page = await openPage(browser(), `${site.url}/#/chart?market=KRAKEN:BTCUSDT`)
    await untilText(
      page,
      '.notice',
      /^There is no market KRAKEN:BTCUSDT The nearest names that there are: BINANCE:BTCUSDT/,
    )
    await page.getByRole('button', { name: 'KRAKEN:BTCUSD', exact: true }).click()
    await page.locator('.legend .figures').first().waitFor()
    expect(page.url()).toContain('market=KRAKEN:BTCUSD')
    await page.goto(`${site.url}/#/chart?market=btcusdt`)
    await untilText(page, '.notice', /There is no market BTCUSDT/)
    await page.goto(chart('&over=KRAKEN:NONE'))
    await untilText(page, '.bar-as-of', /There is no market KRAKEN:NONE to be laid over it/)
    await page.goto(`${site.url}/#/trades?tape=DOGE`)
    await untilText(page, '.notice', /There is no market DOGE/)
  })

  test('can be kept under a name without leaving the page', async () => {
    const page = await shown()
    await page.keyboard.press('a')
    await page.getByLabel('Pin the state of now, under a name').fill('kept-here')
    await page.getByRole('button', { name: 'Pin', exact: true }).click()
    await page.getByRole('button', { name: /^kept-here/ }).click()
    await untilText(page, '.bar-as-of', /As of kept-here/)
    const { data } = (await (await fetch(`${site.url}/v1/pins`)).json()) as { data: { name: string }[] }
    expect(data.map(({ name }) => name)).toContain('kept-here')
  })

  test('can be a pin, which stands still while the market goes on', async () => {
    const answer = await fetch(`${site.url}/v1/pins/before`, { method: 'PUT' })
    expect(answer.status).toBe(201)
    await site.publish([tradeAt(0, '91234.5')])
    const page = await shown()
    await untilText(page, '.legend', /91,234\.5/)
    await page.keyboard.press('a')
    await page.getByRole('button', { name: 'before' }).click()
    await untilText(page, '.bar-as-of', /As of before/)
    await page.locator('.legend .figures').first().waitFor()
    expect(await textOf(page, '.legend')).not.toMatch(/91,234\.5/)
    expect(page.url()).toContain('as_of=before')
    await page.getByRole('button', { name: 'Back to now' }).click()
    await untilText(page, '.legend', /91,234\.5/)
  })

  test('is no state that there is not: the reason is said, in the dialog and for who comes by an address', async () => {
    const page = await openPage(browser(), chart(), { expected: /status of 40[04]/ })
    await page.locator('.legend .figures').first().waitFor()
    await page.keyboard.press('a')
    const field = page.getByLabel('A time (UTC), a snapshot')
    for (const [text, reason] of [
      ['abc', /^There is no pin abc/],
      ['123456789012345678', /^There is no snapshot 123456789012345678/],
      ['2020-01-01', /2020-01-01/],
      ['2026-02-30', /^as_of is 2026-02-30: give a time/],
    ] as const) {
      await field.fill(text)
      await page.keyboard.press('Enter')
      await untilText(page, 'dialog .problem', reason)
    }
    await page.keyboard.press('Escape')
    await page.goto(chart('&as_of=abc'))
    await untilText(page, '.pane [role=alert]', /The candles could not be read There is no pin abc/)
  })

  test('is taken along as CSV and Parquet by the API, and as a picture', async () => {
    const page = await shown('&tf=5m&last=3600')
    const take = async (name: string) => {
      await page.keyboard.press('x')
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: new RegExp(`^${name}`) }).click(),
      ])
      await page.keyboard.press('Escape')
      return { name: download.suggestedFilename(), path: await download.path() }
    }
    const csv = await take('CSV')
    expect(csv.name).toMatch(/^BINANCE-BTCUSDT-5m-.*\.csv$/)
    const [head, ...rows] = readFileSync(csv.path, 'utf8').trim().split('\n')
    expect(head).toContain('open,high,low,close,volume')
    expect(rows.length).toBeGreaterThanOrEqual(11)
    const parquet = await take('Parquet')
    const read = await parquetReadObjects({
      file: await asyncBufferFromFile(parquet.path),
      compressors: { ZSTD: bytes => zstdDecompressSync(bytes) },
    })
    const trades = head.split(',').indexOf('trades')
    expect(read.map(row => String(row.trades))).toEqual(rows.map(row => row.split(',')[trades]))
    const png = readFileSync((await take('PNG')).path)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect(png.length).toBeGreaterThan(10_000)
  })
})
