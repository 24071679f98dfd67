/** Without a connection no view says that it counts, or that there is nothing: nobody can know. */
import { expect, test } from 'vitest'
import { nothingSeen } from '../../../cli/terminal/seen.ts'
import { VIEWS } from '../../../cli/terminal/views/views.ts'
import { drawn } from './drawn.ts'
import { NOW } from './seen-lake.ts'

const NOTHING = nothingSeen('./lake', NOW, true)
const BROKEN = {
  ...NOTHING,
  connection: { kind: 'broken', sinceMs: NOW - 5_000, reason: 'The server does not answer.', nextMs: NOW + 3_000 },
} as const
const OPENED = { markets: 'BINANCE:BTCUSDT', dlq: 'BINANCE price_validation', gaps: 'BINANCE:BTCUSDT' }
const screens = [
  ...VIEWS.filter(view => view !== 'log').map(view => ({ view })),
  ...Object.entries(OPENED).map(([view, opened]) => ({ view: view as keyof typeof OPENED, opened })),
]

test.each(screens)('a broken connection is what is said in the place of figures: $view $opened', async screen => {
  const { lines } = await drawn(BROKEN, screen, 100, 30)
  const text = lines.join('\n')
  expect(text).toContain('Not known: the connection is broken.')
  expect(text).not.toMatch(/\w…|\b(?:No|Nothing|None) /)
})

test.each(screens)('before the first answer it is said what is asked for: $view $opened', async screen => {
  const text = (await drawn(NOTHING, screen, 100, 30)).lines.join('\n')
  expect(text).toMatch(/(?:Asking|Counting|Reading) [\w ]+…/)
  expect(text).not.toMatch(/\b(?:No|Nothing|None) /)
})

test.each(screens)('what is asked for has only ASCII where the locale has no more: $view $opened', async screen => {
  const { lines } = await drawn(NOTHING, screen, 100, 30, { colours: true, unicode: false })
  expect(lines.join('')).toMatch(/^[\x20-\x7e]+$/)
})
