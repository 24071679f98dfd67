/** What an asset costs on all exchanges, by the last trade of each. */
import { describe, expect, test } from 'vitest'
import { HOUR, MINUTE, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const ask = async (path: string): Promise<Json> => (await lake.get(path)).json()

/** Each market's last price before a time. */
function lastPrices(markets: readonly string[], end: bigint): [string, bigint][] {
  return markets.flatMap((market): [string, bigint][] => {
    const before = lake.trades
      .filter(({ exchange, symbol, timestamp }) => `${exchange} ${symbol}` === market && timestamp < end)
      .sort(
        (a, b) =>
          Number(a.timestamp - b.timestamp) || Number(a.tradeId.split('-')[1]) - Number(b.tradeId.split('-')[1]),
      )
    const last = before.at(-1)
    return last ? [[market, last.price]] : []
  })
}

describe('the spread of an asset', () => {
  test('is between the lowest and the highest of the last prices at the end of each interval', async () => {
    const start = NOW - 30n * HOUR
    const rows: Json[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const body: Json = await ask(
        `spread?base=btc&timeframe=15m&start=${start}&limit=37${cursor && `&cursor=${cursor}`}`,
      )
      expect(body.data.length).toBeLessThanOrEqual(37)
      rows.push(...body.data)
      cursor = body.next
    }
    expect(rows.length).toBe(120 + 1)
    for (const [n, row] of rows.entries()) {
      const end = start + BigInt(n + 1) * 15n * MINUTE
      const prices = lastPrices(['BINANCE BTCUSDT', 'COINBASE BTCUSD', 'KRAKEN BTCUSD'], end).sort((a, b) =>
        Number(a[1] - b[1]),
      )
      const [low, high] = [prices[0], prices[prices.length - 1]]
      expect([
        `${row.lowest_exchange} ${row.lowest_symbol}`,
        `${row.highest_exchange} ${row.highest_symbol}`,
        row.markets,
      ]).toEqual([low[0], high[0], prices.length])
      expect(BigInt(Math.round(Number(row.spread) * 1e10)) - (high[1] - low[1])).toBe(0n)
      expect(Number(row.basis)).toBeCloseTo(Number(high[1] - low[1]) / Number(low[1]), 9)
    }
  })

  test('is among the quotes that are asked for', async () => {
    const [row] = (await ask('spread?base=BTC&quotes=USD&timeframe=1d&limit=1')).data
    expect([row.lowest_symbol, row.highest_symbol, row.markets]).toEqual(['BTCUSD', 'BTCUSD', 2])
  })

  test.each([
    ['spread', 'base is missing: give one asset, as BTC.'],
    ['spread?base=BTD', 'There is no market of BTD: the nearest is BTC.'],
    ['spread?base=BTC&quotes=EUR', 'There is no market of BTC in EUR: there are USD, USDT.'],
  ])('is refused in words: %s', async (path, detail) => {
    expect((await ask(path)).detail).toBe(detail)
  })
})
