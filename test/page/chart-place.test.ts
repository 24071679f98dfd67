/** Where the chart is, in a real browser over a real lake: times, states and markets that there are and that there are not, and what is taken along. */
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

  test('is the part of time of a link, whose newest window is read out', async () => {
    const end = Math.floor(Date.now() / MINUTE - 60) * MINUTE
    const iso = (ms: number) => new Date(ms).toISOString()
    const page = await openPage(browser(), chart(`&from=${iso(end - 30 * MINUTE)}&to=${iso(end)}`))
    const last = iso(end - MINUTE)
    await untilText(page, '.legend time', new RegExp(`^${last.slice(0, 10)} ${last.slice(11, 16)} UTC$`))
  })

  test('is never a time without trades: what there is in its place is said, and offered', async () => {
    const page = await shown()
    await page.keyboard.press('j')
    await page.getByLabel('Time (UTC)').fill('2020-01-01')
    const first = await untilText(
      page,
      '#time-hint',
      /^No trade of BINANCE:BTCUSDT in this time: the first is of [\d-]+ [\d:]+ UTC, the last of [\d-]+ [\d:]+ UTC\.$/,
    )
    await page.getByLabel('Time (UTC)').fill('2026-02-30')
    await untilText(page, '#time-hint', /^There is no day 2026-02-30\.$/)
    expect(await page.getByRole('button', { name: 'Jump', exact: true }).last().isDisabled()).toBe(true)
    await page.getByLabel('Time (UTC)').fill('2099-01-01')
    await untilText(page, '#time-hint', /^No trade of BINANCE:BTCUSDT in this time: the first is of/)
    await page.getByLabel('Time (UTC)').fill('2020-01-01')
    await page.getByRole('button', { name: 'Go to the first' }).click()
    const minute = /first is of ([\d-]+ \d\d:\d\d)/.exec(first)?.[1]
    await untilText(page, '.legend time', new RegExp(`^${minute} UTC$`))
    // Who was too quick to read it finds it above the chart.
    await untilText(
      page,
      '.bar-as-of',
      /^Nothing is at 2020-01-01 00:00:00 UTC\. No trade of BINANCE:BTCUSDT in this time: the first is of [\d-]+ [\d:]+ UTC, the last of [\d-]+ [\d:]+ UTC\. It is shown\./,
    )
    await page.getByRole('button', { name: 'Understood' }).click()
    await page.locator('.bar-as-of').waitFor({ state: 'detached' })
    await page.keyboard.press('j')
    await page.getByLabel('Time (UTC)').fill('2030-01-01')
    await page.keyboard.press('Enter')
    await untilText(
      page,
      '.bar-as-of',
      /^Nothing is at 2030-01-01 00:00:00 UTC\. No trade of BINANCE:BTCUSDT in this time/,
    )
    await page.getByRole('button', { name: 'Understood' }).click()
    // So is it for who comes by an address.
    await page.goto(chart('&from=2020-01-01T00:00Z&to=2020-01-01T06:00Z'))
    await untilText(page, '.bar-as-of', /^Nothing is here\. No trade of BINANCE:BTCUSDT in this time: the first is of/)
    await page.getByRole('button', { name: 'Go to the first' }).click()
    await page.locator('.bar-as-of').waitFor({ state: 'detached' })
    await untilText(page, '.legend time', new RegExp(`^${minute} UTC$`))
  })

  test('is never another market than the address says: one that is not there is told, with the nearest names', async () => {
    const page = await openPage(browser(), `${site.url}/#/chart?market=KRAKEN:BTCUSDT`)
    await untilText(
      page,
      '.notice',
      /^There is no symbol KRAKEN:BTCUSDT: the nearest is KRAKEN:BTCUSD\. Those most like it: KRAKEN:BTCUSD BINANCE:BTCUSDT/,
    )
    await page.getByRole('button', { name: 'KRAKEN:BTCUSD', exact: true }).click()
    await page.locator('.legend .figures').first().waitFor()
    expect(page.url()).toContain('market=KRAKEN:BTCUSD')
    await page.goto(`${site.url}/#/chart?market=btcusdt`)
    await untilText(page, '.notice', /There is no symbol BTCUSDT/)
    await page.goto(chart('&over=KRAKEN:NONE'))
    await untilText(page, '.bar-as-of', /There is no symbol KRAKEN:NONE: .*\. It cannot be laid over the chart/)
    await page.goto(`${site.url}/#/trades?tape=DOGE`)
    await untilText(page, '.notice', /There is no symbol DOGE/)
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
      ['2026-02-30', /^There is no day 2026-02-30\.$/],
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
