/** A candle that changed after a commit had closed its window is known as corrected, and none that did not. */
import { describe, expect, test } from 'vitest'
import { addTrades, MINUTE, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const SECOND = MINUTE / 60n
const price = 864_000_000_000_000n
const iso = (micros: bigint) => new Date(Number(micros / 1000n)).toISOString().replace('.000', '')

/** A lake into which trades come at chosen times. */
async function livingLake() {
  const lake = await marketLake()
  const first = NOW + MINUTE
  return {
    lake,
    first,
    ask: async (path: string): Promise<Json> => (await lake.get(path)).json(),
    /** At a time after the first minute's start, in seconds, a trade of another time comes. */
    async at(seconds: number, traded: number) {
      lake.clock.advance(Number((first + BigInt(seconds) * SECOND) / 1000n) - lake.clock.now())
      await addTrades(lake, [{ timestamp: first + BigInt(traded) * SECOND, price: price + BigInt(traded) }])
    },
  }
}

describe('corrections', () => {
  test('are candles that a late trade changed after a commit had closed them; those that the first commit behind their end completed are none', async () => {
    const { ask, at, first } = await livingLake()
    await at(10, 5)
    // The second minute's first commit closes the first, and brings its last trade.
    await at(61, 59)
    await at(70, 65)
    expect((await ask(`corrections?symbols=BTCUSDT&start=${first}`)).data).toEqual([])
    await at(90, 30)
    const { data, known_from, snapshots } = await ask(`corrections?symbols=BTCUSDT&start=${first}`)
    expect(data).toEqual([
      {
        ...{ exchange: 'BINANCE', symbol: 'BTCUSDT', start: iso(first), end: iso(first + MINUTE) },
        updated: iso(first + 90n * SECOND),
        closed_by: 'trade',
      },
    ])
    expect(known_from).toBeNull()
    expect(Object.keys(snapshots)).toEqual(['gold_ohlcv_1m'])
  })

  test('of windows that nothing but silence had closed say so: a lake that was behind, or an exchange that went on', async () => {
    const { ask, at, first } = await livingLake()
    await at(10, 5)
    // Twenty minutes later comes what was traded meanwhile.
    await at(1_200, 30)
    await at(1_201, 65)
    await at(1_202, 125)
    const { data } = await ask(`corrections?symbols=BTCUSDT&start=${first}`)
    expect(data.map(({ start, closed_by }: Json) => [start, closed_by])).toEqual([
      [iso(first), 'silence'],
      [iso(first + MINUTE), 'silence'],
      [iso(first + 2n * MINUTE), 'silence'],
    ])
  })

  test('are told of windows of any length', async () => {
    const { ask, at, first } = await livingLake()
    await at(10, 5)
    await at(130, 125)
    await at(140, 50)
    const start = first - (first % (2n * MINUTE))
    const { data } = await ask(`corrections?timeframe=2m&start=${start}&exchanges=binance`)
    expect(data.map(({ start }: Json) => start)).toEqual([iso(start)])
  })

  test('of a time whose snapshots have expired are told where a kept one proves them, and since when all are', async () => {
    const { ask, at, first } = await livingLake()
    await at(10, 5)
    await at(70, 65)
    await at(90, 30)
    const day = 86_400
    // Two days later the day's snapshots have gone, but for the last.
    await at(2 * day, 2 * day - 5)
    const later = await ask(`corrections?symbols=BTCUSDT&start=${first}`)
    expect(later.known_from).not.toBeNull()
    expect(Object.keys(later.snapshots)).toEqual(['gold_ohlcv_1m'])
    expect(later.data).toEqual([])
    await at(2 * day + 30, 40)
    const { data } = await ask(`corrections?symbols=BTCUSDT&start=${first}`)
    expect(data.map(({ start, updated }: Json) => [start, updated])).toEqual([
      [iso(first), iso(first + BigInt(2 * day + 30) * SECOND)],
    ])
  })

  test('are asked for by one timeframe and from a time on', async () => {
    const { lake } = await livingLake()
    for (const [path, parameter] of [
      ['corrections', 'start'],
      [`corrections?start=${NOW}&timeframe=1m,5m`, 'timeframe'],
    ]) {
      const answer = await lake.get(path)
      expect([answer.status, ((await answer.json()) as Json).parameter]).toEqual([400, parameter])
    }
  })
})
