/** What `tradelake dead-letters` prints of a lake that refused something. */
import { expect, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { openLake } from '../../embedded/lake.ts'
import { lakeSink } from '../../embedded/lake-sink.ts'
import { tradeOf } from '../functions/support.ts'
import { newFolder, output, runCommand } from './support.ts'

test('counts what was refused since a time, with the newest of each kind and why', async () => {
  const data = `${newFolder()}/lake`
  const lake = await openLake(data)
  const now = BigInt(Date.now()) * 1000n
  const trade = tradeOf(1, { price: 0n, timestamp: now, ingestionTimestamp: now })
  const record = { topic: topicName('binance'), key: Buffer.from('BTCUSDT'), timestamp: Date.now() }
  await lakeSink(lake, () => {}).send([
    { ...record, value: encodeTrade(trade) },
    { ...record, value: encodeTrade(trade) },
    { ...record, value: Buffer.from('not Avro') },
  ])
  lake.close()
  await output('drain', '--data', data)
  const [titles, , ...rows] = (await output('dead-letters', '--start', '2026-01-01', '--data', data)).trim().split('\n')
  expect(titles.split(/ {2,}/)).toEqual(['exchange', 'what was wrong', 'records', 'newest (UTC)', 'why'])
  expect(rows.map(row => row.split(/ {2,}/).filter((_, at) => at !== 3))).toEqual([
    ['BINANCE', 'price_validation', '2', expect.stringMatching(/price/)],
    ['BINANCE', 'deserialization_failed_or_null_fields', '1', expect.any(String)],
  ])
  expect(await output('dead-letters', '--start', '2020-01-01', '--end', '2020-01-02', '--data', data)).toBe(
    'Nothing was refused in this time.\n',
  )
  const records = (
    await output('dead-letters', '--error-type', 'price_validation', '--format', 'ndjson', '--data', data)
  )
    .trim()
    .split('\n')
  expect(records.map(line => JSON.parse(line).error_type)).toEqual(['price_validation', 'price_validation'])
  const { stderr } = await runCommand('dead-letters', '--start', '2026-02-30', '--data', data)
  expect(stderr).toBe('tradelake: --start: There is no day 2026-02-30.\n')
})
