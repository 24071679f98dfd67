/** One refused record whole, on a virtual terminal. */
import { expect, test } from 'vitest'
import { afterKey, firstScreen, type Screen } from '../../../cli/terminal/keys.ts'
import type { Seen } from '../../../cli/terminal/seen.ts'
import { drawn } from './drawn.ts'
import { NOW, WELL } from './seen-lake.ts'

const KIND = 'BINANCE price_validation'
const RECORD = `${KIND} 1 3 4567`
/** Longer than any line. */
const REASON = `price 0 is not above zero ${'and that is said at length '.repeat(5)}to its end`
const LETTER = {
  ...{ exchange: 'BINANCE', time: '2026-11-20T11:59:01Z', error_type: 'price_validation', source: 'silver' },
  ...{ error_reason: REASON, epoch: 1, partition: 3, offset: 4_567, schema_id: 1, bytes: 20 },
  ...{ raw: Buffer.from('\x00Trade of 20 bytes').toString('base64'), decoded: '{"price":"0","side":"BUY"}' },
}
const SEEN_LETTERS: Seen = {
  ...WELL,
  letters: { kind: KIND, sinceMs: undefined, rows: [{ ...LETTER, offset: 1 }, LETTER] },
}

function pressed(screen: Screen, name: string, opens: string | undefined): Screen {
  const after = afterKey(screen, { name, sequence: name }, { rows: 2, page: 9, columns: [0], opens })
  if (after === 'leave') throw new Error(`${name} leaves`)
  return after
}

test('Enter opens the kind, then one record of it, and Esc goes back step by step', () => {
  const kind = pressed(firstScreen('dlq'), 'return', KIND)
  expect(kind.opened).toBe(KIND)
  const record = pressed(kind, 'return', RECORD)
  expect(record.opened).toBe(RECORD)
  // Its lines open nothing and have no order.
  expect(pressed(record, 'return', undefined)).toEqual(record)
  expect(pressed(record, 's', undefined)).toEqual(record)
  expect(pressed(record, 'escape', undefined).opened).toBe(KIND)
  expect(pressed(pressed(record, 'escape', undefined), 'escape', undefined).opened).toBeUndefined()
})

test('a record is shown to its last byte at 80 columns, however long its reason is', async () => {
  const { lines } = await drawn(SEEN_LETTERS, { view: 'dlq', opened: RECORD }, 80, 40)
  const at = lines.indexOf('The record')
  const text = lines.slice(at + 1, lines.indexOf('', at + 1)).join(' ')
  expect(text).toBe(
    `Refused 2026-11-20 11:59:01 UTC by silver: ${REASON} Partition 3, offset 4,567, life 1 of the topic, schema 1`,
  )
  expect(lines.filter(line => /^(\{| {2}"|\}|Bytes|00)/.test(line))).toEqual([
    ...['{', '  "price": "0",', '  "side": "BUY"', '}', 'Bytes, the first 18 of 20:'],
    '0000  00 54 72 61 64 65 20 6f 66 20 32 30 20 62 79 74  .Trade of 20 byt',
    '0010  65 73                                            es',
  ])
  const narrow = await drawn(SEEN_LETTERS, { view: 'dlq', opened: RECORD }, 40, 40)
  expect(narrow.lines.find(line => line.startsWith('0008'))).toBe('0008  66 20 32 30 20 62 79 74  f 20 byt')
})

test('where there is less room its lines are scrolled, to the last', async () => {
  const first = await drawn(SEEN_LETTERS, { view: 'dlq', opened: RECORD }, 80, 12)
  expect(first.lines.join('\n')).toMatch(/\+\d+ below/)
  const last = await drawn(SEEN_LETTERS, { view: 'dlq', opened: RECORD, at: 999 }, 80, 12)
  expect(last.lines.join('\n')).toContain('0010  65 73')
  const gone = await drawn(SEEN_LETTERS, { view: 'dlq', opened: `${KIND} 1 3 9` }, 80, 12)
  expect(gone.lines).toContain('The record is not among the newest of its kind any more.')
})

test('J asks for a time, from which on records are counted and shown', async () => {
  const since = Date.UTC(2026, 10, 20, 10)
  let screen: Screen = firstScreen('dlq')
  for (const sequence of ['J', ...'10:00'])
    screen = afterKey(screen, { sequence }, { rows: 2, page: 5, columns: [0], opens: KIND, nowMs: NOW }) as Screen
  const typing = (await drawn(WELL, screen, 80, 16)).lines
  expect(typing.slice(-2)).toEqual([
    'Enter counts from then on, or the last day where nothing is typed; Esc',
    'Time (UTC): 10:00',
  ])
  screen = afterKey(screen, { name: 'return' }, { rows: 2, page: 5, columns: [0], opens: KIND, nowMs: NOW }) as Screen
  expect(screen).toMatchObject({ since, until: undefined, typedTime: undefined })
  // The day's counts are not those of that time.
  expect((await drawn(WELL, screen, 80, 16)).lines.join('\n')).toContain('Counting what was refused…')
  const counts = [{ exchange: 'KRAKEN', error_type: 'price_validation', count: 7 }]
  const told = (await drawn({ ...WELL, refused: { sinceMs: since, counts } }, screen, 80, 16)).lines
  const head = told.findIndex(line => line.startsWith('Exchange'))
  expect(told.slice(head, head + 3)).toEqual([
    'Exchange  What was wrong    Records since 2026-11-20 10:00 UTC    Share',
    'KRAKEN    price_validation                                   7  100.0 %',
    '',
  ])
  expect(
    (await drawn({ ...WELL, refused: { sinceMs: since, counts: [] } }, screen, 80, 16)).lines.join('\n'),
  ).toContain('Nothing was refused since 2026-11-20 10:00 UTC.')
  const opened = { ...screen, opened: KIND }
  expect((await drawn(SEEN_LETTERS, opened, 80, 16)).lines.join('\n')).toContain('Reading the records…')
})

test('refused records say why, where they are in Kafka, and what their bytes are', async () => {
  const row = {
    ...{ exchange: 'BINANCE', time: '2026-11-20T11:59:01Z', error_type: 'price_validation', source: 'silver' },
    ...{ error_reason: 'price 0 is not above zero', epoch: 0, partition: 3, offset: 4_567, schema_id: 1, bytes: 5 },
    ...{ raw: Buffer.from('\x00Trade').toString('base64'), decoded: null },
  }
  const kind = 'BINANCE price_validation'
  const seen: Seen = {
    ...WELL,
    letters: { kind, sinceMs: undefined, rows: [row, { ...row, decoded: '{"price":"0"}' }] },
  }
  const { lines } = await drawn(seen, { view: 'dlq', opened: kind }, 120, 12)
  expect(lines.slice(3, 8)).toEqual([
    'BINANCE price_validation, the newest first; Enter shows one whole',
    '',
    'Refused (UTC)        Why                        Partition  Offset  Bytes  What it says',
    '2026-11-20 11:59:01  price 0 is not above zero          3   4,567      5  00 54 72 61 64 65',
    '2026-11-20 11:59:01  price 0 is not above zero          3   4,567      5  {"price":"0"}',
  ])
  const other = await drawn(seen, { view: 'dlq', opened: 'KRAKEN price_validation' }, 120, 12)
  expect(other.lines[5]).toBe('Reading the records…')
})
