/** Earlier states: by a pin, a snapshot or a time, the same answer whatever is committed later. */
import { describe, expect, test } from 'vitest'
import { unpinnedSnapshots } from './expiring.ts'
import { addTrades, DAY, HOUR, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const ask = async (path: string, method = 'GET') => {
  const answer = await lake.ask(path, { method })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: (text === '' ? null : JSON.parse(text)) as Json }
}
const data = async (path: string) => (await ask(path)).body.data

const QUESTIONS = [
  'candles?timeframe=1h&start=2026-11-19&end=2026-11-21&fill=previous',
  'candles?timeframe=1d,3h&start=2026-10-01&limit=300',
  `trades?start=${NOW - 2n * DAY}`,
  'trades?limit=20',
  'symbols',
]
const with_ = (question: string, more: string) => `${question}${question.includes('?') ? '&' : '?'}${more}`
const before = await Promise.all(QUESTIONS.map(data))
const made = await ask('pins/backtest-7', 'PUT')
const [{ time: pinnedAt }] = (await ask('pins')).body.data
lake.clock.advance(5_000)
await addTrades(lake, [
  { timestamp: NOW - HOUR, price: 99n * 10n ** 10n },
  { timestamp: NOW + 1_000_000n, price: 7n * 10n ** 10n },
])

describe('a pin', () => {
  test('is made of all tables that answers are made of', async () => {
    expect(made.status).toBe(201)
    expect(Object.keys(made.body.snapshots).sort()).toEqual([
      ...['feed_gaps', 'gold_crypto_trades', 'gold_ohlcv_15m', 'gold_ohlcv_1d', 'gold_ohlcv_1h', 'gold_ohlcv_1m'],
      ...['gold_ohlcv_30m', 'gold_ohlcv_5m'],
    ])
  })

  test('gives the same answers after more trades have come, which change the present', async () => {
    const after = await Promise.all(QUESTIONS.map(data))
    expect(after.map((rows, i) => JSON.stringify(rows) === JSON.stringify(before[i]))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ])
    for (const [i, question] of QUESTIONS.entries())
      expect(await data(with_(question, 'as_of=backtest-7')), question).toEqual(before[i])
  })

  test('is answered once for ever, the present is not', async () => {
    expect((await ask('trades?as_of=backtest-7')).headers.get('cache-control')).toBe(
      'private, max-age=31536000, immutable',
    )
    expect((await ask('trades')).headers.get('cache-control')).toBe('no-cache')
  })

  test('made while trades are committed is of one instant', async () => {
    const [, pin] = await Promise.all([
      addTrades(lake, [{ timestamp: NOW - 2n, price: 8n * 10n ** 10n }]),
      ask('pins/racing', 'PUT'),
    ])
    expect(pin.status).toBe(201)
    // Candles of all timeframes are committed together, so the pin has the same trades in each.
    const counts = await Promise.all(
      ['1m', '5m', '1h', '1d'].map(async timeframe => {
        const rows = await data(`candles?timeframe=${timeframe}&start=2026-10-01&limit=10000&as_of=racing`)
        return rows.reduce((sum: number, { trades }: Json) => sum + trades, 0)
      }),
    )
    expect(new Set(counts).size).toBe(1)
    await ask('pins/racing', 'DELETE')
  })

  test('keeps its snapshots when others of their age expire', async () => {
    const question = with_(QUESTIONS[0], 'as_of=backtest-7')
    const old = (await ask('snapshots?tables=gold_ohlcv_1h')).body.data.length
    lake.clock.advance(500 * 24 * 3_600_000)
    await unpinnedSnapshots(lake)
    expect((await ask('snapshots?tables=gold_ohlcv_1h')).body.data.length).toBeLessThan(old)
    expect(await data(question)).toEqual(before[0])
  })

  test('made again of the same state is as it was; of another one it is refused', async () => {
    const again = await ask(`pins/backtest-7?as_of=${encodeURIComponent(pinnedAt)}`, 'PUT')
    expect([again.status, again.body]).toEqual([200, made.body])
    const other = await ask('pins/backtest-7', 'PUT')
    expect([other.status, other.body.detail]).toEqual([
      409,
      `The pin backtest-7 holds a state of ${pinnedAt} already: delete it first, or give another name.`,
    ])
  })

  test('of a wrong name is refused, with the nearest where one was meant', async () => {
    expect((await ask('pins/7up', 'PUT')).body.detail).toBe(
      '7up is no name for a pin: give a letter, then up to 99 letters, digits, dots, dashes and underscores.',
    )
    expect((await ask('pins/main', 'PUT')).status).toBe(400)
    expect((await ask('trades?as_of=backtest-8')).body).toMatchObject({
      ...{ status: 404, parameter: 'as_of', detail: 'There is no pin backtest-8: the nearest is backtest-7.' },
    })
    expect((await ask('pins/x?tables=gold_crypto_trade', 'PUT')).body.detail).toBe(
      'There is no table gold_crypto_trade: the nearest is gold_crypto_trades.',
    )
  })

  test('that is deleted is gone from every table', async () => {
    expect((await ask('pins/short', 'PUT')).status).toBe(201)
    expect((await ask('pins')).body.data.map(({ name }: Json) => name)).toEqual(['backtest-7', 'short'])
    expect((await ask('pins/short', 'DELETE')).status).toBe(204)
    expect((await ask('pins')).body.data.map(({ name }: Json) => name)).toEqual(['backtest-7'])
    expect((await ask('pins/short', 'DELETE')).body.detail).toBe('There is no pin short: there is only backtest-7.')
  })
})

describe('a snapshot and a time', () => {
  test('of a table give the state of then', async () => {
    const rows = (await ask('snapshots?tables=gold_crypto_trades')).body.data
    const pinned = rows.find(({ pins }: Json) => pins.split(',').includes('backtest-7'))
    expect(pinned).toMatchObject({ table: 'gold_crypto_trades', operation: 'append', rows: 420 })
    expect(await data(with_(QUESTIONS[2], `as_of=${pinned.snapshot}`))).toEqual(before[2])
    expect(await data(with_(QUESTIONS[2], `as_of=${encodeURIComponent(pinned.time)}`))).toEqual(before[2])
  })

  test('that are not there, or not yet, are refused in words', async () => {
    expect((await ask('trades?as_of=1')).body.detail).toMatch(
      /^There is no snapshot 1 in gold_crypto_trades: it has expired/,
    )
    expect((await ask('trades?as_of=2126-01-01')).body.detail).toBe(
      'as_of is 2126-01-01, which is yet to come: give an earlier time.',
    )
    // What a pin keeps is the first that there was, until the pin is gone.
    expect((await ask('trades?as_of=2001-01-01')).status).toBe(404)
    await ask('pins/backtest-7', 'DELETE')
    await unpinnedSnapshots(lake)
    const old = await ask('trades?as_of=2001-01-01')
    expect(old.status).toBe(410)
    expect(old.body.detail).toMatch(
      /^The oldest snapshot of gold_\w+ that is kept is of 2026-.*Z: give a later as_of\.$/,
    )
  })

  test('of before there was anything is refused, which says since when there is', async () => {
    const young = await marketLake()
    const { data: snapshots } = (await (await young.get('snapshots?tables=gold_crypto_trades')).json()) as Json
    for (const path of [
      'trades',
      'symbols',
      `coverage?end=${NOW}`,
      `vwap?start=${NOW - DAY}`,
      'candles?timeframe=1h',
    ]) {
      const answer = await young.get(with_(path, 'as_of=2001-01-01'))
      const body = (await answer.json()) as Json
      expect([path, answer.status, body.parameter]).toEqual([path, 404, 'as_of'])
      expect(body.detail).toMatch(/^as_of is 2001-01-01, and the first snapshot is of 2026-.*Z: give a later time\.$/)
    }
    expect((await young.get(`trades?as_of=${snapshots[0].time}`)).status).toBe(200)
  })

  test('with a number that JSON would round is not read as its neighbour', async () => {
    const [first] = (await ask('snapshots?tables=gold_ohlcv_1h')).body.data
    expect(Number.isSafeInteger(first.snapshot)).toBe(true)
    for (const number of ['9999999999999999999', '9007199254740993']) {
      const { status, body } = await ask(`trades?as_of=${number}`)
      expect([status, body.parameter]).toEqual([404, 'as_of'])
      expect(body.detail).toMatch(new RegExp(`^There is no snapshot ${number} in gold_crypto_trades: `))
    }
  })
})
