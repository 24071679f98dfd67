/** What is seen before there is anything to see. */
import { expect, test } from 'vitest'
import type { Seen } from '../../../cli/terminal/seen.ts'
import { VIEWS } from '../../../cli/terminal/views/views.ts'
import { drawn } from './drawn.ts'
import { SEEN } from './seen-lake.ts'

test('before anything is known, each view says what it waits for', async () => {
  const nothing: Seen = {
    ...SEEN,
    stats: undefined,
    before: undefined,
    markets: undefined,
    quotes: new Map(),
    coverage: undefined,
    log: undefined,
    connection: { kind: 'connecting' },
  }
  const texts = await Promise.all(VIEWS.map(async view => (await drawn(nothing, { view }, 80, 24)).lines.join('\n')))
  expect(texts.map(text => text.includes('● connecting'))).toEqual(VIEWS.map(() => true))
  for (const said of [
    'Asking how the lake is',
    'Asking which markets there are',
    'Asking what the tables hold',
    'Counting what was refused',
    'Counting the trades',
    'Reading the log',
  ])
    expect(
      texts.some(text => text.includes(said)),
      said,
    ).toBe(true)
})
