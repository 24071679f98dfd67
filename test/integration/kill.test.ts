/**
 * Kills `tradelake start` with SIGKILL at twenty moments over one data directory. Whatever the moment, nothing is
 * lost and nothing doubled: after a drain the audit passes, and Gold is exactly what another process makes of the
 * market's seed.
 *
 * This proves that processes may crash, not that power may fail: what a killed process had written is still in the
 * kernel's page cache, so a missing fsync would not be seen here.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { consumers } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import { wholeShare } from '../../domain/shares.ts'
import { openLakeReadOnly } from '../../embedded/lake.ts'
import { randomStream } from '../../feeds/random.ts'
import { newFolder, output, startCommand } from '../cli/support.ts'

const KILLS = 20
const SEED = 77
const RATE = 1_000
const MIN_MS = 300
const MAX_MS = 6_000
const EXPECTED = fileURLToPath(new URL('expected-trades.ts', import.meta.url))

test('twenty kills, and every trade is there once', async () => {
  const data = join(newFolder(), 'lake')
  const start = new Date().toISOString()
  const random = randomStream(SEED)
  const arguments_ = ['start', '--rate', `${RATE}`, '--seed', `${SEED}`, '--market-start', start, '--data', data]
  let leftPending = 0
  for (let kill = 1; kill <= KILLS; kill++) {
    const { child, finished } = startCommand(...arguments_)
    await new Promise(resolve => setTimeout(resolve, MIN_MS + random() * (MAX_MS - MIN_MS)))
    expect(child.exitCode, 'the run ended by itself').toBe(null)
    process.kill(-(child.pid as number), 'SIGKILL')
    const { status, stderr } = await finished
    expect([status, stderr]).toEqual([null, ''])
    leftPending += await pendingOf(data)
  }
  // The kills came while there was work under way.
  expect(leftPending).toBeGreaterThan(KILLS)
  const tables: { table: string; snapshots: number }[] = JSON.parse(await output('tables', '--json', '--data', data))
  for (const name of ['bronze_binance_trades', 'silver_kraken_trades', 'gold_crypto_trades', 'gold_ohlcv_1d'])
    expect(tables.find(({ table }) => table === name)?.snapshots, name).toBeGreaterThan(3)

  // The feeds get what was traded since the last kill, and end in order.
  expect(await output(...arguments_, '--for', '5s')).toContain('All six laws hold')
  await output('drain', '--data', data)
  const audit = await output('audit', '--data', data)
  expect(audit).toContain('All six laws hold')
  // What a killed process was looking for has been found by the next, and every report of it is closed.
  expect(audit).not.toMatch(/are sought|are lost/)

  const expected = execFileSync(process.execPath, [EXPECTED, `${SEED}`, `${RATE}`, start, data], {
    maxBuffer: 1 << 30,
  }).toString()
  const query = `SELECT message_id, exchange, symbol, epoch_us("timestamp") AS micros, price, quantity, side FROM gold_crypto_trades ORDER BY message_id`
  const gold = await output('sql', query, '--format', 'csv', '--data', data)
  expect(expected.length).toBeGreaterThan(1_000_000)
  // Not by toBe: a difference of megabytes is nothing to print.
  expect(firstDifference(gold, expected)).toBe(undefined)
})

/** How many items wait for a stage; none where the lake is not made yet. */
async function pendingOf(data: string): Promise<number> {
  const lake = await openLakeReadOnly(data).catch(() => undefined)
  if (!lake) return 0
  const { goldLists, candleLists } = wholeShare(lake.exchanges)
  const names = [...lake.exchanges.map(({ name }) => consumers.silver(name)), ...goldLists, ...candleLists]
  const counts = await Promise.all(names.map(name => countPending(lake.ports.state, name)))
  lake.close()
  return counts.reduce((sum, { items }) => sum + items, 0)
}

function firstDifference(
  gold: string,
  expected: string,
): { line: number; gold?: string; expected?: string } | undefined {
  const goldLines = gold.split('\n')
  const expectedLines = expected.split('\n')
  for (let line = 0; line < Math.max(goldLines.length, expectedLines.length); line++)
    if (goldLines[line] !== expectedLines[line]) return { line, gold: goldLines[line], expected: expectedLines[line] }
  return undefined
}
