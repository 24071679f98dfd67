/** The page as it is served: to browsers alone, small, immutable by name, and under a policy that lets nothing in from elsewhere. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createApi } from '../../api/app.ts'
import { openPage } from '../../cli/page.ts'
import { memoryLake } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'

const options = { ports: memoryLake().ports, log: SILENT, auth: 'none' } as const
const api = createApi({ ...options, page: openPage })
const ask = (path: string, headers: Record<string, string> = {}, app = api) =>
  app.request(`http://localhost${path}`, { headers: { host: 'localhost', ...headers } })

/** As Firefox and Chromium ask for a page. */
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8' }

/** The addresses of the page's own files. */
async function assets(): Promise<string[]> {
  const html = await (await ask('/', BROWSER)).text()
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(match => match[1])
}

describe('what is asked for at /', () => {
  test('is the page for a browser, and for programs what it has always been', async () => {
    const page = await ask('/', BROWSER)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.headers.get('vary')).toContain('Accept')
    const links = {
      catalog: '/iceberg/v1/config',
      candles: '/v1/candles',
      trades: '/v1/trades',
      symbols: '/v1/symbols',
    }
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }])
      expect(await (await ask('/', headers as Record<string, string>)).json()).toEqual(links)
    // A server without a page answers browsers as programs.
    expect(await (await ask('/', BROWSER, createApi(options))).json()).toEqual(links)
  })

  test('needs no key, as there is nothing of the lake in it', async () => {
    const locked = createApi({ ...options, auth: 'keys', page: openPage })
    expect((await ask('/', BROWSER, locked)).status).toBe(200)
    expect((await ask('/v1/symbols', {}, locked)).status).toBe(401)
  })
})

describe('the page', () => {
  test('lets nothing run but its own files, and nothing come from elsewhere', async () => {
    const page = await ask('/', BROWSER)
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    )
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    const html = await page.text()
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|https?:/)
    expect(await assets()).toHaveLength(2)
  })

  test('has files that are kept for ever under their names, and is itself asked for again', async () => {
    const page = await ask('/', BROWSER)
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const again = await ask('/', { ...BROWSER, 'if-none-match': page.headers.get('etag') ?? '' })
    expect([again.status, await again.text()]).toEqual([304, ''])
    for (const path of await assets()) {
      const file = await ask(path, { 'accept-encoding': 'br' })
      expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(file.headers.get('content-encoding')).toBe('br')
      expect(file.headers.get('content-type')).toMatch(path.endsWith('.js') ? /^text\/javascript/ : /^text\/css/)
      expect(path).toMatch(/\/page-[A-Z0-9]{8}\.(?:js|css)$/)
    }
    for (const path of ['/assets/none.js', '/assets/../index.html', '/assets/%2e%2e/index.html'])
      expect((await ask(path)).status).toBe(404)
  })

  test('is under 300 KB in all, as it goes over the network', async () => {
    const sizes = (await openPage()).map(({ path, body }) => ({ path, bytes: gzipSync(body, { level: 9 }).length }))
    const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
    console.log(
      `the page: ${sizes.map(({ path, bytes }) => `${path} ${bytes}`).join(', ')}; ${all} bytes in all, gzipped`,
    )
    expect(all).toBeLessThan(300_000)
  })

  test('names whose charts these are, in its script, as their licence asks', async () => {
    const script = (await openPage()).find(({ path }) => path.endsWith('.js'))
    const text = Buffer.from(script?.body ?? []).toString('utf8')
    expect(text).toContain('https://www.tradingview.com/')
    expect(text).toMatch(/Lightweight Charts™[\s\S]*Apache License 2\.0|Licensed under Apache License 2\.0/)
  })
})
