/** Clients that people have for an exchange, unchanged but for the address, on a lake: each number is that of the trades put in. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPython } from '../../localstack/python.ts'
import { type ServedMarkets, servedMarkets } from './market-lake.ts'
import { connectorPython, marketPython } from './python.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const MAX_OUTPUT = 64 * 1024 * 1024

describe.skipIf(!hasPython())('a lake’s markets', () => {
  let lake: ServedMarkets
  beforeAll(async () => {
    lake = await servedMarkets()
  })
  afterAll(async () => lake?.close())

  /** How many of each were compared. */
  async function compare(python: string, script: string, client: string, ...words: readonly string[]) {
    const { stdout } = await run(python, [join(HERE, script), client, lake.url, lake.trades, ...words], {
      maxBuffer: MAX_OUTPUT,
      env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' },
    })
    return JSON.parse(stdout)
  }

  const candles = {
    '1m': expect.any(Number),
    '15m': expect.any(Number),
    '1h': expect.any(Number),
    '4h': expect.any(Number),
    '1d': expect.any(Number),
  }

  test('of Binance are read by ccxt', async () => {
    const compared = await compare(await marketPython(), 'check_binance.py', 'ccxt')
    expect(compared).toEqual({
      ...candles,
      aggregates: 1000,
      trades: 1000,
      refusal: expect.stringMatching(/Invalid symbol/),
    })
    expect(compared['1m']).toBeGreaterThan(5_000)
  })

  test('of Binance are read by python-binance, from the first trade on', async () => {
    const compared = await compare(await marketPython(), 'check_binance.py', 'python-binance')
    expect(compared).toEqual({ ...candles, aggregates: expect.any(Number), trades: 1500 })
    expect(compared.aggregates).toBeGreaterThan(1_500)
  })

  test('of Binance are read by binance-connector', async () => {
    const compared = await compare(await connectorPython(), 'check_binance.py', 'binance-connector')
    expect(compared).toEqual({ ...candles, aggregates: 1000, trades: 1000, refusal: [400, -1121, 'Invalid symbol.'] })
  })

  test('of Binance are downloaded by freqtrade', async () => {
    const python = await marketPython()
    const [config, data] = [join(lake.folder, 'freqtrade.json'), join(lake.folder, 'data')]
    mkdirSync(data)
    writeFileSync(config, readFileSync(join(HERE, 'freqtrade.json'), 'utf8').replace('http://127.0.0.1:8080', lake.url))
    const words = ['-m', 'freqtrade', 'download-data', '--config', config, '--userdir', lake.folder, '--datadir', data]
    const kinds = [
      ['--timeframes', '1m', '1h', '--days', '60', '--data-format-ohlcv', 'json'],
      ['--dl-trades', '--days', '60', '--data-format-trades', 'json'],
    ]
    for (const kind of kinds) await run(python, [...words, ...kind], { maxBuffer: MAX_OUTPUT, cwd: lake.folder })
    const compared = await compare(python, 'check_binance.py', 'freqtrade', data)
    expect(compared).toEqual({ '1m': expect.any(Number), '1h': expect.any(Number), trades: expect.any(Number) })
    expect(compared['1m']).toBeGreaterThan(5_000)
  })

  /** A client of streams: when they have begun, and what was compared when all has come. */
  function listen(python: string, client: string, fresh: string) {
    const words = [join(HERE, 'check_streams.py'), client, lake.url, lake.trades, fresh]
    const running = run(python, words, { env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' } })
    const begun = new Promise<void>((resolve, reject) => {
      running.child.stdout?.once('data', () => resolve())
      running.catch(reject)
    })
    return { begun, compared: running.then(({ stdout }) => JSON.parse(stdout.split('\n')[1])) }
  }

  // After those that compare all trades of Binance: it adds some.
  test('of Binance come live to python-binance, binance-connector and ccxt', async () => {
    const fresh = lake.newTrades()
    const [market, connector] = await Promise.all([marketPython(), connectorPython()])
    const clients = [
      listen(market, 'python-binance', fresh),
      listen(connector, 'binance-connector', fresh),
      listen(market, 'ccxt', fresh),
    ]
    await Promise.all(clients.map(({ begun }) => begun))
    await lake.addNewTrades()
    const all = { trades: 60, aggregates: expect.any(Number), klines: ['1d', '1h', '1m'] }
    expect(await Promise.all(clients.map(({ compared }) => compared))).toEqual([
      all,
      { ...all, refusal: -1121 },
      { trades: 60, klines: ['1m'] },
    ])
  })

  test.each(['kraken', 'coinbase'])('of %s are read by ccxt', async exchange => {
    const compared = await compare(await marketPython(), 'check_ccxt.py', exchange)
    expect(compared).toEqual({
      '1m': expect.any(Number),
      '1h': expect.any(Number),
      '1d': expect.any(Number),
      trades: 2500,
    })
    expect(compared['1m']).toBeGreaterThan(500)
  })
})
