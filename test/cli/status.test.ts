/** What `status` and `--version` print. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { linesOf } from '../../cli/status.ts'
import type { LakeStatus, TableStatus } from '../../operations/status.ts'
import { smallLake } from './small-lake.ts'
import { output, runCommand } from './support.ts'

const { data } = smallLake()

test('a lake on one screen', async () => {
  const text = await output('status', '--data', data)
  expect(text).toMatch(/^exchange +last record +last trade +records of the last hour +offsets missing\n/)
  expect(text).toMatch(/\nbinance +\d+ \w+ ago +\d+ d ago +\d+ +0\n/)
  expect(text).toMatch(/\nkraken +never +never +0 +0\n/)
  expect(text).toMatch(
    /\nGold's newest trade: \d{4} d ago\nNothing is pending\.\nDead letters of the last hour: 0 of 3 records \(0\.0 %\)\n/,
  )
  expect(text).toMatch(/\nFeeds: 0 trades looked for, 0 lost, 0 unreadable\nMaintenance never swept /)
  expect(text).toMatch(/\ngold_crypto_trades +3 +1 +\d+ \w+ ago\n/)
})

test('the same as JSON, with times as milliseconds', async () => {
  const status = JSON.parse(await output('status', '--data', data, '--json'))
  // 12 October 2021, as the frames say.
  expect(status.lastGold).toBe(1_633_998_512_003)
  expect(status.tables).toContainEqual(expect.objectContaining({ table: 'gold_crypto_trades', rows: 3, files: 1 }))
  expect(status.pending).toEqual([])
})

test('where no lake is, in one line', async () => {
  const { status, stderr } = await runCommand('status', '--data', `${data} elsewhere`)
  expect(status).toBe(1)
  expect(stderr).toMatch(/^tradelake: There is no lake in .*\n$/)
})

test('the version is the package’s', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(await output('--version')).toBe(`${version}\n`)
})

const NOW = Date.UTC(2026, 10, 20, 12)
const EMPTY: TableStatus = {
  table: 'feed_gaps',
  problem: undefined,
  rows: 0,
  files: 0,
  committed: undefined,
  swept: undefined,
}
function screen(found: Partial<LakeStatus>): string[] {
  const status: LakeStatus = {
    now: NOW,
    exchanges: [],
    lastGold: undefined,
    pending: [],
    deadLetters: { letters: 0, trades: 0 },
    gaps: { open: 0, openRanges: 0, lost: 0, unreadable: 0 },
    tables: [EMPTY],
    paused: undefined,
    ...found,
  }
  return linesOf(status, undefined).flatMap(line => line.split('\n'))
}

test('what cannot be read comes first, and no figure stands for it', () => {
  const lines = screen({
    tables: [EMPTY, { ...EMPTY, table: 'gold_crypto_trades', problem: 'Table gold_crypto_trades has lost its head.' }],
    gaps: undefined,
  })
  expect(lines[0]).toBe('UNREADABLE gold_crypto_trades: Table gold_crypto_trades has lost its head.')
  expect(lines).toContain('Feeds: what they report cannot be read')
  expect(lines.at(-1)).toMatch(/^gold_crypto_trades +\? +\? +unreadable$/)
})

test('an empty lake was not swept, and one that was says when that was longest ago', () => {
  expect(screen({})).toContain('There is nothing yet for maintenance to sweep.')
  const swept = [3, 5].map(hours => ({ ...EMPTY, rows: 1, swept: NOW - hours * 3_600_000 }))
  expect(screen({ tables: swept })).toContain('Maintenance swept every table within the last 5 h.')
  expect(screen({ tables: [...swept, { ...EMPTY, rows: 1 }] })).toContain('Maintenance never swept feed_gaps.')
})

test('a time that lies ahead is not one that is past', () => {
  expect(screen({ lastGold: NOW + 3 * 86_400_000 })).toContain("Gold's newest trade: in 3 d")
  expect(screen({ lastGold: NOW - 17 * 60_000 })).toContain("Gold's newest trade: 17 min ago")
})
