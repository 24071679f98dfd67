import { describe, expect, test } from 'vitest'
import { messageOf } from '../../../domain/errors.ts'
import { EXCHANGES } from '../../../domain/exchanges.ts'
import { type Decoder, MalformedFrame } from '../../../feeds/decoder.ts'
import { binance } from '../../../feeds/exchanges/binance.ts'
import { coinbase } from '../../../feeds/exchanges/coinbase.ts'
import { DECODERS } from '../../../feeds/exchanges/decoders.ts'
import { kraken } from '../../../feeds/exchanges/kraken.ts'
import { tradeOf } from '../support.ts'

const NOW = 1_700_000_000_000_000n

function failure(decoder: Decoder, frame: string): Error {
  try {
    const trades = [...decoder.map(frame, NOW)]
    throw new Error(`${trades.length} trades came of ${frame}`)
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedFrame)
    expect((error as Error).message).toBe(messageOf(error))
    return error as Error
  }
}

test('every exchange has a decoder', () => {
  expect(Object.keys(DECODERS).sort()).toEqual(EXCHANGES.map(exchange => exchange.name).sort())
})

describe('binance', () => {
  const decoder = binance('BINANCE')
  const trade = { e: 'trade', E: 1, s: 'BTCUSDT', t: 12345, p: '0.001', q: '100', T: 1672515782136, m: true, M: true }

  test('a trade, raw and combined', () => {
    const raw = tradeOf(decoder, trade)
    expect(raw).toMatchObject({
      tradeId: 'BINANCE-12345',
      side: 'SELL',
      price: 10_000_000n,
      quantity: 100_00000000n,
      timestamp: 1_672_515_782_136_000n,
      vendorData: { event_type: 'trade', is_buyer_maker: 'true', trade_id: '12345' },
    })
    expect(tradeOf(decoder, { stream: 'btcusdt@trade', data: trade })).toEqual(raw)
    expect(tradeOf(decoder, { ...trade, m: false }).side).toBe('BUY')
  })

  test('hands the number of a trade on, as far as numbers are exact', () => {
    const numberIn = (t: unknown) =>
      [...decoder.map(`{"e":"trade","E":1,"s":"BTCUSDT","t":${t},"p":"1","q":"1","T":1,"m":true}`, NOW)][0].number
    expect(['0', '12345', '9007199254740991', '9007199254740992'].map(numberIn)).toEqual([
      0,
      12345,
      9_007_199_254_740_991,
      undefined,
    ])
    const aggregate = { e: 'aggTrade', E: 1, s: 'BTCUSDT', a: 7, f: 1, l: 2, p: '1', q: '1', T: 1, m: true }
    expect(tradeOf(decoder, aggregate)).toMatchObject({ tradeId: 'BINANCE-AGG-7', number: 7 })
  })

  test('ids beyond 2^53 and prices written as numbers stay exact', () => {
    const text = JSON.stringify(trade).replace('12345', '9223372036854775807').replace('"0.001"', '1234567890.12345678')
    const [large] = decoder.map(text, NOW)
    expect(large.tradeId).toBe('BINANCE-9223372036854775807')
    expect(large.price).toBe(1_234_567_890_1234567800n)
  })

  test.each([
    ['BTCUSDT', 'USDT'],
    ['BTCFDUSD', 'FDUSD'],
    ['ETHTUSD', 'TUSD'],
    ['SUSHIBUSD', 'BUSD'],
    ['LRCBTC', 'BTC'],
    ['RUNEEUR', 'EUR'],
    ['BNBETH', 'ETH'],
    ['USDTTRY', 'TRY'],
    ['USDCUSDT', 'USDT'],
    ['ETHUSDT_210625', 'USDT'],
    ['GMTUSD_PERP', 'USD'],
    ['BTC', 'UNKNOWN'],
    ['ABCXYZ', 'UNKNOWN'],
  ])('%s is quoted in %s', (s, currency) => {
    expect(tradeOf(decoder, { ...trade, s })).toMatchObject({ symbol: s, currency })
  })

  test.each([
    ['no price', { ...trade, p: undefined }],
    ['a price that is not a number', { ...trade, p: 'NaN' }],
    ['more digits than a price has', { ...trade, p: '0.00000000001' }],
    ['a price too large', { ...trade, p: '10000000000' }],
    ['a side that is not a boolean', { ...trade, m: 'true' }],
    ['a fraction as id', { ...trade, t: 1.5 }],
    ['a negative time', { ...trade, T: -1 }],
    ['a time beyond all years', { ...trade, T: 253402300800000 }],
    ['an empty symbol', { ...trade, s: '' }],
    ['an aggregate without its ids', { ...trade, e: 'aggTrade' }],
  ])('%s is malformed', (_, message) => {
    failure(decoder, JSON.stringify(message))
  })

  test('a frame that is not a trade gives nothing', () => {
    for (const frame of [
      '{}',
      '[]',
      'null',
      '5',
      '"trade"',
      '{"data":null}',
      '{"e":"kline"}',
      '{"result":null,"id":1}',
    ])
      expect([...decoder.map(frame, NOW)]).toEqual([])
  })
})

describe('kraken', () => {
  const decoder = kraken('KRAKEN')
  const one = ['5541.20000', '0.15850568', '1534614057.321597', 's', 'l', '']
  const frame = (pair: string, ...trades: unknown[]) => [0, trades, 'trade', pair]

  test('XBT is BTC and XDG is DOGE in the symbol; the pair stays as it came', () => {
    expect(tradeOf(decoder, frame('XBT/USD', one))).toMatchObject({
      symbol: 'BTCUSD',
      currency: 'USD',
      timestamp: 1_534_614_057_321_597n,
      vendorData: { pair: 'XBT/USD', order_type: 'l', misc: '' },
    })
    expect(tradeOf(decoder, frame('XDG/XBT', one))).toMatchObject({ symbol: 'DOGEBTC', currency: 'BTC' })
  })

  test('identical trades of one frame are different trades, and the same in a repeated frame', () => {
    const text = JSON.stringify(frame('XBT/USD', one, one, one))
    const ids = [...decoder.map(text, NOW)].map(trade => trade.tradeId)
    expect(new Set(ids).size).toBe(3)
    expect([...decoder.map(text, NOW + 5n)].map(trade => trade.tradeId)).toEqual(ids)
    expect(tradeOf(decoder, frame('XBT/USD', one)).tradeId).toBe(ids[0])
  })

  test('any other field makes another id', () => {
    const variants = [0, 1, 2, 3, 4].map(index => one.with(index, { 3: 'b', 4: 'm' }[index] ?? `1${one[index]}`))
    const ids = [one, ...variants].map(trade => tradeOf(decoder, frame('XBT/USD', trade)).tradeId)
    ids.push(tradeOf(decoder, frame('XBT/EUR', one)).tradeId)
    expect(new Set(ids).size).toBe(7)
  })

  test('a short fraction of a second is padded', () => {
    expect(tradeOf(decoder, frame('XBT/USD', one.with(2, '1534614057.3'))).timestamp).toBe(1_534_614_057_300_000n)
  })

  test('API v2: numbers as they were written, and ids of their own', () => {
    const text = `{"channel":"trade","type":"update","data":[
      {"symbol":"MATIC/USD","side":"sell","price":0.51170001,"qty":40.0,"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"},
      {"symbol":"BTC/USD","side":"buy","price":1e-7,"qty":12,"ord_type":"limit","trade_id":4665907,"timestamp":"2023-09-25T07:49:37Z"}]}`
    expect([...decoder.map(text, NOW)]).toMatchObject([
      {
        tradeId: 'KRAKEN-4665906',
        symbol: 'MATICUSD',
        price: 5_117_000_100n,
        quantity: 40_00000000n,
        side: 'SELL',
        timestamp: 1_695_628_177_708_706n,
      },
      {
        tradeId: 'KRAKEN-4665907',
        symbol: 'BTCUSD',
        price: 1_000n,
        quantity: 12_00000000n,
        side: 'BUY',
        timestamp: 1_695_628_177_000_000n,
      },
    ])
  })

  test.each([
    ['a pair without a slash', frame('XBTUSD', one)],
    ['a pair of three', frame('A/B/C', one)],
    ['no pair', [0, [one], 'trade', null]],
    ['no list of trades', [0, null, 'trade', 'XBT/USD']],
    ['a trade that is not a list', frame('XBT/USD', 5)],
    ['an unknown side', frame('XBT/USD', one.with(3, 'x'))],
    ['a missing price', frame('XBT/USD', [])],
    ['a negative time', frame('XBT/USD', one.with(2, '-1.5'))],
    ['v2 without data', { channel: 'trade' }],
    [
      'v2 with a day that does not exist',
      {
        channel: 'trade',
        data: [
          {
            symbol: 'A/B',
            side: 'buy',
            price: 1,
            qty: 1,
            ord_type: 'l',
            trade_id: 1,
            timestamp: '2023-02-30T00:00:00Z',
          },
        ],
      },
    ],
  ])('%s is malformed', (_, message) => {
    failure(decoder, JSON.stringify(message))
  })

  test('the trades before a malformed one come out', () => {
    const seen: string[] = []
    expect(() => {
      for (const trade of decoder.map(JSON.stringify(frame('XBT/USD', one, null)), NOW)) seen.push(trade.symbol)
    }).toThrow(MalformedFrame)
    expect(seen).toEqual(['BTCUSD'])
  })
})

describe('coinbase', () => {
  const decoder = coinbase('COINBASE')
  const match = {
    type: 'match',
    trade_id: 10,
    sequence: 50,
    maker_order_id: 'm',
    taker_order_id: 't',
    time: '2014-11-07T08:19:27.028459Z',
    product_id: 'BTC-USD',
    size: '5.23512',
    price: '400.23',
    side: 'sell',
  }

  test('the side is the maker’s, so the aggressor is on the other', () => {
    expect(tradeOf(decoder, match)).toMatchObject({ symbol: 'BTCUSD', side: 'BUY', timestamp: 1_415_348_367_028_459n })
    expect(tradeOf(decoder, { ...match, side: 'buy' }).side).toBe('SELL')
  })

  test('a last match is the same trade', () => {
    expect(tradeOf(decoder, { ...match, type: 'last_match' }).messageId).toBe(tradeOf(decoder, match).messageId)
  })

  test.each([
    ['a product without a dash', { ...match, product_id: 'BTCUSD' }],
    ['a time in another zone', { ...match, time: '2014-11-07T08:19:27.028459+01:00' }],
    ['a sequence in words', { ...match, sequence: 'first' }],
    ['an unknown side', { ...match, side: 'SELL' }],
    ['a size in words', { ...match, size: 'five' }],
  ])('%s is malformed', (_, message) => {
    failure(decoder, JSON.stringify(message))
  })
})

test('text that is not JSON is malformed, in one line', () => {
  for (const decoder of Object.values(DECODERS))
    for (const text of ['', '{', '{"e":"trade"', 'a\nb', '['.repeat(200_000)]) failure(decoder, text)
})
