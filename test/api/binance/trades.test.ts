/** Trades in Binance's shape are those that were traded, one by one and aggregated, however they are paged. */
import { describe, expect, test } from 'vitest'
import { aggregatesOf } from '../../../api/binance/aggregates.ts'
import type { Trade } from '../../../domain/trade.ts'
import { NOW, type ShapesLake, shapesLake } from '../shapes-lake.ts'

const lake: ShapesLake = await shapesLake()
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

async function get(query: string): Promise<Json> {
  const answer = await lake.get(`binance/api/v3/${query}`)
  const body = await answer.json()
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body
}

const decimal = (units: bigint, scale: number, least = 8) => {
  const text = units.toString().padStart(scale + 1, '0')
  return `${text.slice(0, -scale)}.${text.slice(-scale, -scale + least || undefined)}${text.slice(-scale + least || text.length).replace(/0+$/, '')}`
}
const number = ({ tradeId }: Trade) => Number(tradeId.split('-')[1])
const TRADES = lake.tradesOf('BINANCE', 'BTCUSDT')
const rowOf = (trade: Trade) => ({
  ...{ id: number(trade), price: decimal(trade.price, 10), qty: decimal(trade.quantity, 8, 8) },
  ...{ quoteQty: decimal(trade.price * trade.quantity, 18), time: Number(trade.timestamp / 1000n) },
  ...{ isBuyerMaker: trade.side === 'SELL', isBestMatch: true },
})

/** By Binance's sentence, as far as trades tell. */
const AGGREGATES: Json[] = []
for (const trade of TRADES) {
  const [last, row] = [AGGREGATES.at(-1), rowOf(trade)]
  if (last && last.l === row.id - 1 && last.T === row.time && last.p === row.price && last.m === row.isBuyerMaker) {
    last.l = row.id
    last.q = (Number(last.q) + Number(row.qty)).toFixed(8)
  } else
    AGGREGATES.push({
      a: row.id,
      p: row.price,
      q: row.qty,
      f: row.id,
      l: row.id,
      T: row.time,
      m: row.isBuyerMaker,
      M: true,
    })
}

describe('trades', () => {
  test('are the last ones', async () => {
    expect(await get('trades?symbol=BTCUSDT&limit=1000')).toEqual(TRADES.map(rowOf))
    expect(await get('trades?symbol=BTCUSDT&limit=3')).toEqual(TRADES.slice(-3).map(rowOf))
    expect(await get('historicalTrades?symbol=BTCUSDT&limit=3')).toEqual(TRADES.slice(-3).map(rowOf))
  })

  test('of a literal market are printed as Binance prints them', async () => {
    const [first] = await get('historicalTrades?symbol=SHIBUSDT&fromId=0&limit=1')
    expect(first).toEqual({
      ...{
        id: expect.any(Number),
        price: expect.stringMatching(/^0\.\d{8}$/),
        qty: expect.stringMatching(/^\d+\.0{8}$/),
      },
      ...{ quoteQty: expect.stringMatching(/^\d+\.\d{8}$/), time: expect.any(Number) },
      ...{ isBuyerMaker: expect.any(Boolean), isBestMatch: true },
    })
  })

  test('from an id on are those of its number and above, in pages to the end', async () => {
    const ids = TRADES.map(number)
    for (const [at, id] of ids.entries()) {
      if (at % 7 > 0 && ids[at - 1] === id - 1) continue
      const from = TRADES.filter(trade => number(trade) >= id - 1)
      expect(await get(`historicalTrades?symbol=BTCUSDT&fromId=${id - 1}&limit=5`)).toEqual(from.slice(0, 5).map(rowOf))
    }
    const paged: Json[] = []
    for (let from = 0; ; from = paged[paged.length - 1].id + 1) {
      const page = await get(`historicalTrades?symbol=BTCUSDT&fromId=${from}&limit=90`)
      paged.push(...page)
      if (page.length < 90) break
    }
    expect(paged).toEqual(TRADES.map(rowOf))
    expect(await get(`historicalTrades?symbol=BTCUSDT&fromId=${ids[ids.length - 1] + 1}`)).toEqual([])
    expect(await get('historicalTrades?symbol=BTCUSDT&fromId=99999999999999999999')).toEqual([])
  })
})

describe('aggregated trades', () => {
  test('hold those of one moment, price and side whose numbers follow each other', async () => {
    expect(AGGREGATES.length).toBeLessThan(TRADES.length * 0.9)
    expect(AGGREGATES.some(({ f, l }) => l > f + 1)).toBe(true)
    expect(await get('aggTrades?symbol=BTCUSDT&startTime=0&limit=1000')).toEqual(AGGREGATES)
  })

  test('without a begin are the last ones, each whole', async () => {
    for (let limit = 1; limit < 60; limit++)
      expect(await get(`aggTrades?symbol=BTCUSDT&limit=${limit}`)).toEqual(AGGREGATES.slice(-limit))
    const end = AGGREGATES[AGGREGATES.length - 20].T
    expect(await get(`aggTrades?symbol=BTCUSDT&endTime=${end}&limit=4`)).toEqual(
      AGGREGATES.filter(({ T }) => T <= end).slice(-4),
    )
  })

  test('of a range are those whose time lies in it, both ends included', async () => {
    for (let at = 0; at < AGGREGATES.length; at += 11) {
      const [start, end] = [AGGREGATES[at].T, AGGREGATES[Math.min(at + 9, AGGREGATES.length - 1)].T]
      const expected = AGGREGATES.filter(({ T }) => T >= start && T <= end)
      expect(await get(`aggTrades?symbol=BTCUSDT&startTime=${start}&endTime=${end}&limit=1000`)).toEqual(expected)
      expect(await get(`aggTrades?symbol=BTCUSDT&startTime=${start}&endTime=${end}&limit=2`)).toEqual(
        expected.slice(0, 2),
      )
      expect(await get(`aggTrades?symbol=BTCUSDT&startTime=${end + 1}&endTime=${end}`)).toEqual([])
    }
  })

  test('from an id on begin with the first whole one, and pages by the last id and one lose none', async () => {
    for (let at = 0; at < AGGREGATES.length; at += 5)
      for (const id of [AGGREGATES[at].a, AGGREGATES[at].a + 1])
        expect(await get(`aggTrades?symbol=BTCUSDT&fromId=${id}&limit=3`)).toEqual(
          AGGREGATES.filter(({ a }) => a >= id).slice(0, 3),
        )
  })

  test('that Binance itself made are given as they are, without the numbers of trades that the lake does not have', () => {
    const row = { exchange: 'BINANCE', symbol: 'BTCUSDT', time: NOW, price: 5n, quantity: 7n, side: 'BUY' }
    const made = { number: 12, price: 5n, quantity: 7n, time: NOW, side: 'BUY', first: -1, last: -1 }
    expect(aggregatesOf([12, 13].map(id => ({ ...row, id: `BINANCE-AGG-${id}` })))).toEqual([
      made,
      { ...made, number: 13 },
    ])
  })
})
