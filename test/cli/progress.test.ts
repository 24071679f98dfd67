/** Long work that is asked for JSON or for quiet: the result alone on standard output, JSON lines or nothing on standard error. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { smallLake } from './small-lake.ts'
import { filesBelow, newFolder, runCommand } from './support.ts'

const { data } = smallLake()

test.each([
  ['drain', ['drain'], { binance: { bronze: 0 } }],
  ['audit', ['audit'], { holds: true }],
  ['maintain', ['maintain'], { failures: [] }],
  ['rebuild', ['rebuild', 'candles', '--from', '2021-10-12T00:00:00Z'], { all: { records: 0 } }],
])('%s', async (_, words, result) => {
  for (const more of [['--json'], ['--json', '--quiet']]) {
    const { status, stdout, stderr } = await runCommand(...words, ...more, '--data', data)
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject(result)
    const lines = stderr
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
    expect(lines.every(({ part, unit }) => typeof part === 'string' && typeof unit === 'string')).toBe(true)
    if (more.includes('--quiet')) expect(lines).toEqual([])
  }
})

test('export', async () => {
  const to = join(newFolder(), 'copy')
  const words = ['export', '--table', 'gold_crypto_trades', '--start', '2021-10-12', '--to', to, '--json', '--quiet']
  const { status, stdout, stderr } = await runCommand(...words, '--data', data)
  expect([status, stderr]).toEqual([0, ''])
  const told = JSON.parse(stdout)
  expect(told).toEqual({ files: filesBelow(to).length, rows: 3, folder: to })
  expect(told.files).toBeGreaterThan(0)
})
