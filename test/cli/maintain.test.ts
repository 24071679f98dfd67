import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { fragmentedLake } from '../embedded/support.ts'
import { newFolder, output, runCommand } from './support.ts'

test('says by table what was done, then that there is nothing to do; every law holds', async () => {
  const lake = await fragmentedLake()
  onTestFinished(() => rmSync(join(lake.directory, '..'), { recursive: true }))
  lake.close()
  const data = lake.directory
  const done = await output('maintain', '--data', data)
  expect(done).toMatch(
    /^gold_crypto_trades\n {2}3 files of 1 partition joined into 1: [\d.]+ kB read, [\d.]+ kB written$/m,
  )
  expect(await output('maintain', '--data', data)).toBe('There was nothing to do.\n')
  expect(JSON.parse(await output('maintain', '--json', '--data', data))).toEqual({
    tables: [],
    deletedPayloads: 0,
    sweepRefused: false,
    failures: [],
  })
  expect(await output('audit', '--data', data)).toContain('All six laws hold')
})

test('needs a lake, and takes durations', async () => {
  const data = join(newFolder(), 'none')
  expect(await runCommand('maintain', '--data', data)).toMatchObject({ status: 1 })
  const wrong = await runCommand('maintain', '--closed-after', 'soon', '--data', data)
  expect(wrong.stderr).toBe('tradelake: soon is not a duration: write 60s, 5m or 1h.\n')
  const kept = await runCommand('maintain', '--retention', 'gold_crypto_trades=90', '--data', data)
  expect(kept.stderr).toBe(
    'tradelake: gold_crypto_trades is kept for ever: candles are made from it, and repeats known by it.\n',
  )
})
