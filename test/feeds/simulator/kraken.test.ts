import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createScene, decode, essence, idOf, LATENCY_MS } from './support.ts'

const V2 = ['BTC/USD', 'ETH/USD', 'SOL/USD', 'XRP/USD', 'DOGE/USD', 'ADA/USD', 'ETH/BTC', 'BTC/EUR']
const V1 = ['XBT/USD', 'ETH/USD', 'SOL/USD', 'XRP/USD', 'XDG/USD', 'ADA/USD', 'ETH/XBT', 'XBT/EUR']
const RATE = { ratePerSecond: 2_000 }

const subscribe = (symbol: readonly string[], params: object = {}, req_id?: number) => ({
  method: 'subscribe',
  params: { channel: 'trade', symbol, ...params },
  req_id,
})

test('a v2 stream carries every trade of the market, exactly, several in a frame', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), async seed => {
      const { timers, connect, exchange } = createScene('kraken', { seed, ...RATE })
      const client = connect('/v2')
      await timers.advance(10)
      client.send(subscribe(V2))
      await timers.advance(5_000)
      const { obtainable } = exchange.trades()
      await timers.advance(LATENCY_MS)
      expect(obtainable.length).toBeGreaterThan(500)
      const frames = client.frames().filter(text => JSON.parse(text).channel === 'trade')
      expect(Math.max(...frames.map(text => JSON.parse(text).data.length))).toBeGreaterThan(1)
      // In one slot, a symbol's trades share a frame: the order between symbols is another one.
      const bySymbol = (trades: typeof obtainable) => Map.groupBy(essence(trades), ({ symbol }) => symbol)
      const all = bySymbol(obtainable)
      for (const [symbol, got] of bySymbol(decode('kraken', frames)))
        expect(got).toEqual(all.get(symbol)?.slice(-got.length))
      expect(obtainable.length - decode('kraken', frames).length).toBeLessThan(30)
    }),
    { numRuns: 10 },
  )
})

test('v2 greets with its status, acknowledges each symbol, and writes numbers as numbers', async () => {
  const { timers, connect } = createScene('kraken', RATE)
  const client = connect('/v2')
  await timers.advance(100)
  expect(client.frames().map(text => JSON.parse(text))).toEqual([
    { channel: 'status', type: 'update', data: [expect.objectContaining({ system: 'online', api_version: 'v2' })] },
  ])
  client.send(subscribe(['BTC/USD', 'NO/PAIR'], {}, 42))
  await timers.advance(1_000)
  const [, done, failed, ...rest] = client.frames()
  expect(JSON.parse(done)).toMatchObject({
    method: 'subscribe',
    result: { channel: 'trade', symbol: 'BTC/USD', snapshot: false },
    success: true,
    req_id: 42,
    time_in: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
  })
  expect(failed).toMatch(
    /^\{"error":"Currency pair not supported NO\/PAIR","method":"subscribe","req_id":42,"success":false/,
  )
  const update = rest.find(text => text.includes('"update"'))
  expect(update).toMatch(
    /^\{"channel":"trade","type":"update","data":\[\{"symbol":"BTC\/USD","side":"(?:buy|sell)","price":[\d.]+,"qty":[\d.]+,"ord_type":"(?:limit|market)","trade_id":\d+,"timestamp":"[\d-]+T[\d:]+\.\d{6}Z"\}/,
  )
  expect(rest.filter(text => text === '{"channel":"heartbeat"}')).toHaveLength(1)
})

test('a snapshot holds the last 50 trades, and the stream goes on right after it', async () => {
  const { timers, connect } = createScene('kraken', { ...RATE, startMicros: 1_789_999_900_000_000n })
  const client = connect('/v2')
  await timers.advance(100)
  client.send(subscribe(['ETH/USD'], { snapshot: true }))
  await timers.advance(3_000)
  const [snapshot, ...updates] = client.frames().filter(text => JSON.parse(text).channel === 'trade')
  expect(JSON.parse(snapshot).type).toBe('snapshot')
  expect(JSON.parse(snapshot).data).toHaveLength(50)
  const ids = decode('kraken', [snapshot, ...updates]).map(idOf)
  expect(ids).toEqual(ids.map((_, i) => ids[0] + i))
  expect(ids.length).toBeGreaterThan(100)
})

test('v2 answers pings, unsubscribes, and says what it does not understand', async () => {
  const { timers, connect } = createScene('kraken', RATE)
  const client = connect('/v2')
  await timers.advance(100)
  const ask = async (message: unknown) => {
    const { length } = client.frames()
    client.send(message)
    await timers.advance(2 * LATENCY_MS)
    return client
      .frames()
      .slice(length)
      .map(text => JSON.parse(text))
  }
  expect(await ask({ method: 'ping', req_id: 101 })).toMatchObject([{ method: 'pong', req_id: 101 }])
  expect(await ask(subscribe(['BTC/USD']))).toMatchObject([{ success: true }])
  expect(await ask(subscribe(['BTC/USD']))).toMatchObject([{ success: false, error: 'Already subscribed' }])
  const unsubscribe = { method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USD'] } }
  expect((await ask(unsubscribe)).at(-1)).toMatchObject({ method: 'unsubscribe', success: true })
  expect(await ask(unsubscribe)).toMatchObject([{ success: false }])
  for (const wrong of ['no json', {}, { method: 'dance' }, subscribe([]), subscribe(['BTC/USD'], { channel: 'book' })])
    expect(await ask(wrong)).toMatchObject([{ success: false, error: expect.any(String) }])
  const { length } = client.frames()
  await timers.advance(3_000)
  expect(client.frames()).toHaveLength(length)
})

test('a v1 stream carries every trade as arrays, by Kraken’s own names', async () => {
  const { timers, connect, exchange } = createScene('kraken', RATE)
  const client = connect('/')
  await timers.advance(10)
  client.send({ event: 'subscribe', pair: V1, subscription: { name: 'trade' } })
  await timers.advance(5_000)
  const { obtainable } = exchange.trades()
  await timers.advance(LATENCY_MS)
  const [greeting, ...replies] = client
    .frames()
    .slice(0, 9)
    .map(text => JSON.parse(text))
  expect(greeting).toMatchObject({ event: 'systemStatus', status: 'online' })
  expect(replies.map(({ pair, status }) => [pair, status])).toEqual(V1.map(pair => [pair, 'subscribed']))
  const frames = client.frames().filter(text => text.startsWith('['))
  expect(frames[0]).toMatch(
    /^\[\d+,\[\["\d+\.\d{5}","\d+\.\d{8}","\d{10}\.\d{6}","[bs]","[lm]",""\].*\],"trade","[A-Z]{3,4}\/[A-Z]{3}"\]$/,
  )
  // v1 has no ids.
  const facts = (trades: typeof obtainable) =>
    Map.groupBy(
      trades.map(({ symbol, currency, timestamp, price, quantity, side }) => ({
        symbol,
        currency,
        timestamp,
        price,
        quantity,
        side,
      })),
      ({ symbol }) => symbol,
    )
  const all = facts(obtainable)
  const got = facts(decode('kraken', frames))
  expect(got.size).toBe(8)
  for (const [symbol, trades] of got) expect(trades).toEqual(all.get(symbol)?.slice(-trades.length))
  expect(client.frames().filter(text => text === '{"event":"heartbeat"}').length).toBeGreaterThan(3)
})

test('v1 answers pings and refuses unknown pairs', async () => {
  const { timers, connect } = createScene('kraken', { ratePerSecond: 0 })
  const client = connect('/')
  await timers.advance(10)
  client.send({ event: 'ping', reqid: 7 })
  client.send({ event: 'subscribe', pair: ['NO/PAIR', 'BTC/USD'], subscription: { name: 'trade' }, reqid: 8 })
  client.send({ event: 'unsubscribe', pair: ['XBT/USD'], subscription: { name: 'trade' } })
  client.send({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'book' } })
  client.send('no json')
  await timers.advance(100)
  expect(
    client
      .frames()
      .slice(1)
      .map(text => JSON.parse(text)),
  ).toMatchObject([
    { event: 'pong', reqid: 7 },
    { event: 'subscriptionStatus', status: 'error', errorMessage: 'Currency pair not supported NO/PAIR', reqid: 8 },
    { event: 'subscriptionStatus', status: 'subscribed', pair: 'XBT/USD', reqid: 8 },
    { event: 'subscriptionStatus', status: 'unsubscribed', pair: 'XBT/USD' },
    { event: 'error', errorMessage: 'Subscription name invalid' },
    { event: 'error', errorMessage: 'Malformed request' },
  ])
})

test('REST gives all trades page by page, from any moment on', async () => {
  const { timers, exchange, getJson } = createScene('kraken', { ratePerSecond: 2_000_000 })
  await timers.advance(40)
  const trades = essence(exchange.trades().obtainable).filter(({ symbol }) => symbol === 'BTCUSD')
  expect(trades.length).toBeGreaterThan(2_000)
  // Some share a microsecond.
  expect(new Set(trades.map(({ timestamp }) => timestamp)).size).toBeLessThan(trades.length)
  fc.assert(
    fc.property(fc.nat(trades.length - 1), fc.integer({ min: 100, max: 1_000 }), (first, count) => {
      const rows: unknown[][] = []
      let since = `${trades[first].timestamp - 1n}000`
      for (;;) {
        const { error, result } = getJson(`/0/public/Trades?pair=XBTUSD&since=${since}&count=${count}`)
        expect(error).toEqual([])
        rows.push(...result.XXBTZUSD)
        since = result.last
        // As with the real one, a page that is not full is the last.
        if (result.XXBTZUSD.length < count) break
      }
      const start = trades.findIndex(({ timestamp }) => timestamp === trades[first].timestamp)
      expect(rows.map(row => row[6])).toEqual(trades.slice(start).map(({ tradeId }) => Number(tradeId.split('-')[1])))
    }),
    { numRuns: 10 },
  )
})

test('a row of REST is the trade of the stream', async () => {
  const { timers, exchange, get } = createScene('kraken', RATE)
  await timers.advance(3_000)
  const trades = essence(exchange.trades().obtainable).filter(({ symbol }) => symbol === 'DOGEUSD')
  const { body } = get('/0/public/Trades?pair=XDGUSD')
  const rows = [...body.matchAll(/\["([\d.]+)","([\d.]+)",(\d+)\.(\d{6}),"([bs])","[lm]","",(\d+)\]/g)]
  expect(rows.length).toBe(trades.length)
  for (const [i, [, price, qty, seconds, micros, side, trade_id]] of rows.entries()) {
    const timestamp = new Date(Number(seconds) * 1000).toISOString().replace('000Z', `${micros}Z`)
    const entry = `{"symbol":"DOGE/USD","side":"${side === 'b' ? 'buy' : 'sell'}","price":${price},"qty":${qty},"ord_type":"market","trade_id":${trade_id},"timestamp":"${timestamp}"}`
    expect(essence(decode('kraken', [`{"channel":"trade","type":"update","data":[${entry}]}`]))[0]).toEqual(trades[i])
  }
})

test('REST knows its pairs by all their names, and no others', () => {
  const { getJson } = createScene('kraken')
  const names = ['XBTUSD', 'XXBTZUSD', 'XBT/USD', 'BTC/USD', 'BTCUSD']
  for (const name of names)
    expect(getJson(`/0/public/AssetPairs?pair=${name}`)).toMatchObject({
      error: [],
      result: { XXBTZUSD: { altname: 'XBTUSD', wsname: 'XBT/USD', status: 'online' } },
    })
  expect(Object.keys(getJson('/0/public/AssetPairs').result)).toEqual([
    ...['XXBTZUSD', 'XETHZUSD', 'SOLUSD', 'XXRPZUSD', 'XDGUSD', 'ADAUSD', 'XETHXXBT', 'XXBTZEUR'],
  ])
  expect(getJson('/0/public/AssetPairs?pair=XBTUSD,NOPAIR')).toEqual({ error: ['EQuery:Unknown asset pair'] })
  expect(getJson('/0/public/Trades?pair=NOPAIR')).toEqual({ error: ['EQuery:Unknown asset pair'] })
  for (const wrong of ['', '?pair=XBTUSD&count=0', '?pair=XBTUSD&count=1001', '?pair=XBTUSD&since=x'])
    expect(getJson(`/0/public/Trades${wrong}`)).toEqual({ error: ['EGeneral:Invalid arguments'] })
})
