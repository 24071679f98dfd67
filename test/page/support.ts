/** Pages in a real browser, for the test that opens them: what they complain of fails it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { openChromium } from './chromium.ts'

/** A browser for the test file that calls this at its top. */
export function testBrowser(withScrollbars = false): () => Browser {
  let browser: Browser
  beforeAll(async () => {
    browser = await openChromium(withScrollbars)
  })
  afterAll(() => browser.close())
  return () => browser
}

export interface Opening extends BrowserContextOptions {
  /** Complaints of the browser that belong to what is tested. */
  readonly expected?: RegExp
}

/** What a browser complains of where its server is killed, and comes back later. */
export const GONE = /ERR_(CONNECTION_(REFUSED|RESET)|EMPTY_RESPONSE)|WebSocket connection to/

/** Opens an address in a browser of its own. */
export async function openPage(browser: Browser, address: string, opening: Opening = {}): Promise<Page> {
  const { expected, ...options } = opening
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const complain = (text: string) => {
    if (!expected?.test(text)) complaints.push(text)
  }
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complain(message.text())
  })
  page.on('pageerror', error => complain(error.stack ?? error.message))
  await page.goto(address)
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  return page
}

/** The text of what a selector finds, as a person reads it; empty while there is nothing. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const found = page.locator(selector).first()
  if ((await page.locator(selector).count()) === 0) return ''
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden, and where words end, is known to the laid out text alone
  return (await found.innerText()).replaceAll(/\s+/g, ' ').trim()
}

/** Waits until a selector's text is as wanted. */
export async function untilText(page: Page, selector: string, wanted: RegExp): Promise<string> {
  await expect.poll(() => textOf(page, selector).catch(() => ''), { timeout: 20_000, interval: 50 }).toMatch(wanted)
  return textOf(page, selector)
}

/** Takes a picture of what is seen, into the folder that TRADELAKE_PICTURES names, where it names one. */
export async function picture(page: Page, name: string): Promise<void> {
  const bytes = await page.screenshot()
  // A picture of nothing is smaller.
  expect(bytes.length).toBeGreaterThan(8_000)
  const folder = process.env.TRADELAKE_PICTURES
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.png`), bytes)
}
