/** Every recorded file decodes to what a person read in it. */
import { expect, test } from 'vitest'
import { formatDecimal } from '../../../domain/decimal.ts'
import { messageId, type Trade } from '../../../domain/trade.ts'
import { binance } from '../../../feeds/exchanges/binance.ts'
import { DECODERS } from '../../../feeds/exchanges/decoders.ts'
import { hasFrames, NEEDS_FRAMES, recordedFrames, tradesOf } from '../support.ts'

const count = (trades: readonly Trade[], by: (trade: Trade) => string) =>
  Object.fromEntries([...Map.groupBy(trades, by)].map(([key, group]) => [key, group.length]).sort())

const sum = (trades: readonly Trade[], of: (trade: Trade) => bigint) =>
  trades.reduce((all, trade) => all + of(trade), 0n)

test.skipIf(!hasFrames)(`binance.txt: 265 frames, of which two are trades${NEEDS_FRAMES}`, async () => {
  const frames = await recordedFrames('binance.txt')
  expect(frames).toHaveLength(265)
  expect(tradesOf(DECODERS.binance, frames)).toEqual([
    {
      messageId: messageId('BINANCE', 'NKNUSDT', 'BINANCE-AGG-15683430'),
      tradeId: 'BINANCE-AGG-15683430',
      symbol: 'NKNUSDT',
      exchange: 'BINANCE',
      assetClass: 'crypto',
      timestamp: 1_633_998_523_963_000n,
      price: 3_528_000_000n,
      quantity: 58_00000000n,
      currency: 'USDT',
      side: 'BUY',
      tradeConditions: [],
      sourceSequence: null,
      ingestionTimestamp: 1_633_998_523_957_215n,
      platformSequence: null,
      vendorData: {
        event_type: 'aggTrade',
        is_buyer_maker: 'false',
        agg_trade_id: '15683430',
        first_trade_id: '19862790',
        last_trade_id: '19862790',
      },
      number: 15_683_430,
    },
    expect.objectContaining({
      tradeId: 'BINANCE-AGG-9213679',
      symbol: 'LRCBTC',
      currency: 'BTC',
      side: 'BUY',
      price: 63_800n,
      quantity: 177_00000000n,
      timestamp: 1_633_998_534_486_000n,
      ingestionTimestamp: 1_633_998_534_481_201n,
    }),
  ])
})

test.skipIf(!hasFrames)(
  `binance-futures-aggtrade.txt: 91 trades under an exchange code of their own${NEEDS_FRAMES}`,
  async () => {
    const trades = tradesOf(binance('BINANCEFUTURES'), await recordedFrames('binance-futures-aggtrade.txt'))
    expect(trades).toHaveLength(91)
    expect(count(trades, trade => trade.symbol)).toEqual({ AKROUSDT: 8, CTKUSDT: 38, KEEPUSDT: 5, SUSHIUSDT: 40 })
    expect(count(trades, trade => trade.side)).toEqual({ BUY: 47, SELL: 44 })
    expect(count(trades, trade => `${trade.exchange} ${trade.currency}`)).toEqual({ 'BINANCEFUTURES USDT': 91 })
    expect(
      formatDecimal(
        sum(trades, trade => trade.quantity),
        8,
      ),
    ).toBe('177768.00000000')
    expect(
      formatDecimal(
        sum(trades, trade => trade.price * trade.quantity),
        18,
      ),
    ).toBe('37718.220590000000000000')
    expect(new Set(trades.map(trade => trade.messageId)).size).toBe(91)
    expect(trades[0]).toMatchObject({
      tradeId: 'BINANCEFUTURES-AGG-16599292',
      price: 1_0110000000n,
      quantity: 10_00000000n,
      side: 'BUY',
      timestamp: 1_626_992_741_421_000n,
      ingestionTimestamp: 1_626_992_742_289_739n,
    })
    expect(trades[1]).toMatchObject({ symbol: 'AKROUSDT', price: 173_100_000n, quantity: 312_00000000n, side: 'SELL' })
  },
)

test.skipIf(!hasFrames)(`kraken.txt: 38 frames, five trades in four of them${NEEDS_FRAMES}`, async () => {
  const frames = await recordedFrames('kraken.txt')
  expect(frames).toHaveLength(38)
  const trades = tradesOf(DECODERS.kraken, frames)
  const essence = trades.map(({ symbol, currency, price, quantity, side, timestamp, vendorData }) => [
    symbol,
    currency,
    formatDecimal(price, 10),
    formatDecimal(quantity, 8),
    side,
    timestamp,
    vendorData,
  ])
  const xmr = { pair: 'XMR/USD', misc: '' }
  expect(essence).toEqual([
    ['XMRUSD', 'USD', '354.1100000000', '0.89594024', 'SELL', 1_618_678_142_557_535n, { ...xmr, order_type: 'l' }],
    ['XMRUSD', 'USD', '354.5500000000', '1.25690315', 'BUY', 1_618_678_145_715_785n, { ...xmr, order_type: 'm' }],
    [
      'SCEUR',
      'EUR',
      '0.0429900000',
      '15979.71727919',
      'SELL',
      1_618_678_145_920_708n,
      { pair: 'SC/EUR', order_type: 'l', misc: '' },
    ],
    ['XMRUSD', 'USD', '354.0400000000', '0.28245396', 'SELL', 1_618_678_150_826_417n, { ...xmr, order_type: 'm' }],
    ['XMRUSD', 'USD', '353.8100000000', '1.71754604', 'SELL', 1_618_678_150_827_816n, { ...xmr, order_type: 'm' }],
  ])
  expect(new Set(trades.map(trade => trade.messageId)).size).toBe(5)
  for (const trade of trades) expect(trade.tradeId).toMatch(/^KRAKEN-[0-9a-f]{32}$/)
  expect(trades[3].ingestionTimestamp).toBe(1_618_678_150_856_557n)
})

test.skipIf(!hasFrames)(
  `coinbase.txt: 44 matches and 10 last matches, sides turned to the aggressor${NEEDS_FRAMES}`,
  async () => {
    const frames = await recordedFrames('coinbase.txt')
    expect(frames).toHaveLength(107)
    const trades = tradesOf(DECODERS.coinbase, frames)
    expect(count(trades, trade => String(trade.vendorData?.type))).toEqual({ last_match: 10, match: 44 })
    // The makers were 18 buyers and 36 sellers.
    expect(count(trades, trade => trade.side)).toEqual({ BUY: 36, SELL: 18 })
    expect(count(trades, trade => `${trade.symbol} in ${trade.currency}`)).toEqual({
      'BANDBTC in BTC': 1,
      'BANDGBP in GBP': 1,
      'CRVEUR in EUR': 1,
      'DASHBTC in BTC': 5,
      'NMREUR in EUR': 9,
      'NUGBP in GBP': 2,
      'SKLBTC in BTC': 6,
      'SKLGBP in GBP': 2,
      'SKLUSD in USD': 26,
      'YFIBTC in BTC': 1,
    })
    expect(trades[0]).toMatchObject({
      messageId: messageId('COINBASE', 'BANDGBP', 'COINBASE-881613'),
      tradeId: 'COINBASE-881613',
      price: 14_7775000000n,
      quantity: 4_000_000n,
      side: 'BUY',
      timestamp: 1_618_677_810_244_075n,
      ingestionTimestamp: 1_618_677_817_079_762n,
      sourceSequence: 333_938_798n,
      vendorData: {
        type: 'last_match',
        product_id: 'BAND-GBP',
        maker_side: 'sell',
        maker_order_id: '27fff20b-af29-4f45-8744-56dd1ef57dc0',
        taker_order_id: '1da6ce16-c8da-4732-9f71-6049f4c6aaf8',
      },
    })
    expect(trades.at(-1)).toMatchObject({ tradeId: 'COINBASE-1568292', price: 7_908_000_000n, side: 'SELL' })
    expect(trades.at(-1)?.timestamp).toBe(1_618_677_840_601_140n)
  },
)
