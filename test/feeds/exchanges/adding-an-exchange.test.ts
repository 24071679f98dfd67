/** `docs/adding-an-exchange.md` is true: its code is the code of test/feeds/exchanges/bybit, and that reads Bybit. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { formatDecimal } from '../../../domain/decimal.ts'
import { decodeGap, type FeedGap } from '../../../domain/feed-gaps.ts'
import type { FeedPosition, FeedRecord, SocketEvents } from '../../../domain/feed-ports.ts'
import { pairOf } from '../../../domain/pairs.ts'
import { MalformedFrame } from '../../../feeds/decoder.ts'
import { VENUES } from '../../../feeds/exchanges/venues.ts'
import { createFeed } from '../../../feeds/feed.ts'
import { type Frame, framesOf } from '../../../feeds/frames.ts'
import { createFeedMetrics } from '../../../feeds/metrics.ts'
import { SILENT } from '../../silent-log.ts'
import { createFakeTimers } from '../fake-timers.ts'
import { memorySpill } from '../rig.ts'
import { tradesOf } from '../support.ts'
import { bybit } from './bybit/bybit.ts'
import { bybitRest, bybitStream } from './bybit/bybit-api.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')
const frames: Promise<Frame[]> = Array.fromAsync(framesOf(read('bybit/frames.txt').split('\n'), 'frames.txt'))
const decoder = bybit('BYBIT')
const BTC = pairOf('BTCUSDT')
const reply = (status: number, body: string) => ({ status, headers: {}, body })

test.each(['bybit.ts', 'bybit-api.ts'])('the page has %s word for word', file => {
  const code = read(`bybit/${file}`)
    .replaceAll("'../../../../feeds/", "'../")
    .replaceAll("'../../../../domain/", "'../../domain/")
  const blocks = [...read('../../../docs/adding-an-exchange.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(
    match => match[1],
  )
  expect(blocks).toContain(code)
})

test('the decoder reads what a person reads in the frames', async () => {
  const trades = tradesOf(decoder, await frames)
  expect(
    trades.map(({ tradeId, symbol, currency, side, price, quantity, timestamp, vendorData }) =>
      [
        tradeId,
        symbol,
        currency,
        side,
        formatDecimal(price, 10),
        formatDecimal(quantity, 8),
        timestamp,
        vendorData?.block_trade,
      ]
        .join(' ')
        .replaceAll(/0+(?= )/g, ''),
    ),
  ).toEqual([
    'BYBIT-20f43950-d8dd-5b31-9112-a178eb6023af BTCUSDT USDT BUY 16578.5 0.001 1672304486865 false',
    'BYBIT-2290000000061666327 BTCUSDT USDT SELL 16578.49 0.25 1672304487098 false',
    'BYBIT-2290000000061666328 BTCUSDT USDT SELL 16578.4 1.204117 1672304487098 true',
    'BYBIT-2290000000061666341 ETHBTC BTC BUY 0.072193 2. 1672304487497 false',
  ])
  expect(trades[0].ingestionTimestamp).toBe(1_672_304_486_868_000n)
})

test.each([
  ['no list', { topic: 'publicTrade.BTCUSDT', data: null }],
  ['an unknown side', { topic: 'publicTrade.BTCUSDT', data: [{ T: 1, s: 'BTCUSDT', S: 'buy', i: '1' }] }],
  ['no price', { topic: 'publicTrade.BTCUSDT', data: [{ T: 1, s: 'BTCUSDT', S: 'Buy', v: '1', i: '1', BT: false }] }],
])('%s is malformed', (_, message) => {
  expect(() => [...decoder.map(JSON.stringify(message), 0n)]).toThrow(MalformedFrame)
})

test('the list of instruments says which markets there are, and whether they are traded', () => {
  const { read } = bybitRest.markets
  const market = (symbol: string, status: string) =>
    `{"symbol":"${symbol}USDT","baseCoin":"${symbol}","quoteCoin":"USDT","status":"${status}"}`
  const list = `{"retCode":0,"result":{"list":[${market('BTC', 'Trading')},${market('OLD', 'Delivering')}]}}`
  expect(read(reply(200, list))).toEqual([
    { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', isTraded: true },
    { symbol: 'OLDUSDT', base: 'OLD', quote: 'USDT', isTraded: false },
  ])
  expect(read(reply(200, '{"retCode":10006,"retMsg":"Too many visits!","result":{}}'))).toBe(undefined)
  expect(read(reply(503, 'busy'))).toBe(undefined)
})

test('topics are asked for ten at a time, and each request is waited for', () => {
  const pairs = Array.from({ length: 25 }, (_, i) => ({ symbol: `A${i}USDT`, base: `A${i}`, quote: 'USDT' }))
  const requests = bybitStream.subscriptions(pairs).map(text => JSON.parse(text).args.length)
  expect(requests).toEqual([10, 10, 5])
  expect(bybitStream.confirmations(pairs)).toBe(3)
})

describe('a feed', () => {
  /** Plays the fixture to each client that subscribes, as often as it comes. */
  async function play() {
    const timers = createFakeTimers(1_672_304_486_000)
    const texts = (await frames).map(({ json }) => json)
    const sent: string[] = []
    const records: FeedRecord[] = []
    const gaps: FeedGap[] = []
    const saved = new Map<string, FeedPosition>()
    let client: SocketEvents | undefined
    const feed = createFeed(
      {
        exchange: 'bybit',
        venue: { ...VENUES.binance, urls: ['ws://bybit.test'], stream: bybitStream, rest: bybitRest, staleMs: 45_000 },
        decoder,
        pairs: [BTC, pairOf('ETHBTC')],
        stream: 'trade',
        topics: { trades: 'trades', gaps: 'gaps' },
        schemaIds: { trade: 1, wide: 2 },
        metrics: createFeedMetrics(new Registry(), 'bybit'),
        ...{ memoryBytes: 1e6, spillBytes: 1e6, heapLimitBytes: 1e9 },
        exit() {},
      },
      {
        timers,
        sockets: {
          connect(url, events) {
            expect(url).toBe('ws://bybit.test/v5/public/spot')
            client = events
            timers.after(1, () => events.open())
            return {
              send(text) {
                sent.push(text)
                for (const frame of text.includes('ping') ? texts.slice(-1) : texts.slice(0, -1))
                  timers.after(5, () => client === events && events.message(frame))
              },
              close() {},
            }
          },
        },
        http: { get: async () => reply(404, '') },
        sink: {
          async send(batch) {
            for (const one of batch) one.topic === 'gaps' ? gaps.push(decodeGap(one.value)) : records.push(one)
          },
        },
        spill: memorySpill(),
        positions: {
          load: async () => [...saved.values()],
          async save(positions) {
            for (const position of positions) saved.set(position.symbol, position)
          },
        },
        random: () => 0.5,
        log: SILENT,
        heapBytes: () => 0,
      },
    )
    const drop = () => client?.closed(1006, 'gone')
    return { timers, feed, sent, records, gaps, saved, drop }
  }

  test('is live when the subscription is confirmed, pings, and publishes what comes', async () => {
    const { timers, feed, sent, records, gaps } = await play()
    await feed.start()
    await timers.advance(60_000)

    expect(feed.status()).toMatchObject({ ready: true, missingTrades: 0 })
    expect(sent.slice(0, 3)).toEqual([
      '{"op":"subscribe","args":["publicTrade.BTCUSDT","publicTrade.ETHBTC"]}',
      '{"op":"ping"}',
      '{"op":"ping"}',
    ])
    expect(records).toHaveLength(4)
    expect(gaps).toEqual([])
  })

  test('reports a time without a connection, of which nobody can say what it cost', async () => {
    const { timers, feed, gaps, drop } = await play()
    await feed.start()
    await timers.advance(10_000)
    drop()
    await timers.advance(10_000)

    expect(gaps).toMatchObject([
      { exchange: 'bybit', kind: 'disconnect', status: 'unknown', cause: 'broken: code 1006, gone' },
    ])
    expect(feed.status()).toMatchObject({ ready: true, missingTrades: 0 })
  })
})
