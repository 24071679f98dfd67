/** NautilusTrader's own client of tardis-machine reads a lake: each trade and bar as it was put in, to the last digit. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HttpServer, openHttpServer } from '../../adapters/http-server.ts'
import { systemTimers } from '../../adapters/system.ts'
import { createApi } from '../../api/app.ts'
import type { Trade } from '../../domain/trade.ts'
import { hasPython } from '../../localstack/python.ts'
import { commit, someTrades } from '../api/live/live-lake.ts'
import { memoryLake, testEngine } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'
import { tardisPython } from './python.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const MINUTE_MS = 60_000

const INSTRUMENTS = [
  { exchange: 'binance', symbol: 'BTCUSDT', name: 'BTCUSDT' },
  { exchange: 'binance', symbol: 'ETHUSDT', name: 'ETHUSDT' },
  { exchange: 'kraken', symbol: 'XBT/USD', name: 'XBT/USD' },
]
/** Nautilus' name of a market. */
const nameOf = ({ exchange, symbol }: Trade) => (exchange === 'KRAKEN' ? 'XBT/USD.KRAKEN' : `${symbol}.BINANCE`)
const fixed = (units: bigint, scale: number) => {
  const digits = units.toString().padStart(scale + 1, '0')
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

describe.skipIf(!hasPython())('NautilusTrader’s TardisMachineClient', () => {
  const trades: Trade[] = []
  let server: HttpServer
  let from: string
  let to: string

  beforeAll(async () => {
    const lake = memoryLake({ engine: await testEngine() })
    // This client asks for whole days.
    from = new Date(lake.clock.now()).toISOString().slice(0, 10)
    to = new Date(lake.clock.now() + 1440 * MINUTE_MS).toISOString().slice(0, 10)
    for (let ago = 29; ago >= 1; ago -= 4) {
      const some = someTrades(lake, 60, ago * MINUTE_MS)
      trades.push(...some)
      await commit(lake, some)
    }
    // The last bar is closed by silence.
    lake.clock.advance(10 * MINUTE_MS)
    const live = { timers: systemTimers(), isStreaming: true }
    const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none', live })
    server = await openHttpServer((request, connection) => api.fetch(request, connection), {
      host: '127.0.0.1',
      port: 0,
    })
  })
  afterAll(() => server?.close())

  async function ask(options: unknown): Promise<string[][]> {
    const request = JSON.stringify({ instruments: INSTRUMENTS, options })
    const { stdout } = await run(await tardisPython(), [join(HERE, 'check_tardis.py'), request], {
      env: { ...process.env, TARDIS_MACHINE_WS_URL: server.url.replace('http', 'ws') },
      maxBuffer: 64 * 1024 * 1024,
    })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  }

  test('replays every trade, with its price, size, side, number and time', async () => {
    const range = { from, to, dataTypes: ['trade'] }
    const found = await ask([
      { exchange: 'binance', symbols: ['BTCUSDT', 'ETHUSDT'], ...range },
      { exchange: 'kraken', symbols: ['XBT/USD'], ...range },
    ])
    const expected = trades.map(trade => [
      ...['trade', nameOf(trade), trade.tradeId.split('-')[1]],
      // The tables have two digits more, which are zeros here.
      ...[fixed(trade.price / 100n, 8), fixed(trade.quantity, 8)],
      ...[trade.side === 'BUY' ? 'BUYER' : 'SELLER', `${trade.timestamp}000`, `${trade.timestamp}000`],
    ])
    const key = (row: readonly string[]) => `${row[6]} ${row[1]} ${row[2].padStart(9, '0')}`
    const byKey = (a: readonly string[], b: readonly string[]) => (key(a) < key(b) ? -1 : 1)
    expect(found.toSorted(byKey)).toEqual(expected.toSorted(byKey))
    const times = found.map(row => BigInt(row[6]))
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)))
  })

  test('replays bars of whole minutes', async () => {
    const found = await ask([{ exchange: 'binance', symbols: ['BTCUSDT'], from, to, dataTypes: ['trade_bar_5m'] }])
    const some = trades.filter(({ symbol }) => symbol === 'BTCUSDT')
    const groups = Map.groupBy(some, ({ timestamp }) => timestamp / 300_000_000n)
    const expected = [...groups].map(([window, group]) => {
      const sorted = group.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1))
      const prices = sorted.map(({ price }) => price / 100n)
      const [high, low] = [prices.reduce((a, b) => (b > a ? b : a)), prices.reduce((a, b) => (b < a ? b : a))]
      const volume = group.reduce((sum, { quantity }) => sum + quantity, 0n)
      return [
        ...['bar', 'BTCUSDT.BINANCE-5-MINUTE-LAST-EXTERNAL'],
        ...[prices[0], high, low, prices[prices.length - 1], volume].map(units => fixed(units, 8)),
        `${(window + 1n) * 300_000_000n}000`,
      ]
    })
    expect(expected.length).toBeGreaterThan(4)
    expect(found).toEqual(expected)
  })
})
