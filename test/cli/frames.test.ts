/** Recorded frames through the whole lake: the command, every stage, and what a query then says. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { FRAMES, hasFrames, NEEDS_FRAMES } from '../feeds/support.ts'
import { COMMAND, newFolder, output, queryRows, runCommand } from './support.ts'

// What a person reads in the files: frames received, trades in them.
const FILES = [
  ['binance', 265, 2],
  ['kraken', 38, 5],
  ['coinbase', 107, 54],
] as const

test.skipIf(!hasFrames)(`three recordings, published twice${NEEDS_FRAMES}`, async () => {
  const data = join(newFolder(), 'lake')
  for (const [exchange, frames, trades] of FILES) {
    const file = `${FRAMES}${exchange}.txt`
    const said = await output('frames', file, '--exchange', exchange, '--data', data)
    expect(said).toContain(
      `${file}: ${frames} frames, ${trades} trades published to market.crypto.trades.${exchange}\n`,
    )
  }
  await output('frames', `${FRAMES}kraken.txt`, '--exchange', 'kraken', '--data', data)
  // How many candles that makes depends on the timeframes; the audit below folds them again.
  expect((await output('drain', '--data', data)).replaceAll(/and \d+ candles/g, 'and … candles')).toBe(
    [
      'binance: 2 Bronze, 2 Silver, 0 DLQ, 2 Gold rows and … candles added',
      'kraken: 10 Bronze, 10 Silver, 0 DLQ, 5 Gold rows and … candles added',
      'coinbase: 54 Bronze, 54 Silver, 0 DLQ, 54 Gold rows and … candles added',
      '',
    ].join('\n'),
  )

  const rows = await queryRows(
    data,
    `SELECT exchange, symbol, currency, price, quantity, side, "timestamp"::VARCHAR AS at FROM gold_crypto_trades
     WHERE exchange <> 'COINBASE' ORDER BY "timestamp", trade_id`,
  )
  const trade = (
    exchange: string,
    symbol: string,
    currency: string,
    price: string,
    quantity: string,
    side: string,
    at: string,
  ) => {
    return { exchange, symbol, currency, price, quantity, side, at: `2021-${at}+00` }
  }
  expect(rows).toEqual([
    trade('KRAKEN', 'XMRUSD', 'USD', '354.1100000000', '0.89594024', 'SELL', '04-17 16:49:02.557535'),
    trade('KRAKEN', 'XMRUSD', 'USD', '354.5500000000', '1.25690315', 'BUY', '04-17 16:49:05.715785'),
    trade('KRAKEN', 'SCEUR', 'EUR', '0.0429900000', '15979.71727919', 'SELL', '04-17 16:49:05.920708'),
    trade('KRAKEN', 'XMRUSD', 'USD', '354.0400000000', '0.28245396', 'SELL', '04-17 16:49:10.826417'),
    trade('KRAKEN', 'XMRUSD', 'USD', '353.8100000000', '1.71754604', 'SELL', '04-17 16:49:10.827816'),
    trade('BINANCE', 'NKNUSDT', 'USDT', '0.3528000000', '58.00000000', 'BUY', '10-12 00:28:43.963'),
    trade('BINANCE', 'LRCBTC', 'BTC', '0.0000063800', '177.00000000', 'BUY', '10-12 00:28:54.486'),
  ])
  // Coinbase says the makers' sides: 18 buyers and 36 sellers.
  expect(
    await queryRows(
      data,
      `SELECT side, count(*) AS trades FROM gold_crypto_trades WHERE exchange = 'COINBASE' GROUP BY side ORDER BY side`,
    ),
  ).toEqual([
    { side: 'BUY', trades: 36 },
    { side: 'SELL', trades: 18 },
  ])
  const [dash] = await queryRows(
    data,
    `SELECT open_price, close_price, volume, trade_count, quote_volume FROM gold_ohlcv_1m
     WHERE symbol = 'DASHBTC' AND window_start = TIMESTAMPTZ '2021-04-17 16:43:00+00'`,
  )
  // 0.012 at 0.00619345, 0.265 at 0.00620564, 0.295 at 0.00617818, 2.578 at 0.00617817, 0.994 at 0.0061759
  expect(dash).toEqual({
    open_price: '0.0061934500',
    close_price: '0.0061759000',
    volume: '4.14400000',
    trade_count: 5,
    quote_volume: '0.025607545960000000',
  })
  expect(await output('audit', '--data', data)).toContain('All six laws hold')
})

test('a file that is not a recording, or holds a malformed frame, publishes nothing', async () => {
  const folder = newFolder()
  const data = join(folder, 'lake')
  const good = '1633998512.06: {"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1.5","q":"2","T":1633998512000,"m":true}'
  const file = join(folder, 'recording.txt')
  for (const [lines, message] of [
    [[good, 'dear diary'], /recording\.txt:2 is not a recorded frame/],
    [[good, good, '1633998513.1: {"e":"trade","s":"BTCUSDT"}'], /recording\.txt:3 .*Nothing was published\./],
    [[good, '1633998513.1: {"e":'], /recording\.txt:2 .*Nothing was published\./],
  ] as const) {
    writeFileSync(file, lines.join('\n'))
    const { status, stdout, stderr } = await runCommand('frames', file, '--exchange', 'binance', '--data', data)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^tradelake: [^\n]+\n$/)
    expect(stderr).toMatch(message)
  }
  const missing = await runCommand('frames', join(folder, 'none.txt'), '--exchange', 'binance', '--data', data)
  expect(missing.stderr).toMatch(/^tradelake: .*none\.txt does not exist\.\n$/)
  writeFileSync(file, good)
  await output('frames', file, '--exchange', 'binance', '--data', data)
  expect(await output('drain', '--data', data)).toContain('binance: 1 Bronze, 1 Silver, 0 DLQ, 1 Gold rows')
  expect(readFileSync(file, 'utf8')).toBe(good)
})

test('pipes, process substitution and the standard input are read like files', async () => {
  const folder = newFolder()
  const good = '1633998512.06: {"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1.5","q":"2","T":1633998512000,"m":true}'
  const file = join(folder, 'recording.txt')
  writeFileSync(file, `${good}\n`)
  const command = (source: string) =>
    promisify(execFile)('bash', [
      '-c',
      `"$0" "$1" frames ${source} --exchange binance --data "$2"`,
      ...[process.execPath, COMMAND, join(folder, 'lake')],
    ])
  for (const source of [`<(cat ${file})`, `/dev/stdin < <(cat ${file})`, `- < ${file}`]) {
    const { stdout, stderr } = await command(source)
    expect(stdout, source).toContain(': 1 frames, 1 trades published')
    expect(stderr, source).toBe('')
  }
})

test('a recording without any trade is doubted', async () => {
  const folder = newFolder()
  const file = join(folder, 'recording.txt')
  writeFileSync(file, '1633998512.06: {"type":"heartbeat"}\n')
  const { status, stderr } = await runCommand('frames', file, '--exchange', 'kraken', '--data', join(folder, 'lake'))
  expect(stderr).toBe(`tradelake: ${file} has no trade of kraken in its 1 frames: is it another exchange's?\n`)
  expect(status).toBe(0)
})

test('of a market either single trades or aggregates are published, never both', async () => {
  const folder = newFolder()
  const data = join(folder, 'lake')
  const single = '1633998512.06: {"e":"trade","E":1,"s":"BTCUSDT","t":7,"p":"1.5","q":"2","T":1633998512000,"m":true}'
  const aggregate =
    '1633998512.07: {"e":"aggTrade","E":1,"s":"BTCUSDT","a":3,"f":7,"l":7,"p":"1.5","q":"2","T":1633998512000,"m":true}'
  const both = join(folder, 'both.txt')
  writeFileSync(both, [single, aggregate].join('\n'))
  const refused = await runCommand('frames', both, '--exchange', 'binance', '--data', data)
  expect([refused.status, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toBe(
    'tradelake: There are trades and aggregates of BINANCE BTCUSDT, which are the same trades twice: choose with --stream trade or --stream aggTrade.\n',
  )
  expect(await output('frames', both, '--exchange', 'binance', '--stream', 'trade', '--data', data)).toContain(
    '2 frames, 1 trades published',
  )
  await output('drain', '--data', data)
  const later = await runCommand('frames', both, '--exchange', 'binance', '--stream', 'aggTrade', '--data', data)
  expect(later.status).toBe(1)
  expect(later.stderr).toMatch(
    /The lake has single trades of BTCUSDT of the same time: .* Give --stream trade, or another/,
  )
  const other = await runCommand('frames', both, '--exchange', 'binance', '--stream', 'ticks', '--data', data)
  expect(other.stderr).toBe('tradelake: --stream ticks is not one of trade, aggTrade.\n')
})

test.skipIf(!hasFrames)(`says how it gets on, and the result as JSON${NEEDS_FRAMES}`, async () => {
  const [folder, data] = [newFolder(), join(newFolder(), 'lake')]
  const [many, none] = [join(folder, 'many.txt'), join(folder, 'none.txt')]
  writeFileSync(many, readFileSync(`${FRAMES}kraken.txt`, 'utf8').repeat(2_000))
  writeFileSync(none, '')
  const words = ['frames', many, none, '--exchange', 'kraken', '--data', data, '--json']
  const { status, stdout, stderr } = await runCommand(...words)
  expect(status, stderr).toBe(0)
  const topic = 'market.crypto.trades.kraken'
  expect(JSON.parse(stdout)).toEqual({
    files: [
      { file: many, frames: 76_000, trades: 10_000, topic },
      { file: none, frames: 0, trades: 0, topic },
    ],
  })
  const lines = stderr.split('\n').filter(line => line.startsWith('{'))
  const parts = lines.map(line => JSON.parse(line) as { part: string; done: number; total: number | null })
  expect(parts.find(({ part }) => part === `Publishing ${many}`)).toMatchObject({ unit: 'frame', total: 76_000 })
  expect(parts.filter(({ part }) => part === `Reading ${many}`).at(-1)).toMatchObject({ done: 76_000, total: null })
  const quiet = await runCommand(...words, '--quiet')
  expect(quiet.stderr.split('\n').filter(line => line.startsWith('{'))).toEqual([])
})
