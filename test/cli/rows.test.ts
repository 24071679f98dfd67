/** What `candles`, `trades`, `coverage`, `export` and `pin` print, of one small lake. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { smallLake } from './small-lake.ts'
import { COMMAND, newFolder, output, queryRows, runCommand } from './support.ts'

const { data } = smallLake()
const ask = (...args: string[]) => output(...args, '--data', data)

describe('rows', () => {
  test('are a table for people, with what fits', async () => {
    const text = await ask('trades', '--symbols', 'btcusdt', '--limit', '2')
    const lines = text.split('\n')
    expect(lines[0].split(/ +/)).toEqual(['time', 'exchange', 'symbol', 'price', 'quantity', 'side', 'id'])
    expect(lines.length).toBe(2 + 2 + 1)
  })

  test('of candles have what takers bought', async () => {
    const asked = ['candles', '--timeframe', '1d', '--start', '2021-01-01']
    const [titles, , ...rows] = (await ask(...asked)).trim().split('\n')
    const { data } = JSON.parse(await ask(...asked, '--format', 'json'))
    const place = titles.split(/ +/).indexOf('taker_buy_volume')
    expect(rows.map(row => row.trim().split(/ +/)[place])).toEqual(
      data.map((row: { taker_buy_volume: string }) => row.taker_buy_volume),
    )
  })

  test('are of today where a time of day is given, as in the page', async () => {
    expect(await ask('trades', '--start', '0:00', '--end', '23:59:59')).toMatch(
      /^No trade of BINANCE:BTCUSDT in this time: the first is of [\d-]+ [\d:]+ UTC, the last of [\d-]+ [\d:]+ UTC\.\n$/,
    )
    expect((await runCommand('trades', '--start', '25:00', '--data', data)).stderr).toBe(
      'tradelake: --start: 25:00 is no time: write it as 2026-11-20 14:03, in UTC.\n',
    )
  })

  test('are those that SQL finds, in every format', async () => {
    const expected = await queryRows(
      data,
      'SELECT trade_id, price FROM gold_crypto_trades ORDER BY "timestamp", trade_id',
    )
    const lines = (await ask('trades', '--start', '2021-01-01', '--limit', 'all', '--format', 'ndjson'))
      .trim()
      .split('\n')
    const rows = lines.map(line => JSON.parse(line) as { id: string; price: string })
    expect(rows.map(({ id }) => id)).toEqual(expected.map(row => row.trade_id))
    expect(rows.map(({ price }) => Number(price))).toEqual(expected.map(row => Number(row.price)))
    expect((await ask('trades', '--format', 'csv')).split('\r\n').length).toBe(expected.length + 2)
    const candles = JSON.parse(await ask('candles', '--timeframe', '1d', '--start', '2021-01-01', '--format', 'json'))
    expect(candles.data.reduce((sum: number, { trades }: { trades: number }) => sum + trades, 0)).toBe(expected.length)
  })

  test('are Arrow for programs', async () => {
    const { stdout } = await runCommand('candles', '--timeframe', '1h', '--format', 'csv', '--data', data)
    expect(stdout).toMatch(/^timeframe,exchange,symbol,start,end,open/)
    const bytes = execFileSync(process.execPath, [COMMAND, 'trades', '--format', 'arrow', '--data', data])
    expect(tableFromIPC(bytes).numRows).toBe(3)
  })

  test('that are missing by their numbers are counted', async () => {
    const lines = (await ask('coverage', '--bucket', '1d', '--start', '2021-10-12', '--end', '2021-10-13')).split('\n')
    expect(lines[0]).toContain('missing')
    expect(lines.length).toBeGreaterThan(2)
  })

  test('are refused in the words of options', async () => {
    const { status, stderr } = await runCommand('candles', '--as-of', '2126-01-01', '--data', data)
    expect([status, stderr]).toEqual([
      1,
      'tradelake: --as-of is 2126-01-01, which is yet to come: give an earlier time.\n',
    ])
    expect((await runCommand('trades', '--symbols', 'BTCUSDX', '--data', data)).stderr).toMatch(
      /the nearest is BTCUSDT/,
    )
  })
})

test('files are named, and copied whole', async () => {
  const { data: named } = JSON.parse(await ask('export', '--table', 'gold_crypto_trades', '--format', 'json'))
  // By paths that any reader of Parquet takes.
  for (const { url } of named) expect(readFileSync(url).subarray(0, 4).toString()).toBe('PAR1')
  expect(named.map(({ url }: { url: string }) => url.startsWith(join(data, 'objects')))).not.toContain(false)
  const folder = join(newFolder(), 'export')
  expect(await ask('export', '--table', 'gold_crypto_trades', '--to', folder)).toMatch(/^\d+ files with \d+ rows in /)
  expect(readdirSync(folder).length).toBe(named.length)
  const again = await runCommand('export', '--table', 'gold_crypto_trades', '--to', folder, '--data', data)
  expect([again.status, again.stderr.includes('    at ')]).toEqual([1, false])
})

test('a pin is made, listed, read and deleted', async () => {
  expect(await ask('pin')).toBe('There are no pins: tradelake pin NAME makes one.\n')
  const [made] = JSON.parse(await ask('pin', 'backtest', '--json'))
  expect(JSON.parse(await ask('pin', '--json'))).toEqual([made])
  expect(await ask('trades', '--as-of', 'backtest', '--format', 'json')).toBe(await ask('trades', '--format', 'json'))
  for (const [words, message] of [
    [['list'], 'list is no name for a pin: tradelake pin lists all pins.'],
    [['delete', 'backtest'], 'delete is no name for a pin: tradelake pin NAME --delete deletes one.'],
  ] as const) {
    const { status, stderr } = await runCommand('pin', ...words, '--data', data)
    expect([status, stderr]).toEqual([1, `tradelake: ${message}\n`])
  }
  expect(JSON.parse(await ask('pin', '--json'))).toEqual([made])
  expect(await ask('pin', 'backtest', '--delete')).toBe('The pin backtest is deleted.\n')
  expect(await ask('pin')).toBe('There are no pins: tradelake pin NAME makes one.\n')
})
