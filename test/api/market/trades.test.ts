/** Trades over HTTP are Gold's, each once and exactly, in any pages. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDecimal } from '../../../domain/decimal.ts'
import { DAY, HOUR, type MarketLake, marketLake, NOW } from './market-lake.ts'

const lake: MarketLake = await marketLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

async function get(query: string): Promise<Json> {
  const answer = await lake.get(`trades?${query}`)
  const body = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body
}

const number = (id: string) => Number(id.split('-')[1])
/** What was put in, in the order that answers have. */
const EXPECTED = lake.trades
  .map(({ exchange, symbol, tradeId, timestamp, price, quantity, side }) => ({
    ...{ exchange, symbol, id: tradeId, timestamp, side },
    ...{ price: Number(formatDecimal(price, 10)), quantity: Number(formatDecimal(quantity, 8)) },
  }))
  .sort((a, b) =>
    a.timestamp !== b.timestamp
      ? Number(a.timestamp - b.timestamp)
      : `${a.exchange}|${a.symbol}`.localeCompare(`${b.exchange}|${b.symbol}`) || number(a.id) - number(b.id),
  )
const idsOf = (rows: readonly { exchange: string; id: string }[]) => rows.map(({ exchange, id }) => `${exchange} ${id}`)

describe('trades', () => {
  test('of any range and markets are those that were traded, in pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          back: fc.bigInt({ min: 0n, max: 41n * DAY }),
          length: fc.constantFrom(1n, HOUR, 2n * DAY, 50n * DAY),
          symbol: fc.constantFrom('', 'BTCUSDT', 'BTCUSD'),
          limit: fc.integer({ min: 1, max: 200 }),
        }),
        async ({ back, length, symbol, limit }) => {
          const from = NOW - back
          const rows: Json[] = []
          for (let cursor: string | null = ''; cursor !== null; ) {
            const query: string = `start=${from}&end=${from + length}${symbol && `&symbols=${symbol}`}&limit=${limit}`
            const body: Json = await get(cursor === '' ? query : `${query}&cursor=${cursor}`)
            expect(body.data.length).toBeLessThanOrEqual(limit)
            rows.push(...body.data)
            cursor = body.next
          }
          const expected = EXPECTED.filter(
            trade =>
              trade.timestamp >= from && trade.timestamp < from + length && (symbol === '' || trade.symbol === symbol),
          )
          expect(idsOf(rows)).toEqual(idsOf(expected))
        },
      ),
      { numRuns: 20 },
    )
  })

  test('without a begin are the last ones, the oldest of them first', async () => {
    expect(idsOf((await get('limit=25')).data)).toEqual(idsOf(EXPECTED.slice(-25)))
    const kraken = EXPECTED.filter(({ exchange }) => exchange === 'KRAKEN')
    expect(idsOf((await get('exchanges=kraken&limit=10')).data)).toEqual(idsOf(kraken.slice(-10)))
    expect(idsOf((await get(`end=${NOW - DAY}&limit=7`)).data)).toEqual(
      idsOf(EXPECTED.filter(({ timestamp }) => timestamp < NOW - DAY).slice(-7)),
    )
  })

  test('have their price, quantity, side and time to the microsecond', async () => {
    const [row] = (await get('limit=1')).data
    const last = EXPECTED[EXPECTED.length - 1]
    expect(row).toEqual({
      ...{ exchange: last.exchange, symbol: last.symbol, id: last.id, side: last.side },
      time: '2026-11-20T11:59:59.999999Z',
      price: expect.stringMatching(/^\d+\.\d+$/),
      quantity: expect.stringMatching(/^\d+(?:\.\d+)?$/),
    })
    expect([Number(row.price), Number(row.quantity)]).toEqual([last.price, last.quantity])
  })

  test('that go on are told by a header where the body has only rows', async () => {
    const answer = await lake.get('trades?start=2026-10-01&limit=2&format=csv')
    const [, path = ''] = /^<\/v1\/(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '') ?? []
    const lines = (await (await lake.get(path)).text()).trim().split('\r\n')
    expect(lines.slice(1).map(line => line.split(',')[2])).toEqual(EXPECTED.slice(2, 4).map(({ id }) => id))
  })
})
