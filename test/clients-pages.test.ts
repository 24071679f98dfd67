/** What the pages of clients tell people to write is what the tests of those clients ran. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const linesOf = (text: string) => text.split('\n').flatMap(line => line.trim() || [])
const PAGES = readdirSync(join(ROOT, 'docs/clients')).map(name => `docs/clients/${name}`)
/** The test has the address from its caller. */
const ADDRESS = 'LAKE = "http://127.0.0.1:8080"'

test('the lines of Python stand in a test one below the other, and the configuration is that of the test', () => {
  const scripts = ['check_binance.py', 'check_streams.py', 'check_ccxt.py', 'check_tardis.py'].map(name =>
    linesOf(read(`test/integration/${name}`)).join('\n'),
  )
  const blocks = PAGES.flatMap(page =>
    [...read(page).matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, kind, text]) => ({ page, kind, text })),
  )
  expect(blocks.map(({ kind }) => kind).sort()).toEqual(['json', ...Array(9).fill('python')])
  for (const { page, kind, text } of blocks)
    if (kind === 'json') expect(text, page).toBe(read('test/integration/freqtrade.json'))
    else {
      const lines = linesOf(text)
      // NautilusTrader has the address from its environment.
      if (!page.endsWith('tardis-machine.md')) expect(lines.shift(), page).toBe(ADDRESS)
      expect(
        scripts.some(script => script.includes(lines.join('\n'))),
        `${page}: ${lines.join('\n')}`,
      ).toBe(true)
    }
})
