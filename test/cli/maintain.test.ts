import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder, output, runCommand } from './support.ts'

test('says by table what was done, then that there is nothing to do; every law holds', async () => {
  const data = join(newFolder(), 'lake')
  const start = new Date(Date.now() - 90 * 60_000).toISOString()
  await output('start', '--rate', '3', '--for', '6s', '--market-start', start, '--data', data)
  const done = await output('maintain', '--data', data)
  expect(done).toMatch(
    /^gold_crypto_trades\n {2}\d+ files of 1 partitions joined into 1: [\d.]+ kB read, [\d.]+ kB written$/m,
  )
  expect(await output('maintain', '--data', data)).toBe('There was nothing to do.\n')
  expect(JSON.parse(await output('maintain', '--json', '--data', data))).toEqual({
    tables: [],
    deletedPayloads: 0,
    failures: [],
  })
  expect(await output('audit', '--data', data)).toContain('All six laws hold')
}, 90_000)

test('needs a lake, and takes durations', async () => {
  const data = join(newFolder(), 'none')
  expect(await runCommand('maintain', '--data', data)).toMatchObject({ status: 1 })
  const wrong = await runCommand('maintain', '--closed-after', 'soon', '--data', data)
  expect(wrong.stderr).toBe('tradelake: soon is no duration: write 60s, 5m or 1h.\n')
})
