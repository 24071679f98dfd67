/** Fields that an exchange may leave out, now or one day: no trade is refused for the lack of them. */
import { expect, test } from 'vitest'
import { pairOf } from '../../../domain/pairs.ts'
import { DECODERS } from '../../../feeds/exchanges/decoders.ts'
import { VENUES } from '../../../feeds/exchanges/venues.ts'
import { tradeOf } from '../support.ts'

test.each([null, undefined])("Binance's aggregates without the trades in them (%s)", missing => {
  const aggregate = { e: 'aggTrade', s: 'BTCUSDT', a: 7, f: missing, l: missing, p: '1.5', q: '2', T: 1, m: true }
  expect(tradeOf(DECODERS.binance, aggregate)).toMatchObject({ tradeId: 'BINANCE-AGG-7', side: 'SELL' })
  const { vendorData } = tradeOf(DECODERS.binance, aggregate)
  expect(vendorData).toEqual({ event_type: 'aggTrade', is_buyer_maker: 'true', agg_trade_id: '7' })
})

test.each([null, undefined])("Kraken's trades without the kind of order (%s)", ord_type => {
  const trade = {
    symbol: 'BTC/USD',
    side: 'buy',
    price: 1.5,
    qty: 2,
    ord_type,
    trade_id: 7,
    timestamp: '2026-11-20T10:00:00Z',
  }
  expect(tradeOf(DECODERS.kraken, { channel: 'trade', data: [trade] })).toMatchObject({
    ...{ tradeId: 'KRAKEN-7', side: 'BUY', vendorData: { pair: 'BTC/USD', order_type: '', misc: '' } },
  })
})

test.each([null, undefined])("Coinbase's trades without orders and sequence (%s)", sequence => {
  const trade = {
    type: 'match',
    product_id: 'BTC-USD',
    sequence,
    trade_id: 7,
    side: 'buy',
    price: '1.5',
    size: '2',
    time: '2026-11-20T10:00:00Z',
  }
  expect(tradeOf(DECODERS.coinbase, trade)).toMatchObject({ tradeId: 'COINBASE-7', sourceSequence: null })
})

test("Kraken's history is asked for by the name that its list has for a pair", () => {
  const { history, markets } = VENUES.kraken.rest
  const body = '{"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","status":"online"}}}'
  const listed = markets.read({ status: 200, headers: {}, body })
  expect(listed).toEqual([{ symbol: 'BTCUSD', base: 'BTC', quote: 'USD', isTraded: true, restName: 'XBTUSD' }])
  const question = {
    cursor: '5',
    stream: 'trade',
    address: 'https://api.kraken.com',
    range: { from: 1, to: 2, after: 0n },
  } as const
  const pair = { ...pairOf('BTC-USD'), restName: 'XBTUSD' }
  expect(history?.path({ ...question, pair })).toBe('/0/public/Trades?pair=XBTUSD&since=5&count=1000')
})
