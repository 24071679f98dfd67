/** The largest trade of a range is that which a look at every trade finds. */
import { expect, test } from 'vitest'
import { DAY, HOUR, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const ask = async (path: string): Promise<Json> => (await lake.get(path)).json()

test.each([
  [HOUR, NOW],
  [6n * HOUR, NOW],
  [7n * DAY, NOW - 3n * HOUR],
])(
  'is the one with the largest quantity of each market, the first of several, %i microseconds up to %i',
  async (length, to) => {
    const from = to - length
    const wanted = new Map<string, { id: string; quantity: bigint; time: bigint }>()
    const some = lake.trades
      .filter(({ timestamp }) => timestamp >= from && timestamp < to)
      .sort(
        (a, b) =>
          Number(a.timestamp - b.timestamp) || Number(a.tradeId.split('-')[1]) - Number(b.tradeId.split('-')[1]),
      )
    for (const { exchange, symbol, tradeId: id, quantity, timestamp: time } of some) {
      const known = wanted.get(`${exchange} ${symbol}`)
      if (!known || quantity > known.quantity) wanted.set(`${exchange} ${symbol}`, { id, quantity, time })
    }
    const { data } = await ask(`largest?start=${from}&end=${to}`)
    expect(data.length).toBeGreaterThan(0)
    expect(data.map(({ exchange, symbol, id }: Json) => [`${exchange} ${symbol}`, id])).toEqual(
      [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([market, { id }]) => [market, id]),
    )
  },
)

test('is the row that /v1/trades has', async () => {
  const [row] = (await ask(`largest?symbols=BTCUSDT&start=${NOW - DAY}`)).data
  const { data } = await ask(`trades?symbols=BTCUSDT&start=${NOW - DAY}&limit=50000`)
  expect(data).toContainEqual(row)
})

test('is not looked for in more than a week', async () => {
  const answer = await lake.get(`largest?start=${NOW - 8n * DAY}`)
  expect([answer.status, ((await answer.json()) as Json).detail]).toEqual([
    400,
    'The range is longer than 7 days: ask for a shorter one.',
  ])
})
