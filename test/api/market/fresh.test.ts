/** Fresh trades are all that Silver handed over, each once, whatever Gold does meanwhile. */
import { afterEach, describe, expect, test } from 'vitest'
import { createApi } from '../../../api/app.ts'
import type { Trade } from '../../../domain/trade.ts'
import { feed } from '../../functions/gold-support.ts'
import {
  BINANCE,
  KRAKEN,
  type MemoryLake,
  memoryLake,
  START_MICROS,
  testEngine,
  tradeOf,
  unifyAll,
} from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const engine = await testEngine()
function asked(lake: MemoryLake) {
  const api = createApi({ ports: lake.ports, log: SILENT, auth: 'none' })
  return async (query: string): Promise<Json> => {
    const answer = await api.request(`http://localhost/v1/trades?${query}`, { headers: { host: 'localhost' } })
    return { status: answer.status, ...((await answer.json()) as Json) }
  }
}
const some = (from: number, count: number, more: Partial<Trade> = {}) =>
  Array.from({ length: count }, (_, n) =>
    tradeOf(from + n, { timestamp: START_MICROS + BigInt(from + n) * 1_000n, ...more }),
  )
const numbers = ({ data }: Json) => data.map(({ id }: Json) => Number(id.split('-')[1]))
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)
let lake: MemoryLake
afterEach(() => {
  // Hooks belong to one test.
  lake = memoryLake({ engine })
})
lake = memoryLake({ engine })

describe('fresh trades', () => {
  test('are there before Gold has any, or its candles know the market', async () => {
    const ask = asked(lake)
    await feed(lake, some(0, 5), { exchange: BINANCE })
    expect(numbers(await ask('fresh=true'))).toEqual(upTo(5))
    expect((await ask('limit=5')).data).toEqual([])
    expect(numbers(await ask('fresh=true&symbols=BTCUSDT&limit=2'))).toEqual([3, 4])
    expect((await ask('fresh=true&symbols=BTCUSDX')).detail).toMatch(/the nearest is BTCUSDT/)
  })

  test('come behind those of Gold, and one that came again stays one', async () => {
    const ask = asked(lake)
    await feed(lake, some(0, 10), { exchange: BINANCE })
    await unifyAll(lake)
    await feed(lake, [...some(7, 6), ...some(12, 3, { timestamp: START_MICROS - 500_000n })], { exchange: BINANCE })
    const { data } = await ask(`fresh=true&start=${START_MICROS - 10_000_000n}`)
    expect(data.map(({ id }: Json) => Number(id.split('-')[1])).sort((a: number, b: number) => a - b)).toEqual(upTo(15))
    expect(numbers(await ask('fresh=true&limit=4'))).toEqual([9, 10, 11, 12])
  })

  test('are all there, each once, when Gold takes them between two steps of the reading', async () => {
    const ask = asked(lake)
    await feed(lake, some(0, 4), { exchange: BINANCE })
    await unifyAll(lake)
    await feed(lake, some(4, 4), { exchange: BINANCE })
    const { get, query } = lake.ports.state
    for (const step of ['get', 'query'] as const)
      for (let call = 0; call < 6; call++) {
        const first = 8 + call * 2 + (step === 'query' ? 100 : 0)
        await feed(lake, some(first, 2), { exchange: BINANCE })
        let calls = 0
        const interrupted =
          <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
          async (...args: Args) => {
            const found = await work(...args)
            if (calls++ === call) {
              Object.assign(lake.ports.state, { get, query })
              await unifyAll(lake)
            }
            return found
          }
        Object.assign(lake.ports.state, { [step]: interrupted((step === 'get' ? get : query) as never) })
        const found = numbers(await ask('fresh=true&start=2020-01-01'))
        Object.assign(lake.ports.state, { get, query })
        expect(
          found.filter((each: number) => each >= first),
          `${step} ${call}`,
        ).toEqual([first, first + 1])
        expect(new Set(found).size).toBe(found.length)
        await unifyAll(lake)
      }
  })

  test('of several exchanges are in the order of all trades', async () => {
    const ask = asked(lake)
    await feed(lake, some(0, 3), { exchange: BINANCE })
    await unifyAll(lake)
    await feed(lake, some(1, 2, { exchange: 'KRAKEN', symbol: 'BTCUSD', currency: 'USD' }), { exchange: KRAKEN })
    const { data } = await ask('fresh=true')
    expect(data.map(({ exchange, id }: Json) => `${exchange} ${id.split('-')[1]}`)).toEqual([
      ...['BINANCE 0', 'BINANCE 1', 'KRAKEN 1', 'BINANCE 2', 'KRAKEN 2'],
    ])
  })

  test('have no pages and no past', async () => {
    const ask = asked(lake)
    await feed(lake, some(0, 5), { exchange: BINANCE })
    expect((await ask('fresh=true&as_of=2021-01-01')).detail).toBe(
      'fresh is true: it is of this moment, so leave as_of and cursor out.',
    )
    expect((await ask('fresh=true&start=2020-01-01&limit=3')).detail).toMatch(
      /^There are more than 3 trades, and fresh ones have no pages/,
    )
  })
})
