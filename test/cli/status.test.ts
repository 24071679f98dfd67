/** What `status` and `--version` print. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
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
