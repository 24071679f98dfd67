/** The numbers of trades that are not here, range by range. */
import { beforeAll, describe, expect, test } from 'vitest'
import { foldPending } from '../../../functions/ohlcv/ohlcv.ts'
import { feed } from '../../functions/gold-support.ts'
import { BINANCE, tradeOf, unifyAll } from '../../functions/support.ts'
import { HOUR, marketLake, NOW, publishReports, REPORTS, report } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const SECOND = 1_000_000n
const BEGIN = NOW - 10n * HOUR
const lake = await marketLake()
const ask = async (query: string): Promise<Json> => (await lake.get(`missing?symbols=SOLUSDT&${query}`)).json()

/** A trade of so many seconds after the begin. */
const solana = (number: number, seconds: number) =>
  tradeOf(number, { symbol: 'SOLUSDT', timestamp: BEGIN + BigInt(seconds) * SECOND })

beforeAll(async () => {
  const trades = [
    ...[solana(100, 0), solana(101, 60)],
    // 102 to 105 are missing; 106 came a moment after 107.
    ...[solana(107, 3_599), solana(106, 3_600), solana(108, 3_700)],
    // Nothing for hours, and 109 to 119 are missing.
    ...[solana(120, 4 * 3_600), solana(122, 4 * 3_600 + 1)],
  ]
  await feed(lake, trades, { exchange: BINANCE, kafkaMillis: lake.clock.now() })
  await unifyAll(lake)
  await foldPending(lake.ports, Number.POSITIVE_INFINITY)
  const about = { symbol: 'SOLUSDT', cause: 'the connection broke' }
  await publishReports(
    lake,
    [
      report('binance', { ...about, status: 'open', fromId: 109, toId: 119, reportedAt: NOW - 3n * HOUR }),
      report('binance', { ...about, status: 'closed', fromId: 109, toId: 119, reportedAt: NOW - 2n * HOUR }),
      report('binance', { ...about, status: 'lost', fromId: 111, toId: 112, reportedAt: NOW - 2n * HOUR }),
      report('binance', { ...about, status: 'absent', fromId: 113, toId: 119, reportedAt: NOW - 2n * HOUR }),
    ],
    REPORTS.length,
  )
})

const rowsIn = async (from: bigint, to: bigint): Promise<Json[][]> =>
  (await ask(`start=${from}&end=${to}`)).data.map((row: Json) => [row.first_number, row.last_number, row.said])

describe('missing numbers', () => {
  test('are those between two trades, with the times around them and what feeds say of each', async () => {
    const { data } = await ask(`start=${BEGIN}&end=${NOW}`)
    const iso = (seconds: number) => new Date(Number(BEGIN / 1000n) + seconds * 1000).toISOString().replace('.000', '')
    const before = { after: iso(3_700), before: iso(4 * 3_600) }
    const reported = new Date(Number((NOW - 2n * HOUR) / 1000n)).toISOString().replace('.000', '')
    const row = (first_number: number, last_number: number, more: object) => ({
      ...{ exchange: 'BINANCE', symbol: 'SOLUSDT', first_number, last_number, count: last_number - first_number + 1 },
      ...{ said: null, cause: null, reported: null, ...more },
    })
    expect(data).toEqual([
      row(102, 105, { after: iso(60), before: iso(3_600) }),
      row(109, 110, before),
      row(111, 112, { ...before, said: 'lost', cause: 'the connection broke', reported }),
      row(113, 119, { ...before, said: 'absent', cause: 'the connection broke', reported }),
      row(121, 121, { after: iso(4 * 3_600), before: iso(4 * 3_600 + 1) }),
    ])
  })

  test('belong to the time of the trade behind them, however long ago the one before was', async () => {
    expect(await rowsIn(BEGIN, BEGIN + HOUR)).toEqual([])
    // Around the hour the order of numbers is not that of times.
    expect(await rowsIn(BEGIN + HOUR, BEGIN + 2n * HOUR)).toEqual([[102, 105, null]])
    expect(await rowsIn(BEGIN + 2n * HOUR, BEGIN + 4n * HOUR)).toEqual([])
    expect(await rowsIn(BEGIN + 4n * HOUR, BEGIN + 5n * HOUR)).toEqual([
      [109, 110, null],
      [111, 112, 'lost'],
      [113, 119, 'absent'],
      [121, 121, null],
    ])
  })

  test('are as many as coverage counts', async () => {
    const range = `symbols=SOLUSDT&start=${BEGIN}&end=${BEGIN + 5n * HOUR}`
    const { data: coverage } = (await (await lake.get(`coverage?${range}&bucket=5h`)).json()) as Json
    const { data: rows } = (await (await lake.get(`missing?${range}`)).json()) as Json
    const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)
    expect(sum(rows.map(({ count }: Json) => count))).toBe(16)
    expect(sum(coverage.map(({ missing }: Json) => missing ?? 0))).toBe(16)
    expect(sum(coverage.map(({ lost }: Json) => lost))).toBe(2)
  })

  test('of an earlier state are what they were, though some came later', async () => {
    const range = `start=${BEGIN}&end=${BEGIN + 2n * HOUR}`
    const { snapshot } = await ask(range)
    await feed(lake, [solana(104, 62)], { exchange: BINANCE, kafkaMillis: lake.clock.now() })
    await unifyAll(lake)
    await foldPending(lake.ports, Number.POSITIVE_INFINITY)
    const numbers = ({ data }: Json) => data.map((row: Json) => [row.first_number, row.last_number])
    expect(numbers(await ask(`${range}&as_of=${snapshot}`))).toEqual([[102, 105]])
    // The one that came cuts the range in two.
    expect(numbers(await ask(range))).toEqual([
      [102, 103],
      [105, 105],
    ])
  })

  test('are of a time that is named', async () => {
    const refused = await lake.get('missing?symbols=SOLUSDT')
    expect([refused.status, ((await refused.json()) as Json).parameter]).toEqual([400, 'start'])
  })
})
