/** Klines in Binance's shape are those that anyone would work out from the trades. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { naiveRows } from '../market/naive-candles.ts'
import { NOW, type ShapesLake, shapesLake } from '../shapes-lake.ts'

const lake: ShapesLake = await shapesLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

async function get(query: string): Promise<Json> {
  const answer = await lake.get(`binance/api/v3/klines?${query}`)
  const body = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body
}

const ms = (text: string) => Date.parse(text)
/** With eight digits after the point. */
const eight = (text: string) => {
  const [whole, fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(8, '0')}`
}

/** All klines of a market up to its last trade, by hand. */
function expected(symbol: string, interval: string): Json[] {
  const trades = lake.tradesOf('BINANCE', symbol)
  const [first, last] = [trades[0].timestamp, trades[trades.length - 1].timestamp]
  const from = first - ({ m: 30n, h: 720n, d: 4320n, w: 10_080n, M: 44_640n }[interval.slice(-1)] ?? 0n) * 60_000_000n
  const rows = naiveRows(trades, {
    frames: [interval],
    from,
    to: last + 1n,
    fill: 'previous',
    open: true,
    now: NOW,
    missing: [],
  })
  return rows.map((row: Json) => [
    ...[ms(row.start), eight(row.open), eight(row.high), eight(row.low), eight(row.close), eight(row.volume)],
    ...[
      ms(row.end) - 1,
      eight(row.quote_volume),
      row.trades,
      eight(row.taker_buy_volume),
      eight(row.taker_buy_quote_volume),
      '0',
    ],
  ])
}

describe('klines', () => {
  test.each(['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M'])(
    'of %s are all there in pages, each the fold of its trades, with the price before where there are none',
    async interval => {
      for (const symbol of ['BTCUSDT', 'SHIBUSDT']) {
        const rows: Json[] = []
        for (let start = 0; ; start = rows[rows.length - 1][0] + 1) {
          const page = await get(`symbol=${symbol}&interval=${interval}&startTime=${start}&limit=1000`)
          rows.push(...page)
          if (page.length < 1000) break
        }
        const all = expected(symbol, interval)
        expect(rows).toEqual(all)
        expect(all.length).toBeGreaterThan(0)
      }
    },
  )

  test('begin with the market’s first trade where they are asked from 1970 on', async () => {
    const [row] = await get('symbol=BTCUSDT&interval=1m&startTime=0&limit=1')
    expect(row).toEqual(expected('BTCUSDT', '1m')[0])
  })

  test('without a begin are the last ones, and an end is part of the range, as Binance has it', async () => {
    const all = expected('BTCUSDT', '5m')
    expect(await get('symbol=BTCUSDT&interval=5m')).toEqual(all.slice(-500))
    expect(await get('symbol=BTCUSDT&interval=5m&limit=7')).toEqual(all.slice(-7))
    const at = all[all.length - 30][0]
    expect(await get(`symbol=BTCUSDT&interval=5m&limit=7&endTime=${at}`)).toEqual(all.slice(-36, -29))
    expect(await get(`symbol=BTCUSDT&interval=5m&limit=7&endTime=${at - 1}`)).toEqual(all.slice(-37, -30))
    expect(await get(`symbol=BTCUSDT&interval=5m&startTime=${at}&endTime=${at}`)).toEqual(all.slice(-30, -29))
    expect(await get(`symbol=BTCUSDT&interval=5m&startTime=${at + 1}&limit=1`)).toEqual(all.slice(-29, -28))
    expect(await get(`symbol=BTCUSDT&interval=5m&startTime=${at}&endTime=${at - 1}`)).toEqual([])
    expect(await get(`symbol=BTCUSDT&interval=5m&endTime=1`)).toEqual([])
    expect(await get(`symbol=BTCUSDT&interval=5m&startTime=${Number(NOW / 1000n)}`)).toEqual([])
  })

  test('of any range are those of the whole that begin in it', async () => {
    const all = new Map(['1m', '15m', '1d'].map(interval => [interval, expected('SHIBUSDT', interval)]))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('1m', '15m', '1d'),
        fc.integer({ min: 0, max: 5 * 86_400_000 }),
        fc.integer({ min: 0, max: 86_400_000 }),
        fc.integer({ min: 1, max: 1000 }),
        async (interval, back, length, limit) => {
          const start = Number(NOW / 1000n) - back
          const rows = await get(
            `symbol=SHIBUSDT&interval=${interval}&startTime=${start}&endTime=${start + length}&limit=${limit}`,
          )
          const inRange = all.get(interval)?.filter(([open]) => open >= start && open <= start + length)
          expect(rows).toEqual(inRange?.slice(0, limit))
        },
      ),
      { numRuns: 40 },
    )
  })

  test.each([
    ['05:45', 5.75],
    ['-3', -3],
    ['%2B14', 14],
    ['-12:00', -12],
    ['0', 0],
  ])('of the zone %s are windows by its clocks, and the range stays in UTC', async (zone, hours) => {
    const shift = hours * 3_600_000
    const trades = lake.tradesOf('BINANCE', 'BTCUSDT')
    for (const [interval, length] of [
      ['1d', 86_400_000],
      ['4h', 14_400_000],
      ['1h', 3_600_000],
    ] as const) {
      const counts = Map.groupBy(trades, ({ timestamp }) => {
        const at = Number(timestamp / 1000n) + shift
        return at - (at % length) - shift
      })
      const rows = (await get(`symbol=BTCUSDT&interval=${interval}&timeZone=${zone}&startTime=0&limit=1000`)) as Json[]
      const traded = rows.filter(([, , , , , , , , count]) => count > 0)
      expect(traded.map(row => [row[0], row[6], row[8]])).toEqual(
        [...counts].map(([start, some]) => [start, start + length - 1, some.length]),
      )
      expect(rows.map(row => row[0])).toEqual(rows.map((_, i) => rows[0][0] + i * length))
    }
  })

  test('of a limit above a thousand are a thousand', async () => {
    expect(await get('symbol=BTCUSDT&interval=1m&startTime=0&limit=5000')).toHaveLength(1000)
  })

  test('of ui are the same', async () => {
    const answer = await lake.get('binance/api/v3/uiKlines?symbol=BTCUSDT&interval=1h')
    expect(await answer.json()).toEqual(await get('symbol=BTCUSDT&interval=1h'))
  })
})
