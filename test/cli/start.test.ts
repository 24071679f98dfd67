/** `tradelake start`: what it shows, that others may look meanwhile, and that it goes on where it was. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { FRAME_BYTES } from '../../domain/wire.ts'
import { filesBelow, newFolder, output, queryRows, runCommand, startCommand } from './support.ts'

const TRADE_V2 = avroType(TRADE_SCHEMA)

interface Line {
  readonly time: string
  readonly exchanges: {
    exchange: string
    messages: number
    bronze: number
    silver: number
    dlq: number
    gold: number
  }[]
  readonly candles: { symbol: string; window: string; closed: boolean; high: string; trades: string }[]
  readonly errors: number
}

const linesOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

test('a run shows candles, may be looked at, and is gone on with', async () => {
  const data = join(newFolder(), 'lake')
  const first = startCommand('start', '--rate', '1000', '--seed', '5', '--for', '11s', '--json', '--data', data)
  await new Promise(resolve => first.child.stdout?.once('data', resolve))
  let looks = 0
  let over = false
  first.finished.then(() => {
    over = true
  })
  while (!over && looks < 3) {
    const { status, stdout, stderr } = await runCommand('audit', '--data', data)
    expect([status, stderr], stdout).toEqual([0, ''])
    const [{ trades }] = await queryRows(data, 'SELECT count(*) AS trades FROM gold_crypto_trades')
    expect(trades).toBeGreaterThanOrEqual(0)
    looks++
  }
  expect(looks).toBeGreaterThan(0)
  const { status, stdout, stderr } = await first.finished
  expect([status, stderr]).toEqual([0, ''])
  const lines = linesOf(stdout)
  const report = lines.pop().audit
  expect(report.laws.map((law: { holds: boolean }) => law.holds)).toEqual([true, true, true, true, true, true])

  const shown = lines as Line[]
  const firstCandle = shown.find(({ candles }) => candles.length > 0)
  const waited = Date.parse(firstCandle?.time ?? '') - Date.parse(shown[0].time)
  console.log(`from the first line to the first candle: ${(waited / 1000).toFixed(1)} s`)
  expect(Number(firstCandle?.candles[0].trades)).toBeGreaterThan(0)
  const last = shown[shown.length - 1]
  expect(last.errors).toBe(0)
  for (const { messages, bronze, silver, dlq, gold } of last.exchanges) {
    expect(bronze).toBe(messages)
    expect(silver + dlq).toBe(bronze)
    expect(gold).toBeLessThanOrEqual(silver)
  }
  const messages = last.exchanges.reduce((sum, exchange) => sum + exchange.messages, 0)
  expect(messages).toBeGreaterThan(8_000)

  // Another run goes on with the same market: no trade comes twice, none is left out. It has time to ask for what it missed.
  const again = await runCommand('start', '--for', '4s', '--data', data)
  expect([again.status, again.stderr]).toEqual([0, ''])
  expect(again.stdout).toContain('market 0 of seed 5 at 1000 trades/s')
  expect(again.stdout).toContain('All six laws hold')
  const ranges = await queryRows(
    data,
    `SELECT exchange, symbol, min(id) AS lowest, max(id) AS highest, count(*) AS trades FROM
      (SELECT exchange, symbol, split_part(trade_id, '-', 2)::BIGINT AS id FROM gold_crypto_trades) GROUP BY exchange, symbol`,
  )
  // The market has a few trades that break a rule: their numbers are in the dead-letter table.
  const dead = await queryRows(data, 'SELECT hex(raw_record) AS bytes FROM silver_dlq_trades')
  const invalid = new Set(
    dead.map(({ bytes }) => {
      const trade = TRADE_V2.fromBuffer(Buffer.from(String(bytes), 'hex').subarray(FRAME_BYTES))
      return `${trade.symbol} ${trade.trade_id}`
    }),
  )
  expect(invalid.size).toBeGreaterThan(0)
  expect(ranges).toHaveLength(24)
  for (const { exchange, symbol, lowest, highest, trades } of ranges) {
    const first = Number(lowest)
    const ids = Array.from({ length: Number(highest) - first + 1 }, (_, i) => `${symbol} ${exchange}-${first + i}`)
    expect(Number(trades), `${symbol}`).toBe(ids.filter(id => !invalid.has(id)).length)
  }
  // Another seed is another market.
  expect(await output('start', '--seed', '6', '--for', '1s', '--data', data)).toContain('market 1 of seed 6')
})

test('a damaged lake ends a run with one line and status 1, and keeps no process alive', async () => {
  const data = join(newFolder(), 'lake')
  await output('start', '--rate', '50', '--for', '2s', '--data', data)
  const gold = join(data, 'objects', 'market_data', 'gold_crypto_trades')
  const files = (part: string) => filesBelow(join(gold, part)).filter(file => !file.endsWith('.crc'))
  const rows = files('data')
  expect(rows.length).toBeGreaterThan(0)
  for (const file of rows) rmSync(file)
  const missing = await runCommand('start', '--for', '1s', '--data', data)
  expect(missing.status).toBe(1)
  expect(missing.stdout + missing.stderr).toMatch(/missing|not there|lost/)
  expect(missing.stderr).not.toMatch(/ {4}at /)
  for (const file of files('metadata')) if (file.includes('metadata.json')) writeFileSync(file, 'no metadata')
  const unreadable = await runCommand('start', '--for', '1s', '--data', data)
  expect([unreadable.status, unreadable.stdout]).toEqual([1, ''])
  expect(unreadable.stderr).toMatch(/^tradelake: .*gold_crypto_trades.*\n$/)
})
