/** What exchanges say besides trades, as their documentation has it. */
import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pairOf } from '../../../domain/pairs.ts'
import { MalformedFrame } from '../../../feeds/decoder.ts'
import { VENUES } from '../../../feeds/exchanges/venues.ts'
import { parseFrame } from '../../../feeds/fields.ts'
import type { Control } from '../../../feeds/protocol.ts'
import { FRAMES, NEEDS_FRAMES, recordedFrames } from '../support.ts'

const SAID: Readonly<Record<string, readonly (readonly [frame: string, control: Control])[]>> = {
  binance: [
    ['{"e":"serverShutdown","E":1770123456789}', { kind: 'shutdown' }],
    ['{"stream":"!x","data":{"e":"serverShutdown","E":1770123456789}}', { kind: 'shutdown' }],
    [
      '{"error":{"code":2,"msg":"Invalid request: unknown variant"},"id":1}',
      { kind: 'error', problem: 'Invalid request: unknown variant' },
    ],
    ['{"result":null,"id":1}', { kind: 'other' }],
    ['{"stream":"x","data":{"e":"depthUpdate"}}', { kind: 'unknown' }],
  ],
  kraken: [
    ['{"channel":"heartbeat"}', { kind: 'heartbeat' }],
    ['{"method":"pong","req_id":1,"time_in":"2023-09-24T14:10:23.799685Z"}', { kind: 'heartbeat' }],
    ['{"channel":"status","data":[{"system":"online","version":"2.0.0"}],"type":"update"}', { kind: 'other' }],
    [
      '{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true}',
      { kind: 'subscribed' },
    ],
    [
      '{"error":"Currency pair not supported XX/YY","method":"subscribe","success":false,"symbol":"XX/YY"}',
      { kind: 'refused', symbol: 'XXYY', problem: 'Currency pair not supported XX/YY', again: false },
    ],
    ['{"channel":"trade","type":"snapshot","data":[]}', { kind: 'other' }],
  ],
  coinbase: [
    ['{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}', { kind: 'subscribed' }],
    [
      '{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}',
      { kind: 'heartbeat', symbol: 'BTCUSD', lastId: 20 },
    ],
    ['{"type":"heartbeat","sequence":90,"last_trade_id":0,"product_id":"BTC-USD"}', { kind: 'heartbeat' }],
    [
      '{"type":"error","message":"Failed to subscribe","reason":"XX-USD is not a valid product"}',
      {
        ...{ kind: 'refused', symbol: 'XXUSD', again: true },
        problem: 'Failed to subscribe: XX-USD is not a valid product',
      },
    ],
    ['{"type":"ticker"}', { kind: 'unknown' }],
  ],
}

const ASKED: Readonly<Record<string, unknown>> = {
  binance: { address: 'wss://host/stream?streams=btcusdt@trade/ethusdt@trade', subscriptions: [], confirmations: 0 },
  kraken: {
    address: 'wss://host/v2',
    subscriptions: [
      { method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD', 'ETH/USD'], snapshot: true } },
    ],
    confirmations: 2,
  },
  coinbase: {
    address: 'wss://host',
    subscriptions: [{ type: 'subscribe', product_ids: ['BTC-USD', 'ETH-USD'], channels: ['matches', 'heartbeat'] }],
    confirmations: 1,
  },
}

describe.each(Object.entries(VENUES))('%s', (name, { stream, symbols }) => {
  test('is understood', () => {
    for (const [frame, control] of SAID[name]) expect(stream.control(parseFrame(frame)), frame).toEqual(control)
  })

  test('whatever it says, nothing throws', () => {
    const frames = SAID[name].map(([frame]) => frame)
    const anything = fc.oneof(
      fc.json(),
      fc
        .tuple(fc.constantFrom(...frames), fc.nat(200), fc.string({ maxLength: 3 }))
        .map(([frame, at, text]) => frame.slice(0, at) + text + frame.slice(at + 1)),
    )
    fc.assert(
      fc.property(anything, text => {
        let message: unknown
        try {
          message = parseFrame(text)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFrame)
          return
        }
        expect(typeof stream.control(message).kind).toBe('string')
      }),
      { numRuns: 2_000 },
    )
  })

  test('is asked for its trades in its own words', () => {
    const pairs = symbols.slice(0, 2).map(symbol => pairOf(symbol))
    expect({
      address: stream.address('wss://host', pairs, 'trade'),
      subscriptions: stream.subscriptions(pairs).map(text => JSON.parse(text)),
      confirmations: stream.confirmations(pairs),
    }).toEqual(ASKED[name])
  })

  test.skipIf(!existsSync(`${FRAMES}${name}.txt`))(
    `every recorded frame says something or holds trades${NEEDS_FRAMES}`,
    async () => {
      for (const { json } of await recordedFrames(`${name}.txt`)) expect(stream.control(parseFrame(json))).toBeDefined()
    },
  )
})

test('Binance has aggregates under another name, and Kraken calls its assets as everyone does', () => {
  expect(VENUES.binance.stream.address('wss://host', [pairOf('BTCUSDT')], 'aggTrade')).toBe(
    'wss://host/stream?streams=btcusdt@aggTrade',
  )
  expect(VENUES.kraken.stream.subscriptions([pairOf('xbt/usd')])[0]).toContain('"BTC/USD"')
})
