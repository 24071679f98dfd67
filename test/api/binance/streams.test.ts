/** Binance's WebSocket streams through the real server: each event is of the trades that were put in, worked out here one by one. */
import { describe, expect, test } from 'vitest'
import type { Trade } from '../../../domain/trade.ts'
import { START_MICROS } from '../../functions/support.ts'
import { commit } from '../live/live-lake.ts'
import { connect, serveStreams, tradeAgo } from './stream-server.ts'

describe('streams', () => {
  test('of trades, aggregates and klines have every field as Binance prints it', async () => {
    const own = await serveStreams()
    const { lake } = own
    const client = await connect(own, 'stream?streams=btcusdt@trade/btcusdt@aggTrade/btcusdt@kline_1m')
    lake.clock.advance(10_000)
    const now = Date.UTC(2026, 10, 20, 12, 0, 10)
    const sold = { price: 864_321_000_000_000n, quantity: 50_000_000n, side: 'SELL' as const }
    await commit(lake, [
      tradeAgo(lake, 10, 4_000, sold),
      tradeAgo(lake, 11, 4_000, { ...sold, quantity: 25_000_000n }),
      tradeAgo(lake, 12, 2_000, { side: 'BUY', price: 864_322_500_000_000n, quantity: 1n }),
    ])
    await client.until(8)
    const of = (name: string) => client.got.filter(({ stream }) => stream === `btcusdt@${name}`).map(({ data }) => data)
    const both = { E: now, s: 'BTCUSDT', M: true }
    const [first, last] = [
      { ...both, p: '86432.10000000', T: now - 4_000, m: true },
      { ...both, p: '86432.25000000', T: now - 2_000, m: false },
    ]
    expect(of('trade')).toEqual([
      { e: 'trade', ...first, t: 10, q: '0.50000000' },
      { e: 'trade', ...first, t: 11, q: '0.25000000' },
      { e: 'trade', ...last, t: 12, q: '0.00000001' },
    ])
    expect(of('aggTrade')).toEqual([
      { e: 'aggTrade', ...first, a: 10, f: 10, l: 11, q: '0.75000000' },
      { e: 'aggTrade', ...last, a: 12, f: 12, l: 12, q: '0.00000001' },
    ])
    const minute = Date.UTC(2026, 10, 20, 12)
    const k = {
      ...{ t: minute, T: minute + 59_999, s: 'BTCUSDT', i: '1m', f: 10, L: 12, n: 3, x: false, B: '0' },
      ...{ o: '86432.10000000', c: '86432.25000000', h: '86432.25000000', l: '86432.10000000' },
      ...{ v: '0.75000001', q: '64824.0758643225', V: '0.00000001', Q: '0.0008643225' },
    }
    // The minutes before are closed by the same commit.
    const [{ k: closed }, { k: quiet }, ...open] = of('kline_1m')
    expect([closed, quiet].map(({ t, n, x }) => [minute - t, n, x])).toEqual([
      [120_000, 1, true],
      [60_000, 0, true],
    ])
    expect(open).toEqual([{ e: 'kline', E: now, s: 'BTCUSDT', k }])
    client.socket.terminate()
    await own.close()
  })

  test('say times in microseconds where that is asked for', async () => {
    const own = await serveStreams()
    const { lake } = own
    const client = await connect(own, 'ws/btcusdt@trade/btcusdt@kline_1h@+08:00?timeUnit=microsecond')
    lake.clock.advance(1)
    await commit(lake, [tradeAgo(lake, 10, 0, { timestamp: START_MICROS + 17n })])
    await client.until(3)
    const hour = Date.UTC(2026, 10, 20, 12) * 1_000
    expect(client.got).toMatchObject([
      { e: 'trade', E: hour + 1_000, T: hour + 17 },
      { e: 'kline', E: hour + 1_000, k: { t: hour - 3_600_000_000, T: hour - 1, x: true } },
      { e: 'kline', E: hour + 1_000, k: { t: hour, T: hour + 3_599_999_999, i: '1h' } },
    ])
    client.socket.terminate()
    await own.close()
  })

  test('of klines are open ones, one that is closed, windows without trades between, and corrections', async () => {
    const own = await serveStreams()
    const { lake } = own
    const client = await connect(own, 'ws/btcusdt@kline_1m')
    let number = 10
    for (const [wait, ago] of [
      [10_000, 500],
      [20_000, 500],
      // Three minutes on: nothing was traded in the second and the third.
      [170_000, 500],
      // Late, in the first minute.
      [1_000, 175_000],
      // Late, in the second.
      [1_000, 110_000],
    ]) {
      const before = client.got.length
      lake.clock.advance(wait)
      await commit(lake, [tradeAgo(lake, ++number, ago)])
      await client.until(before + 1)
    }
    await client.until(10)
    const told = client.got.map(({ k }) => [new Date(k.t).toISOString().slice(11, 16), k.n, k.x, k.f, k.L])
    expect(told).toEqual([
      ['11:58', 1, true, 1, 1],
      ['11:59', 0, true, -1, -1],
      ['12:00', 1, false, 11, 11],
      ['12:00', 2, false, 11, 12],
      ['12:00', 2, true, 11, 12],
      ['12:01', 0, true, -1, -1],
      ['12:02', 0, true, -1, -1],
      ['12:03', 1, false, 13, 13],
      ['12:00', 3, true, 11, 12],
      ['12:01', 1, true, 15, 15],
    ])
    client.socket.terminate()
    await own.close()
  })

  test('are all trades and what anyone works out from them, for every interval, however many come at once', async () => {
    const own = await serveStreams()
    const { lake } = own
    const names = ['btcusdt@trade', 'btcusdt@aggTrade', ...Object.keys(STARTS).map(i => `btcusdt@kline_${i}`)]
    const client = await connect(own, `stream?streams=${names.join('/')}`)
    const put: Trade[] = []
    let number = 1_000
    // The second order is of more trades than a message's worth of 64 KB.
    for (const [minutes, orders] of [
      [1, [3, 1_500, 1, 40]],
      [700, [2, 7]],
      [60 * 24 * 9, [5]],
    ] as const) {
      lake.clock.advance(minutes * 60_000)
      const some = orders.flatMap((count, order) =>
        Array.from({ length: count }, (_, n) =>
          tradeAgo(lake, ++number, 40_000 - order * 7_000, {
            price: 864_321_000_000_000n + BigInt(number - n) * 100_000_000n,
            quantity: BigInt(number) * 3n,
            side: order % 2 === 0 ? 'BUY' : 'SELL',
          }),
        ),
      )
      put.push(...some)
      await commit(lake, some)
    }
    // One more trade closes what has ended.
    lake.clock.advance(86_400_000 * 40 + 30_000)
    const last = tradeAgo(lake, ++number, 10)
    await commit(lake, [last])
    const of = (name: string) => client.got.filter(({ stream }) => stream === `btcusdt@${name}`).map(({ data }) => data)
    await expect.poll(() => of('trade').length, { timeout: 20_000 }).toBe(put.length + 1)
    await expect.poll(() => of('kline_1M').at(-1)?.k.L, { timeout: 20_000 }).toBe(number)
    expect(of('trade').map(({ t, p, q, T, m }) => [t, p, q, T, m])).toEqual(
      [...put, last].map(trade => [
        Number(trade.tradeId.split('-')[1]),
        ...[plain(trade.price, 10), plain(trade.quantity, 8), Number(trade.timestamp / 1000n), trade.side === 'SELL'],
      ]),
    )
    expect(of('aggTrade').map(({ f, l }) => l - f + 1)).toEqual([3, 1_500, 1, 40, 2, 7, 5, 1])
    expect(of('aggTrade')[1].q).toBe(plain(sum(put.slice(3, 1_503).map(({ quantity }) => quantity)), 8))

    // The trade that was there before is of the same hours and days.
    const before = tradeAgo(lake, 1, 0, { timestamp: START_MICROS - 90_000_000n, quantity: 1_200_000n })
    const all = [before, ...put]
    for (const [interval, startOf] of Object.entries(STARTS)) {
      const byStart = Map.groupBy(all, ({ timestamp }) => startOf(Number(timestamp / 1000n)))
      const expected = [...byStart].map(([t, some]) => {
        const [prices, bought] = [some.map(({ price }) => price), some.filter(({ side }) => side === 'BUY')]
        const quote = (trades: readonly Trade[]) => sum(trades.map(({ price, quantity }) => price * quantity))
        const volume = (trades: readonly Trade[]) => sum(trades.map(({ quantity }) => quantity))
        const by = (a: bigint, b: bigint) => (a < b ? -1 : 1)
        const [low, high] = [prices.toSorted(by)[0], prices.toSorted(by).at(-1) ?? 0n]
        const [open, close] = [prices[0], prices.at(-1) ?? 0n].map(price => plain(price, 10))
        return {
          ...{ t, o: open, h: plain(high, 10), l: plain(low, 10), c: close, n: some.length, x: true },
          ...{ v: plain(volume(some), 8), q: plain(quote(some), 18) },
          ...{ V: plain(volume(bought), 8), Q: plain(quote(bought), 18) },
          ...{ f: Number(some[0].tradeId.split('-')[1]), L: Number(some.at(-1)?.tradeId.split('-')[1]) },
        }
      })
      const closed = of(`kline_${interval}`).flatMap(({ k: { T, s, i, B, ...k } }) => (k.x ? [k] : []))
      const traded = closed.filter(({ n }) => n > 0)
      expect(traded, interval).toEqual(expected)
      // Windows without trades stand between them, with the price before.
      const quiet = closed.filter(({ n }) => n === 0)
      for (const { o, h, l, c, v } of quiet)
        expect([o === h, h === l, l === c, v]).toEqual([true, true, true, '0.00000000'])
      const starts = closed.map(({ t }) => t)
      expect(starts, interval).toEqual(starts.toSorted((a, b) => a - b))
      expect(new Set(starts).size).toBe(starts.length)
    }
    client.socket.terminate()
    await own.close()
  })

  test('of tickers are what ticker/24hr answers', async () => {
    const own = await serveStreams()
    const { lake } = own
    const client = await connect(own, 'ws/btcusdt@ticker/btcusdt@miniTicker')
    lake.clock.advance(30_000)
    await commit(lake, [
      tradeAgo(lake, 10, 3_000, { price: 900_000_000_000_000n, quantity: 100_000_000n }),
      tradeAgo(lake, 11, 2_000, { price: 850_000_000_000_000n, quantity: 300_000_000n }),
    ])
    await client.until(2)
    const now = Date.UTC(2026, 10, 20, 12, 0, 30)
    const mini = {
      ...{ E: now, s: 'BTCUSDT', c: '85000.00000000', o: '86432.15000001', h: '90000.00000000', l: '85000.00000000' },
      ...{ v: '4.01200000', q: '346037.18580000012' },
    }
    expect(client.got[1]).toEqual({ e: '24hrMiniTicker', ...mini })
    expect(client.got[0]).toEqual({
      ...{ e: '24hrTicker', ...mini, p: '-1432.15000001', P: '-1.657', w: '86250.54481555', x: '0.00000000' },
      ...{ Q: '3.00000000', b: '0.00000000', B: '0.00000000', a: '0.00000000', A: '0.00000000' },
      ...{ O: now - 86_430_000, C: now, F: 1, L: 11, n: 3 },
    })
    client.socket.terminate()
    await own.close()
  })
})

const sum = (units: readonly bigint[]) => units.reduce((total, each) => total + each, 0n)

/** Eight digits after the point, and more where there are more. */
function plain(units: bigint, scale: number): string {
  const text = units.toString().padStart(scale + 1, '0')
  const [whole, rest] = [text.slice(0, -scale), text.slice(-scale)]
  return `${whole}.${rest.slice(0, 8)}${rest.slice(8).replace(/0+$/, '')}`
}

const MINUTE = 60_000
const every = (length: number) => (ms: number) => ms - (ms % length)
/** Where a time's window begins, milliseconds since 1970. */
const STARTS: Readonly<Record<string, (ms: number) => number>> = {
  ...{ '1m': every(MINUTE), '3m': every(3 * MINUTE), '5m': every(5 * MINUTE), '15m': every(15 * MINUTE) },
  ...{ '30m': every(30 * MINUTE), '1h': every(60 * MINUTE), '2h': every(120 * MINUTE), '4h': every(240 * MINUTE) },
  ...{ '6h': every(360 * MINUTE), '8h': every(480 * MINUTE), '12h': every(720 * MINUTE), '1d': every(1440 * MINUTE) },
  '3d': every(3 * 1440 * MINUTE),
  '1w': ms => {
    const day = new Date(every(1440 * MINUTE)(ms))
    return day.getTime() - ((day.getUTCDay() + 6) % 7) * 1440 * MINUTE
  },
  '1M': ms => Date.UTC(new Date(ms).getUTCFullYear(), new Date(ms).getUTCMonth()),
}
