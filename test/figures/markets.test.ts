/** Markets in groups, their spread, and their quotes. */
import { describe, expect, test } from 'vitest'
import { groupMarkets, inDollars, spreadOf, spreadText } from '../../figures/markets.ts'
import { dayBefore, digitsOf, lastHour, type Quote, quoteOfTrade, withHour, withMinute } from '../../figures/quotes.ts'
import type { CandleRow, MarketRow } from '../../figures/rows.ts'

const market = (exchange: string, base: string, quote: string): MarketRow => ({
  ...{ exchange, symbol: base + quote, base, quote, first_trade: '', last_trade: '' },
})
const ALL = [
  market('BINANCE', 'BTC', 'USDT'),
  market('KRAKEN', 'BTC', 'USD'),
  market('KRAKEN', 'BTC', 'EUR'),
  market('BINANCE', 'ADA', 'USDT'),
]

test('markets stand together by what they trade, and are found by words', () => {
  expect(groupMarkets(ALL).map(({ base, markets }) => [base, markets.length])).toEqual([
    ['ADA', 1],
    ['BTC', 3],
  ])
  const found = groupMarkets(ALL, ' kraken  btc')
  expect(found.flatMap(({ markets }) => markets.map(({ symbol }) => symbol))).toEqual(['BTCUSD', 'BTCEUR'])
  expect(groupMarkets(ALL, 'doge')).toEqual([])
})

test('turnovers in several currencies are compared in dollars, at the price on the same exchange where there is one', () => {
  const prices: Record<string, string> = { BTCUSDT: '86432.1', BTCUSD: '86440.5', BTCEUR: '74000' }
  const worth = (amount: string, of: MarketRow) => inDollars(amount, of, ALL, ({ symbol }) => prices[symbol])

  expect(worth('12.5', market('KRAKEN', 'ETH', 'USD'))).toBe('12.5')
  expect(worth('12.5', market('BINANCE', 'ETH', 'USDC'))).toBe('12.5')
  expect(worth('2', market('KRAKEN', 'ETH', 'BTC'))).toBe('172881')
  expect(worth('2', market('COINBASE', 'ETH', 'BTC'))).toBe('172864.2')
  expect(worth('2', market('KRAKEN', 'BTC', 'EUR'))).toBeUndefined()
})

test('a spread says which of its prices is in a currency that is taken for another', () => {
  const [tether, dollar] = [market('BINANCE', 'BTC', 'USDT'), market('KRAKEN', 'BTC', 'USD')]
  const spread = { spread: '8.2', basisPoints: '0.95', currency: 'USD' }

  expect(spreadText('BTC', { ...spread, lowest: tether, highest: dollar })).toBe(
    'Spread of BTC 8.2 USD (USDT as USD), 0.95 bp: least on BINANCE, most on KRAKEN',
  )
  expect(spreadText('BTC', { ...spread, lowest: dollar, highest: market('COINBASE', 'BTC', 'USD') })).toBe(
    'Spread of BTC 8.2 USD, 0.95 bp: least on KRAKEN, most on COINBASE',
  )
})

test('a spread is between prices in one currency, and exact', () => {
  const prices: Record<string, string> = { BTCUSDT: '86432.1', BTCUSD: '86440.3', BTCEUR: '74000' }
  expect(spreadOf(ALL.slice(0, 3), ({ symbol }) => prices[symbol])).toMatchObject({
    ...{ spread: '8.2', basisPoints: '0.95', currency: 'USD' },
    ...{ lowest: { exchange: 'BINANCE' }, highest: { exchange: 'KRAKEN', symbol: 'BTCUSD' } },
  })
  // One price is no spread.
  expect(spreadOf(ALL.slice(0, 3), ({ symbol }) => (symbol === 'BTCUSD' ? '1' : undefined))).toBeUndefined()
  expect(spreadOf([], () => '1')).toBeUndefined()
})

describe('a quote', () => {
  const NOW = Date.UTC(2026, 10, 20, 12, 30, 20)
  const row = (start: string, open: string, close: string, last: string, first = start): CandleRow =>
    ({ start, open, close, first_trade: first, last_trade: last }) as CandleRow

  const fold = (quote: Quote | undefined, ...rows: CandleRow[]) =>
    rows.reduce((known, each) => withMinute(known, each, NOW), quote)

  test('follows the last trade, and knows which way the price went', () => {
    const one = fold(undefined, row('2026-11-20T12:29:00Z', '10', '10', '2026-11-20T12:29:30Z'))
    expect(one).toMatchObject({ price: '10', direction: 0 })
    const up = fold(one, row('2026-11-20T12:30:00Z', '10', '11', '2026-11-20T12:30:10Z'))
    expect(up).toMatchObject({ price: '11', time: '2026-11-20T12:30:10Z', direction: 1 })
    const same = fold(up, row('2026-11-20T12:30:00Z', '10', '11', '2026-11-20T12:30:15Z'))
    expect(same?.direction).toBe(1)
    // A late trade changes its minute, and not the last price.
    const late = fold(same, row('2026-11-20T12:29:00Z', '10', '9.25', '2026-11-20T12:29:59Z'))
    expect(late).toMatchObject({ price: '11', direction: 1 })
    expect(late?.minutes.get(Date.UTC(2026, 10, 20, 12, 29))).toBe('9.25')
    expect(late && digitsOf(late)).toBe(2)
    expect(fold(late, { ...row('2026-11-20T12:30:00Z', '', '', ''), open: null, close: null })).toBe(late)
  })

  test('has its last hour minute by minute, and forgets what is older', () => {
    const quote = fold(
      undefined,
      row('2026-11-20T11:30:00Z', '1', '1', '2026-11-20T11:30:10Z'),
      row('2026-11-20T11:31:00Z', '2', '2', '2026-11-20T11:31:10Z'),
      row('2026-11-20T12:30:00Z', '3', '3', '2026-11-20T12:30:10Z'),
    )
    const hour = lastHour(quote as Quote, NOW)
    expect([hour.length, hour[0], hour[1], hour[59]]).toEqual([60, '2', null, '3'])
  })

  test('has changed since the first price of the last day', () => {
    const hours = [
      row('2026-11-19T12:00:00Z', '100', '101', '2026-11-19T12:59:00Z', '2026-11-19T12:31:00Z'),
      row('2026-11-20T11:00:00Z', '103', '104', '2026-11-20T11:59:00Z'),
    ].reduce<Quote | undefined>((known, each) => withHour(known, each, NOW), undefined)
    const quote = fold(hours, row('2026-11-20T12:30:00Z', '105', '106', '2026-11-20T12:30:10Z')) as Quote
    expect(dayBefore(quote, NOW)).toEqual({ price: '100', ms: Date.UTC(2026, 10, 19, 12, 31) })
    // Two hours later that hour is more than a day ago.
    expect(dayBefore(quote, NOW + 7_200_000)?.price).toBe('103')
    expect(dayBefore(quoteOfTrade({ price: '1', time: '2026-11-20T12:00:00Z' } as never), NOW)).toBeUndefined()
  })
})
