import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createScene, decode, essence, idOf, LATENCY_MS } from './support.ts'

const ALL = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD', 'DOGE-USD', 'ADA-USD', 'ETH-BTC', 'BTC-EUR']
const RATE = { ratePerSecond: 2_000 }
const ofType = (frames: readonly string[], type: string) => frames.filter(text => JSON.parse(text).type === type)

test('matches carry every trade of the market, exactly, with its sequence', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), async seed => {
      const { timers, connect, exchange } = createScene('coinbase', { seed, ...RATE })
      const client = connect('/')
      await timers.advance(10)
      client.send({ type: 'subscribe', product_ids: ALL, channels: ['matches'] })
      await timers.advance(5_000)
      const { obtainable } = exchange.trades()
      await timers.advance(LATENCY_MS)
      const got = decode('coinbase', ofType(client.frames(), 'match'))
      expect(essence(got)).toEqual(essence(obtainable).slice(-got.length))
      expect(got.map(({ sourceSequence }) => sourceSequence)).toEqual(
        obtainable.slice(-got.length).map(({ sourceSequence }) => sourceSequence),
      )
      expect(obtainable.length - got.length).toBeLessThan(30)
    }),
    { numRuns: 10 },
  )
})

test('a sequence grows and jumps', async () => {
  const { timers, connect } = createScene('coinbase', RATE)
  const client = connect('/')
  await timers.advance(10)
  client.send({ type: 'subscribe', product_ids: ['BTC-USD'], channels: ['matches'] })
  await timers.advance(5_000)
  const sequences = ofType(client.frames(), 'match').map(text => JSON.parse(text).sequence)
  const steps = sequences.slice(1).map((sequence, i) => sequence - sequences[i])
  expect(Math.min(...steps)).toBeGreaterThan(1)
  expect(new Set(steps).size).toBeGreaterThan(2)
})

test('a subscription is confirmed, after the last match of each product', async () => {
  const { timers, connect } = createScene('coinbase', { ...RATE, startMicros: 1_789_999_900_000_000n })
  const client = connect('/')
  await timers.advance(10)
  client.send({
    type: 'subscribe',
    channels: [
      { name: 'matches', product_ids: ['BTC-USD', 'ETH-USD'] },
      { name: 'heartbeat', product_ids: ['BTC-USD'] },
    ],
  })
  await timers.advance(3_000)
  const frames = client.frames()
  expect(frames.slice(0, 3).map(text => JSON.parse(text).type)).toEqual(['last_match', 'last_match', 'subscriptions'])
  expect(JSON.parse(frames[2])).toEqual({
    type: 'subscriptions',
    channels: [
      { name: 'matches', product_ids: ['BTC-USD', 'ETH-USD'], account_ids: null },
      { name: 'heartbeat', product_ids: ['BTC-USD'], account_ids: null },
    ],
  })
  const ids = decode('coinbase', frames)
    .filter(({ symbol }) => symbol === 'BTCUSD')
    .map(idOf)
  expect(ids).toEqual(ids.map((_, i) => ids[0] + i))
  expect(JSON.parse(frames[0])).toMatchObject({
    maker_order_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
    time: expect.stringMatching(/^[\d-]{10}T[\d:]{8}\.\d{6}Z$/),
  })
})

test('a heartbeat comes each second and knows the last trade of the stream', async () => {
  const { timers, connect } = createScene('coinbase', RATE)
  const client = connect('/')
  await timers.advance(10)
  client.send({ type: 'subscribe', product_ids: ['ETH-USD'], channels: ['matches', 'heartbeat'] })
  await timers.advance(5_500)
  const messages = client.frames().map(text => JSON.parse(text))
  expect(messages.filter(({ type }) => type === 'heartbeat')).toHaveLength(5)
  let last = 0
  let sequence = 0
  for (const message of messages) {
    if (message.type === 'match') ({ trade_id: last, sequence } = message)
    if (message.type !== 'heartbeat') continue
    expect(message).toMatchObject({ product_id: 'ETH-USD', last_trade_id: last })
    expect(message.sequence).toBeGreaterThan(sequence)
  }
  client.send({ type: 'unsubscribe', product_ids: ['ETH-USD'], channels: ['matches', 'heartbeat'] })
  await timers.advance(100)
  const { length } = client.frames()
  expect(JSON.parse(client.frames()[length - 1])).toEqual({ type: 'subscriptions', channels: [] })
  await timers.advance(3_000)
  expect(client.frames()).toHaveLength(length)
})

test.each([
  [{ product_ids: ['XYZ-USD'], channels: ['matches'] }, 'XYZ-USD is not a valid product'],
  [{ product_ids: ['BTC-USD'], channels: ['gossip'] }, 'gossip is not a valid channel'],
  [{ channels: ['heartbeat'] }, 'You need to specify at least one product ID for channel heartbeat'],
  [{ product_ids: ['BTC-USD'] }, 'You need to specify at least one channel'],
])('%j is refused', async (message, reason) => {
  const { timers, connect } = createScene('coinbase')
  const client = connect('/')
  await timers.advance(10)
  client.send({ type: 'subscribe', ...message })
  await timers.advance(10)
  expect(client.frames().map(text => JSON.parse(text))).toEqual([
    { type: 'error', message: 'Failed to subscribe', reason },
  ])
})

test('a message that is not a request is answered by an error', async () => {
  const { timers, connect } = createScene('coinbase')
  const client = connect('/')
  await timers.advance(10)
  client.send('no json')
  client.send({ type: 'dance' })
  await timers.advance(10)
  expect(client.frames().map(text => JSON.parse(text).type)).toEqual(['error', 'error'])
})

test('a client that does not subscribe within 5 s is disconnected', async () => {
  const { timers, connect } = createScene('coinbase')
  const idle = connect('/')
  const busy = connect('/')
  await timers.advance(10)
  busy.send({ type: 'subscribe', product_ids: ['BTC-USD'], channels: ['heartbeat'] })
  await timers.advance(4_900)
  expect(idle.log).toEqual(['open'])
  await timers.advance(200)
  expect(idle.log.at(-1)).toMatch(/^closed 1000 /)
  expect(busy.log.some(line => line.startsWith('closed'))).toBe(false)
})

test('REST gives any range of ids back, newest first, page by page', async () => {
  const { timers, exchange, get } = createScene('coinbase', { ratePerSecond: 20_000 })
  await timers.advance(5_000)
  const trades = essence(exchange.trades().obtainable).filter(({ symbol }) => symbol === 'BTCUSD')
  expect(trades.length).toBeGreaterThan(1_500)
  fc.assert(
    fc.property(fc.integer({ min: 2, max: trades.length + 1 }), fc.integer({ min: 50, max: 1_000 }), (end, limit) => {
      const found: ReturnType<typeof essence> = []
      let after = String(end)
      for (;;) {
        const { status, headers, body } = get(`/products/BTC-USD/trades?limit=${limit}&after=${after}`)
        expect(status).toBe(200)
        const rows = JSON.parse(body)
        if (rows.length === 0) break
        expect(rows.length).toBeLessThanOrEqual(limit)
        expect(headers).toMatchObject({
          'cb-before': String(rows[0].trade_id),
          'cb-after': String(rows.at(-1).trade_id),
        })
        const frames = rows.map((row: object) =>
          JSON.stringify({ type: 'match', product_id: 'BTC-USD', sequence: 1, ...row }),
        )
        found.push(...essence(decode('coinbase', frames)))
        after = headers['cb-after']
      }
      expect(found.reverse()).toEqual(trades.slice(0, end - 1))
    }),
    { numRuns: 8 },
  )
  const latest = JSON.parse(get('/products/BTC-USD/trades').body)
  expect(latest).toHaveLength(1_000)
  expect(latest[0].trade_id).toBe(trades.length)
  const newer = JSON.parse(get(`/products/BTC-USD/trades?before=${trades.length - 3}`).body)
  expect(newer.map(({ trade_id }: { trade_id: number }) => trade_id)).toEqual([0, 1, 2].map(i => trades.length - i))
  expect(JSON.parse(get('/products/BTC-USD/trades?after=999999999').body)).toEqual(latest)
})

test('REST knows its products and no others', () => {
  const { get, getJson } = createScene('coinbase')
  expect(getJson('/products/DOGE-USD')).toMatchObject({
    id: 'DOGE-USD',
    base_currency: 'DOGE',
    quote_currency: 'USD',
    status: 'online',
  })
  for (const path of ['/products/XYZ-USD', '/products/XYZ-USD/trades', '/nothing'])
    expect(get(path)).toMatchObject({ status: 404, body: '{"message":"NotFound"}' })
  expect(get('/products/BTC-USD/trades?after=x').status).toBe(400)
})
