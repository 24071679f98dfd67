import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AGGREGATE_OFFSET } from '../../../feeds/simulator/binance-rest.ts'
import { createScene, decode, essence, idOf, LATENCY_MS } from './support.ts'

const ALL = ['btcusdt', 'ethusdt', 'solusdt', 'xrpusdt', 'dogeusdt', 'adausdt', 'ethbtc', 'shibusdt']
const streamsOf = (kind: string) => ALL.map(symbol => `${symbol}@${kind}`).join('/')

test('a combined stream carries every trade of the market, exactly', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), async seed => {
      const { timers, connect, exchange } = createScene('binance', { seed })
      const client = connect(`/stream?streams=${streamsOf('trade')}`)
      await timers.advance(5_000)
      const { obtainable, lost, invalid } = exchange.trades()
      await timers.advance(LATENCY_MS)
      expect(obtainable.length).toBeGreaterThan(500)
      expect([...lost, ...invalid]).toEqual([])
      // The connection takes two ways to be open: what was traded before is not in the stream.
      const got = essence(decode('binance', client.frames()))
      expect(got).toEqual(essence(obtainable).slice(-got.length))
      expect(obtainable.length - got.length).toBeLessThan(20)
    }),
    { numRuns: 10 },
  )
})

test('a frame looks as documented', async () => {
  const { timers, connect } = createScene('binance')
  const combined = connect('/stream?streams=btcusdt@trade')
  const raw = connect('/ws/btcusdt@trade')
  await timers.advance(1_000)
  const [frame] = combined.frames()
  expect(frame).toMatch(
    /^\{"stream":"btcusdt@trade","data":\{"e":"trade","E":\d{13},"s":"BTCUSDT","t":\d+,"p":"\d+\.\d{8}","q":"\d+\.\d{8}","T":\d{13},"m":(true|false),"M":true\}\}$/,
  )
  expect(raw.frames().map(text => JSON.parse(text))).toEqual(combined.frames().map(text => JSON.parse(text).data))
})

test('aggregates have ids of their own and name the trades in them', async () => {
  const { timers, connect, getJson } = createScene('binance')
  const client = connect('/stream?streams=ethusdt@aggTrade/ethusdt@trade')
  await timers.advance(3_000)
  const events = client.frames().map(text => JSON.parse(text).data)
  const trades = new Map(events.filter(({ e }) => e === 'trade').map(event => [event.t, event]))
  const aggregates = events.filter(({ e }) => e === 'aggTrade')
  expect(aggregates.length).toBe(trades.size)
  for (const { a, f, l, p, q, T, m } of aggregates) {
    expect(f).toBe(l)
    expect(a).toBe(f + AGGREGATE_OFFSET)
    expect(trades.get(f)).toMatchObject({ p, q, T, m })
  }
  const [{ a: fromId }] = aggregates
  const rest = getJson(`/api/v3/aggTrades?symbol=ETHUSDT&fromId=${fromId}&limit=10`)
  expect(rest).toEqual(aggregates.slice(0, 10).map(({ a, p, q, f, l, T, m, M }) => ({ a, p, q, f, l, T, m, M })))
})

test('streams are subscribed to, left and listed by messages', async () => {
  const { timers, connect } = createScene('binance')
  const client = connect('/ws')
  await timers.advance(1_000)
  expect(client.log).toEqual(['open'])
  client.send({ method: 'SUBSCRIBE', params: ['btcusdt@trade', 'nosuch@trade'], id: 1 })
  client.send({ method: 'LIST_SUBSCRIPTIONS', id: 'two' })
  await timers.advance(1_000)
  const [subscribed, listed, ...trades] = client.frames()
  expect(JSON.parse(subscribed)).toEqual({ result: null, id: 1 })
  expect(JSON.parse(listed)).toEqual({ result: ['btcusdt@trade', 'nosuch@trade'], id: 'two' })
  expect(new Set(decode('binance', trades).map(({ symbol }) => symbol))).toEqual(new Set(['BTCUSDT']))
  client.send({ method: 'UNSUBSCRIBE', params: ['btcusdt@trade'], id: 3 })
  client.send({ method: 'SET_PROPERTY', params: ['combined', true], id: 4 })
  client.send({ method: 'GET_PROPERTY', params: ['combined'], id: 5 })
  const before = client.frames().length
  await timers.advance(1_000)
  expect(
    client
      .frames()
      .slice(before)
      .map(text => JSON.parse(text))
      .slice(-3),
  ).toEqual([
    { result: null, id: 3 },
    { result: null, id: 4 },
    { result: true, id: 5 },
  ])
})

test.each([
  ['no json', 3, null],
  ['{"id":1}', 2, null],
  ['{"method":"SUBSCIBE","params":["btcusdt@trade"],"id":1}', 2, null],
  ['{"method":"SUBSCRIBE","params":["btcusdt@trade"]}', 2, null],
  ['{"method":"SUBSCRIBE","params":"btcusdt@trade","id":9}', 2, 9],
  ['{"method":"SET_PROPERTY","params":["other",true],"id":9}', 0, 9],
  ['{"method":"SET_PROPERTY","params":["combined","yes"],"id":9}', 1, 9],
])('%s is answered by an error frame', async (text, code, id) => {
  const { timers, connect } = createScene('binance')
  const client = connect('/ws')
  await timers.advance(100)
  client.send(text)
  await timers.advance(100)
  const [frame] = client.frames()
  expect(JSON.parse(frame)).toMatchObject({ error: { code, msg: expect.any(String) }, id })
})

test('more than five messages a second or 1,024 streams end the connection', async () => {
  const { timers, connect } = createScene('binance')
  const hasty = connect('/ws')
  const greedy = connect('/ws')
  const patient = connect('/ws')
  const long = connect(`/stream?streams=${Array.from({ length: 1_025 }, (_, i) => `s${i}@trade`).join('/')}`)
  await timers.advance(100)
  for (let id = 0; id < 6; id++) hasty.send({ method: 'LIST_SUBSCRIPTIONS', id })
  greedy.send({ method: 'SUBSCRIBE', params: Array.from({ length: 1_025 }, (_, i) => `s${i}@trade`), id: 1 })
  for (let id = 0; id < 20; id++) {
    patient.send({ method: 'LIST_SUBSCRIPTIONS', id })
    await timers.advance(250)
  }
  expect(hasty.log.at(-1)).toMatch(/^closed 1008 /)
  expect(greedy.log.at(-1)).toMatch(/^closed 1008 /)
  expect(long.log).toEqual(['open', expect.stringMatching(/^closed 1008 /)])
  expect(patient.frames()).toHaveLength(20)
})

test('a connection is pinged every 20 s and ends after 24 hours', async () => {
  const { timers, exchange } = createScene('binance', { ratePerSecond: 0 })
  const calls: string[] = []
  exchange.accept('/ws', {
    send: () => calls.push('send'),
    ping: () => calls.push('ping'),
    close: code => calls.push(`close ${code}`),
    drop: () => calls.push('drop'),
  })
  await timers.advance(60_000)
  expect(calls).toEqual(['ping', 'ping', 'ping'])
  await timers.advance(86_400_000)
  expect(calls.at(-1)).toBe('close 1001')
  const { length } = calls
  await timers.advance(60_000)
  expect(calls).toHaveLength(length)
})

test('REST gives back any range of ids exactly, page by page', async () => {
  const { timers, exchange, getJson } = createScene('binance', { ratePerSecond: 2_000 })
  await timers.advance(10_000)
  const trades = essence(exchange.trades().obtainable).filter(({ symbol }) => symbol === 'ETHUSDT')
  expect(trades.length).toBeGreaterThan(2_500)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: trades.length }), fc.integer({ min: 1, max: 1_000 }), (from, limit) => {
      const page = getJson(`/api/v3/historicalTrades?symbol=ETHUSDT&fromId=${from}&limit=${limit}`)
      const expected = trades.slice(from - 1, from - 1 + limit)
      expect(page).toHaveLength(expected.length)
      for (const [i, { id, price, qty, time, isBuyerMaker }] of page.entries()) {
        const frame = { e: 'trade', s: 'ETHUSDT', t: id, p: price, q: qty, T: time, m: isBuyerMaker }
        expect(essence(decode('binance', [JSON.stringify(frame)]))[0]).toEqual(expected[i])
      }
    }),
    { numRuns: 20 },
  )
  const latest = getJson('/api/v3/historicalTrades?symbol=ETHUSDT')
  expect(latest).toHaveLength(500)
  expect(latest.at(-1).id).toBe(trades.length)
  expect(getJson('/api/v3/historicalTrades?symbol=ETHUSDT&limit=5000')).toHaveLength(1_000)
  expect(getJson(`/api/v3/historicalTrades?symbol=ETHUSDT&fromId=${trades.length + 1}`)).toEqual([])
})

test('REST knows the symbols and refuses others', () => {
  const { get, getJson } = createScene('binance')
  expect(getJson('/api/v3/ping')).toEqual({})
  const one = getJson('/api/v3/exchangeInfo?symbol=SHIBUSDT').symbols
  expect(one).toMatchObject([{ symbol: 'SHIBUSDT', baseAsset: 'SHIB', quoteAsset: 'USDT', status: 'TRADING' }])
  const two = getJson(`/api/v3/exchangeInfo?symbols=${encodeURIComponent('["BTCUSDT","ETHBTC"]')}`).symbols
  expect(two.map(({ symbol }: { symbol: string }) => symbol)).toEqual(['BTCUSDT', 'ETHBTC'])
  expect(getJson('/api/v3/exchangeInfo').symbols).toHaveLength(ALL.length)
  for (const path of [
    '/api/v3/exchangeInfo?symbol=NOSUCH',
    `/api/v3/exchangeInfo?symbols=${encodeURIComponent('["BTCUSDT","NOSUCH"]')}`,
    '/api/v3/historicalTrades?symbol=NOSUCH',
  ]) {
    expect(get(path).status, path).toBe(400)
    expect(getJson(path)).toEqual({ code: -1121, msg: 'Invalid symbol.' })
  }
  expect(getJson('/api/v3/historicalTrades').code).toBe(-1102)
  expect(getJson('/api/v3/historicalTrades?symbol=BTCUSDT&fromId=x').code).toBe(-1100)
  expect(getJson('/api/v3/exchangeInfo?symbols=x').code).toBe(-1100)
  expect(get('/api/v9/nothing').status).toBe(404)
})

test('a market that began in the past has a history', () => {
  const { getJson, exchange } = createScene('binance', { startMicros: 1_789_999_900_000_000n })
  const latest = getJson('/api/v3/historicalTrades?symbol=BTCUSDT&limit=1')
  expect(latest[0].id).toBeGreaterThan(5_000)
  expect(
    idOf(
      exchange
        .trades()
        .obtainable.filter(({ symbol }) => symbol === 'BTCUSDT')
        .at(-1)!,
    ),
  ).toBe(latest[0].id)
})

test('a client that joins later gets the trades from then on, and trading ends on request', async () => {
  const { timers, connect, exchange, simulator } = createScene('binance')
  await timers.advance(30_000)
  const early = exchange.trades().obtainable.length
  const client = connect('/stream?streams=btcusdt@trade')
  await timers.advance(2_000)
  simulator.endTrading()
  const { obtainable } = exchange.trades()
  await timers.advance(5_000)
  expect(exchange.trades().obtainable).toEqual(obtainable)
  const got = essence(decode('binance', client.frames()))
  const expected = essence(obtainable.slice(early)).filter(({ symbol }) => symbol === 'BTCUSDT')
  expect(got).toEqual(expected.slice(-got.length))
  expect(got.length).toBeGreaterThan(100)
})

test('unknown paths and hosts are refused', async () => {
  const { timers, connect } = createScene('binance')
  const clients = [connect('/nothing'), connect('/ws', 'nowhere.sim')]
  await timers.advance(100)
  for (const { log } of clients) expect(log).toEqual([expect.stringMatching(/^closed 1006 /)])
})

test('nothing is left behind when a simulator stops', async () => {
  const { timers, connect, simulator } = createScene('binance')
  const client = connect('/stream?streams=btcusdt@trade')
  await timers.advance(1_000)
  simulator.stop()
  await timers.advance(10)
  expect(client.log.at(-1)).toMatch(/^closed 1006/)
  expect(timers.pending()).toBe(0)
})
