/** How complete the trades are, by the numbers that exchanges give them. */
import { describe, expect, test } from 'vitest'
import { addTrades, DAY, HOUR, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const ask = async (path: string): Promise<Json> => (await lake.get(path)).json()
const number = (id: string) => Number(id.split('-')[1])

describe('coverage', () => {
  test('counts the trades and the numbers that are missing, in each bucket of each market', async () => {
    const from = NOW - 3n * DAY
    const { data } = await ask(`coverage?start=${from}&end=${NOW}&bucket=6h`)
    expect(data.length).toBe(12 * 4)
    const last = new Map<string, number>()
    for (const row of data) {
      const [start, end] = [row.start, row.end].map(text => BigInt(Date.parse(text)) * 1000n)
      const some = lake.trades.filter(
        ({ exchange, symbol, timestamp }) =>
          exchange === row.exchange && symbol === row.symbol && timestamp >= start && timestamp < end,
      )
      const ids = some.map(({ tradeId }) => number(tradeId))
      expect(row.trades).toBe(some.length)
      if (ids.length === 0) {
        expect([row.numbered, row.missing, row.complete]).toEqual([null, null, null])
        continue
      }
      const key = `${row.exchange} ${row.symbol}`
      const [least, most, before] = [Math.min(...ids), Math.max(...ids), last.get(key)]
      const since = before !== undefined && before < most ? before + 1 : least
      const numbered = Math.max(most - since + 1, ids.length)
      expect([row.first_number, row.last_number, row.numbered, row.missing]).toEqual([
        least,
        most,
        numbered,
        numbered - ids.length,
      ])
      last.set(key, Math.max(before ?? -1, most))
    }
  })

  test('says what feeds reported of the numbers, and where they were away', async () => {
    const { data } = await ask(`coverage?exchanges=binance&symbols=ETHUSDT&start=${NOW - 40n * DAY}&bucket=366d`)
    // 5 to 9 were looked for and found later; 77 could not be read, and nobody found it since.
    expect(data.reduce((sum: number, { filled }: Json) => sum + filled, 0)).toBe(5)
    expect(data.reduce((sum: number, { unreadable }: Json) => sum + unreadable, 0)).toBe(1)
    const kraken = (await ask(`coverage?exchanges=kraken&start=${NOW - 4n * HOUR}&end=${NOW - HOUR}`)).data
    expect(kraken.map(({ status }: Json) => status)).toEqual(['closed', 'gap', 'closed'])
  })

  test('is whole where no number is missing, and less where one is', async () => {
    const of = async () => (await ask(`coverage?exchanges=binance&symbols=BTCUSDT&start=${NOW}&bucket=1d`)).data[0]
    lake.clock.advance(60_000)
    await addTrades(lake, [
      { timestamp: NOW + 1_000_000n, price: 10n ** 12n },
      { timestamp: NOW + 2_000_000n, price: 10n ** 12n },
    ])
    const row = await of()
    expect([row.status, row.trades > 1]).toEqual(['open', true])
    expect(Number(row.complete)).toBeCloseTo((row.numbered - row.missing) / row.numbered, 8)
  })

  test('of too many rows is refused with how to have fewer', async () => {
    expect(await ask('coverage?bucket=1m&start=2020-01-01')).toMatchObject({
      status: 413,
      detail: expect.stringMatching(/^\d+ buckets of 4 markets are more than 20000 rows: ask for a shorter range/),
    })
  })
})
