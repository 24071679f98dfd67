import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { output, runCommand } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
const data = join(folder, 'lake')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(async () => {
  await output('start', '--rate', '20', '--for', '2s', '--data', data)
})

describe('bad input is one line that says what to give', () => {
  for (const [args, words] of [
    [['rebuild'], 'Name what to rebuild: tradelake rebuild silver, gold or candles.'],
    [
      ['rebuild', 'bronze', '--from', '2026-01-01T00:00:00Z'],
      'Name what to rebuild: tradelake rebuild silver, gold or candles.',
    ],
    [['rebuild', 'silver'], 'Give --from TIME: a rebuild works on a range of time.'],
    [['rebuild', 'silver', '--from', 'today'], '--from: today is no time: write it as 2026-11-20 14:03, in UTC.'],
    [
      ['rebuild', 'gold', '--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z'],
      'The range is empty: --from is not before --to.',
    ],
    [
      ['rebuild', 'silver', '--from', '2026-01-01T00:00:00Z', '--exchange', 'mtgox'],
      'There is no exchange mtgox: there are binance, kraken, coinbase.',
    ],
    [
      ['redrive'],
      /^tradelake: Give --error-type: one of deserialization_failed_or_null_fields, unknown_schema, .*\.\n$/,
    ],
  ] as const)
    test(args.join(' '), async () => {
      const { status, stderr } = await runCommand(...args, '--data', data)
      expect(status).toBe(1)
      if (typeof words === 'string') expect(stderr).toBe(`tradelake: ${words}\n`)
      else expect(stderr).toMatch(words)
    })
})

test('a rebuild, a redrive and a repair say what they did, and every law holds', async () => {
  const since = new Date(Date.now() - 3_600_000).toISOString()
  const rebuilt = await output('rebuild', 'silver', '--from', since, '--data', data)
  expect(rebuilt).toMatch(
    /^binance: [\d,]+ records looked at, now [\d,]+ in Silver and [\d,]+ in the DLQ; 0 rows left Gold, 0 came in; candles of 0 minutes folded again$/m,
  )
  expect(await output('rebuild', 'gold', '--from', since, '--exchange', 'kraken', '--data', data)).toBe(
    'kraken: 0 rows left Gold, 0 came in; candles of 0 minutes folded again\n',
  )
  expect(await output('rebuild', 'candles', '--from', since, '--data', data)).toMatch(
    /^all: 0 rows left Gold, 0 came in; candles of [\d,]+ minutes folded again\n$/,
  )
  const redriven = JSON.parse(await output('redrive', '--error-type', 'price_validation', '--json', '--data', data))
  expect(redriven.binance).toMatchObject({ valid: 0, invalid: 0 })
  const repaired = await output('audit', '--repair', '--data', data)
  expect(repaired).toMatch(/^Repair\n {2}nothing had to be mended\nAudit\n/)
  expect(repaired).toContain('All six laws hold')
})

test('a lake without its state file is refused with the command that makes it again, which does', async () => {
  for (const end of ['', '-wal', '-shm']) rmSync(join(data, `state.sqlite${end}`), { force: true })
  expect((await runCommand('tables', '--data', data)).stderr).toMatch(
    /or run tradelake audit --repair to make it again/,
  )
  const repaired = await output('audit', '--repair', '--data', data)
  expect(repaired).toMatch(/the checkpoint of market\.crypto\.trades\.binance-\d+ is at \d+/)
  expect(repaired).toContain('All six laws hold')
})
