/** A replay is what REST answers, in the order of time and at its pace; and it goes on where it was cut. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryLake, testEngine } from '../../functions/support.ts'
import { DAY, HOUR, type MarketLake, MINUTE, marketLake, NOW } from '../market/market-lake.ts'
import { commit, someTrades } from './live-lake.ts'
import { type Json, liveApi, type Message, messagesOf, whileTimePasses } from './support.ts'

const lake: MarketLake = await marketLake()
const testLakeEngine = await testEngine()
const START = NOW - 41n * DAY

/** All rows of a route, page by page. */
async function rows(path: string): Promise<Json[]> {
  const found: Json[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await lake.get(cursor === '' ? path : `${path}&cursor=${cursor}`)
    const body: Json = await answer.json()
    found.push(...body.data)
    cursor = body.next
  }
  return found
}

const plain = ({ type, data }: Message) => ({ type, data })
const micros = (text: string) => {
  const [, seconds, fraction = ''] = /^(.{19})(?:\.(\d{6}))?Z$/.exec(text) ?? []
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction || 0)
}

/** What REST answers, as messages: a candle comes when its window ends, before the trades of that moment. */
async function expected(asked: { from: bigint; to: bigint; markets: string; channels: string; frames: string[] }) {
  const range = `start=${asked.from}&end=${asked.to}&${asked.markets}`
  const trades = asked.channels.includes('trades') ? await rows(`trades?${range}&limit=5000`) : []
  const candles = asked.channels.includes('candles')
    ? await Promise.all(
        asked.frames.map(frame => rows(`candles?${range}&timeframe=${frame}&include_open=false&limit=5000`)),
      )
    : []
  const timed = [
    ...candles.flatMap((some, place) =>
      some.map(data => {
        const end = micros(data.end)
        return { type: 'candle', data, time: end < asked.to ? end : asked.to, place }
      }),
    ),
    ...trades.map(data => ({ type: 'trade', data, time: micros(data.time), place: 99 })),
  ]
  return timed
    .sort((a, b) => (a.time === b.time ? a.place - b.place : a.time < b.time ? -1 : 1))
    .map(({ type, data }) => ({ type, data }))
}

describe('a replay', () => {
  test('at max is what REST answers in the order of time, also where it is cut and goes on', async () => {
    const { ask, timers } = liveApi(lake.ports)
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          back: fc.bigInt({ min: 0n, max: 41n * DAY }),
          length: fc.constantFrom(1n, MINUTE, 6n * HOUR, 3n * DAY, 50n * DAY),
          markets: fc.constantFrom(
            '',
            'symbols=BTCUSDT',
            'exchanges=kraken,binance',
            'exchanges=coinbase&symbols=BTCUSD',
          ),
          channels: fc.constantFrom('trades', 'candles', 'trades,candles'),
          frames: fc.uniqueArray(fc.constantFrom('1m', '7m', '1h', '1d', '1M'), { minLength: 1, maxLength: 3 }),
          cuts: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
        }),
        async ({ back, length, markets, channels, frames, cuts }) => {
          const from = NOW - back
          const to = from + length < NOW ? from + length : NOW
          fc.pre(from < to)
          const timeframe = channels.includes('candles') ? `&timeframe=${frames}` : ''
          const path = `replay?start=${from}&end=${to}&${markets}&channels=${channels}${timeframe}&speed=max&format=ndjson`
          const found: Message[] = []
          for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
            const cursor = found.at(-1)?.cursor
            const answer = await ask(cursor === undefined ? path : `${path}&cursor=${cursor}`)
            if (answer.status === 204) break
            const start = found.length
            for await (const message of messagesOf(answer)) if (found.push(message) - start >= cut) break
          }
          expect(found.pop()).toEqual({ type: 'end', data: {}, cursor: expect.any(String) })
          expect(found.map(plain)).toEqual(await expected({ from, to, markets, channels, frames }))
          expect(timers.pending()).toBe(0)
        },
      ),
      { numRuns: 40 },
    )
  })

  test.each([1, 10, 600])(
    'at %s times the pace gives each message when its time has come, and heartbeats between',
    async speed => {
      const { all, timers } = liveApi(lake.ports)
      const [begun, from] = [timers.now(), NOW - 20n * MINUTE]
      const found = await all(`replay?start=${from}&end=${NOW}&speed=${speed}&channels=trades,candles&timeframe=5m`)
      const given = found.filter(({ type }) => type === 'trade' || type === 'candle')
      expect(given.length).toBeGreaterThan(20)
      for (const { type, data, at } of given) {
        const time = micros(type === 'trade' ? data.time : data.end)
        const due = begun + Math.ceil(Number(time - from) / 1000 / speed)
        expect(at).toBeGreaterThanOrEqual(due)
        // A wait is whole milliseconds, and a test's clock moves by a quarter of a second.
        expect(at - due).toBeLessThanOrEqual(251)
      }
      expect(given.map(plain)).toEqual(
        await expected({ from, to: NOW, markets: '', channels: 'trades,candles', frames: ['5m'] }),
      )
      const silences = found.slice(1).map(({ at }, i) => at - found[i].at)
      expect(Math.max(...silences)).toBeLessThanOrEqual(15_150)
      expect(timers.pending()).toBe(0)
    },
  )

  test('as server-sent events has the cursors as ids, with which a browser goes on', async () => {
    const { ask } = liveApi(lake.ports)
    const path = `replay?start=${START}&end=${NOW}&speed=max&symbols=ETHUSDT`
    const answer = await ask(path)
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const events = (text: string) =>
      text
        .split('\n\n')
        .slice(0, -1)
        .map(event => {
          const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(event) ?? []
          const message: Message = JSON.parse(data)
          expect(message.cursor).toBe(id)
          return message
        })
    const found = events(await answer.text())
    const half = found[found.length >> 1]
    const rest = events(await (await ask(path, { 'last-event-id': half.cursor })).text())
    expect(rest).toEqual(found.slice((found.length >> 1) + 1))
    expect((await ask(path, { 'last-event-id': found[found.length - 1].cursor })).status).toBe(204)
  })

  test('goes on at another speed, and in another form', async () => {
    const { ask, timers } = liveApi(lake.ports)
    const path = `replay?start=${START}&end=${NOW}&symbols=ETHUSDT`
    const all: Message[] = await Array.fromAsync(messagesOf(await ask(`${path}&speed=max&format=ndjson`)))
    const rest = await ask(`${path}&speed=1000000000&cursor=${all[9].cursor}`)
    const reader = rest.body?.getReader()
    const first = await whileTimePasses(timers, Promise.resolve(reader?.read()))
    await reader?.cancel()
    expect(Buffer.from(first?.value ?? []).toString()).toContain(`data: ${JSON.stringify(all[10])}`)
  })

  test('is of one snapshot, whatever is committed on the way', async () => {
    const growing = memoryLake({ engine: testLakeEngine })
    await commit(growing, someTrades(growing, 30, 60_000))
    const { ask } = liveApi(growing.ports)
    const path = `replay?start=${NOW - HOUR}&end=${NOW}&speed=max&format=ndjson`
    const before = await Array.fromAsync(messagesOf(await ask(path)))
    await commit(growing, someTrades(growing, 30, 60_000))
    const rest = await Array.fromAsync(messagesOf(await ask(`${path}&cursor=${before[9].cursor}`)))
    expect(rest).toEqual(before.slice(10))
    expect(await Array.fromAsync(messagesOf(await ask(path)))).toHaveLength(61)
  })

  test('that is left leaves nothing that waits', async () => {
    const { ask, timers } = liveApi(lake.ports)
    const reader = (await ask(`replay?start=${NOW - HOUR}&end=${NOW}&speed=1`)).body?.getReader()
    const first = reader?.read()
    await timers.advance(1)
    expect(timers.pending()).toBe(1)
    await reader?.cancel()
    await first
    expect(timers.pending()).toBe(0)
  })

  test.each([
    ['', 'start', /^start is missing/],
    ['start=2026-11-20&speed=fast', 'speed', /^speed is fast: give a number above 0, as 1, 10 or 0\.5, or max\.$/],
    ['start=2026-11-20&speed=0', 'speed', /^speed is 0/],
    ['start=2026-11-20&channels=books', 'channels', /^channels is books: give trades, candles/],
    ['start=2026-11-20&channels=trades&timeframe=1m', 'timeframe', /^timeframe is of candles/],
    ['start=2026-11-20&format=csv', 'format', /^format is csv: give sse, ndjson/],
    ['start=2026-11-20&limit=5', 'limit', /^There is no parameter limit: /],
    ['start=2026-11-20&cursor=r1.x', 'cursor', /^The cursor is none that this gave/],
  ])('of %s is a problem with its parameter named', async (query, parameter, detail) => {
    const { ask } = liveApi(lake.ports)
    const answer = await ask(`replay?${query}`)
    expect(await answer.json()).toMatchObject({ status: 400, parameter, detail: expect.stringMatching(detail) })
  })

  test('with a cursor whose parts anyone changed is refused in words, or begins elsewhere', async () => {
    const { ask } = liveApi(lake.ports)
    const path = `replay?start=${START}&end=${NOW}&symbols=ETHUSDT&speed=max&format=ndjson`
    const [{ cursor }] = await Array.fromAsync(messagesOf(await ask(path)))
    const parts = cursor.split('.')
    for (let part = 0; part < parts.length; part++)
      for (const wrong of ['', '-1', 'zzzzzzzzzzzzzzzz', '9007199254740991', '0', '%00']) {
        const answer = await ask(`${path}&cursor=${parts.with(part, wrong).join('.')}`)
        expect([200, 204, 400, 410], `${part} ${wrong}: ${await answer.text()}`).toContain(answer.status)
      }
    const expired = parts.with(4, '16')
    const gone = await ask(`${path}&cursor=${expired.join('.')}`)
    expect([gone.status, ((await gone.json()) as Json).detail]).toEqual([
      410,
      'Snapshot 42 of gold_crypto_trades has expired: begin again without the cursor.',
    ])
    const other = await ask(`${path}&exchanges=binance&cursor=${cursor}`)
    expect(((await other.json()) as Json).detail).toMatch(/^The cursor is of another query/)
  })
})
