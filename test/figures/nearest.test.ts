/** What is said of a name that there is not: one sentence, with the name that was meant. */
import { expect, test } from 'vitest'
import { nearMarkets, noMarketText, noTradeText } from '../../figures/markets.ts'
import { byLikeness, nearest, noneText } from '../../figures/nearest.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'

test('two letters that changed places are one mistake, and nearer than a letter that is left out', () => {
  const names = ['BTCUSD', 'BTCUSDT', 'ETHUSDT']
  expect(byLikeness('BTCUSTD', names)).toEqual(['BTCUSDT', 'BTCUSD', 'ETHUSDT'])
  expect(noneText('symbol', 'BTCUSTD', names, 'there are none')).toBe(
    'There is no symbol BTCUSTD: the nearest is BTCUSDT.',
  )
})

test('where none is like it they are named, of many the first few, and where there are none that is said', () => {
  expect(nearest('ZZZ', ['A1', 'B2', 'C3', 'D4', 'E5', 'F6'])).toBe('there are A1, B2, C3, D4, E5, F6')
  const many = Array.from({ length: 21 }, (_, i) => `X${i}`)
  expect(nearest('QQQQQ', many)).toBe('there are X0, X1, X2, X3, X4 and 16 more')
  expect(nearest('ZZZ', ['A1'])).toBe('there is only A1')
  expect(noneText('pin', 'noon', [], 'none has been made')).toBe('There is no pin noon: none has been made.')
  expect(noneText('side', 'BUY', ['SELL'], '', ' in gold')).toBe('There is no side BUY in gold: there is only SELL.')
})

const market = (name: string): MarketRow => {
  const [exchange, symbol] = name.split(':')
  const times = { first_trade: '2026-11-20T10:00:01Z', last_trade: '2026-11-20T11:00:02Z' }
  return { exchange, symbol, base: symbol.slice(0, 3), quote: symbol.slice(3), ...times }
}
const MARKETS = ['BINANCE:BTCUSDT', 'BINANCE:ETHUSDT', 'COINBASE:BTCUSD', 'KRAKEN:BTCUSD', 'KRAKEN:ETHUSD'].map(market)

test("a market's wrong name is told in the words of the API, and the one that is named is offered first", () => {
  const offered = (name: string) => nearMarkets(MARKETS, name).map(marketName)
  expect(noMarketText(MARKETS, 'BINANCE:BTCUSTD')).toBe(
    'There is no symbol BINANCE:BTCUSTD: the nearest is BINANCE:BTCUSDT.',
  )
  expect(offered('BINANCE:BTCUSTD')[0]).toBe('BINANCE:BTCUSDT')
  expect(noMarketText(MARKETS, 'KRAKEN:BTCUSDT')).toBe(
    'There is no symbol KRAKEN:BTCUSDT: the nearest is KRAKEN:BTCUSD.',
  )
  expect(offered('KRAKEN:BTCUSDT').slice(0, 2)).toEqual(['KRAKEN:BTCUSD', 'BINANCE:BTCUSDT'])
  expect(noMarketText(MARKETS, 'BTCUST')).toBe('There is no symbol BTCUST: the nearest is BTCUSD.')
})

test('a time without trades is told with those between which there are some', () => {
  expect(noTradeText(MARKETS.slice(0, 1))).toBe(
    'No trade of BINANCE:BTCUSDT in this time: the first is of 2026-11-20 10:00:01 UTC, the last of 2026-11-20 11:00:02 UTC.',
  )
  expect(noTradeText(MARKETS, Date.UTC(2026, 10, 20, 12))).toBe(
    'No trade in this time: the first is of 2026-11-20 10:00:01 UTC, the last of 2026-11-20 12:00:00 UTC.',
  )
})
