/** The chart in a real browser over a real lake: what it shows, and how it moves. */
import { readFileSync } from 'node:fs'
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

  test('come into a minute that had none, minutes later', async () => {
    const market = { exchange: 'KRAKEN', symbol: 'DOTUSD', currency: 'USD' }
    await site.publish([tradeAt(4 * MINUTE, '7.25', market)])
    const page = await openPage(browser(), `${site.url}/#/chart?market=KRAKEN:DOTUSD`)
    await untilText(page, '.legend', /C 7\.25 USD/)
    await untilText(page, '.sign', /live/)
    await site.publish([tradeAt(0, '7.5', market)])
    await untilText(page, '.legend', /C 7\.50 USD/)
    const start = Math.floor(Date.now() / MINUTE - 2) * MINUTE
    await walkTo(page, start)
    await site.publish([tradeAt(Date.now() - start - 30_000, '7.375', market)])
    await untilText(page, '.legend', /C 7\.375 USD/)
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

test('the label at the axis and the dotted line are of the same window, also where the newest is out of sight', async () => {
  const page = await shown('&last=3600')
  const places = () =>
    page.evaluate(`(() => {
      const probe = document.body.appendChild(document.createElement('i'))
      const muted = (() => {
        probe.style.color = 'var(--muted)'
        return getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number)
      })()
      probe.remove()
      const cells = [...document.querySelectorAll('.canvas table tr')[0].querySelectorAll('td')]
      /** Which share of the pixels of each row has that colour. */
      const rowsOf = cell => {
        const all = cell.querySelectorAll('canvas')
        const { width, height } = all[0]
        const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
        for (const each of all) context.drawImage(each, 0, 0)
        const { data } = context.getImageData(0, 0, width, height)
        return Array.from({ length: height }, (_, y) => {
          let count = 0
          for (let x = 0; x < width; x++) {
            const at = (y * width + x) * 4
            if (muted.every((part, place) => Math.abs(part - data[at + place]) < 3)) count++
          }
          return count / width
        })
      }
      const line = rowsOf(cells[1])
      const label = rowsOf(cells[2]).flatMap((share, y) => (share > 0.4 ? [y] : []))
      return { line: line.indexOf(Math.max(...line)), label: (label[0] + label.at(-1)) / 2 }
    })()`) as Promise<{ line: number; label: number }>
  const isOne = async () => {
    const { line, label } = await places()
    return Math.abs(line - label) < 4 || `the line at ${line}, the label at ${label}`
  }
  await expect.poll(isOne).toBe(true)
  const before = await places()
  await page.locator('main').focus()
  await page.keyboard.press('PageUp')
  await expect.poll(async () => Math.abs((await places()).line - before.line) > 4).toBe(true)
  await expect.poll(isOne).toBe(true)
})
