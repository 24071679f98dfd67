/** What a feed learns of its markets before it connects: from the exchange's own list, in few requests. */
import { expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import type { HttpReply } from '../../domain/feed-ports.ts'
import { pairOf, quoteOf } from '../../domain/pairs.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { findPairs } from '../../feeds/markets.ts'
import { createFakeTimers } from './fake-timers.ts'

/** An exchange's REST API by a function of the path; all requests with their times, and what was logged. */
async function find(
  name: 'binance' | 'kraken' | 'coinbase',
  texts: readonly string[],
  answer: (url: URL) => HttpReply | string,
) {
  const timers = createFakeTimers(0)
  const requests: { at: number; path: string }[] = []
  const logged: Record<string, unknown>[] = []
  const note = (message: string, fields: object) => void logged.push({ message, ...fields })
  const http = {
    async get(url: string) {
      requests.push({ at: timers.now(), path: url.replace(/^https:\/\/[^/]+/, '') })
      const reply = answer(new URL(url))
      if (typeof reply === 'string') throw new Error(reply)
      return reply
    },
  }
  const found = findPairs(name, texts, VENUES[name], { http, timers, log: { info: note, warn: note, error: note } })
  found.catch(() => {})
  await timers.advance(60_000)
  return { pairs: await found, requests, logged }
}

const ok = (body: unknown): HttpReply => ({ status: 200, headers: {}, body: JSON.stringify(body) })

/** Binance's exchangeInfo of these markets (`ADA-EUR`); one whose name ends with `!` is not traded. */
function exchangeInfo(markets: readonly string[]) {
  const rows = markets.map(market => {
    const [base, quote] = market.replace('!', '').split('-')
    const status = market.endsWith('!') ? 'BREAK' : 'TRADING'
    return { symbol: base + quote, baseAsset: base, quoteAsset: quote, status }
  })
  return (url: URL): HttpReply => {
    const asked: string[] = JSON.parse(url.searchParams.get('symbols') ?? '')
    const found = asked.flatMap(symbol => rows.filter(row => row.symbol === symbol))
    if (found.length < asked.length) return { status: 400, headers: {}, body: '{"code":-1121,"msg":"Invalid symbol."}' }
    return ok({ symbols: found })
  }
}

const quotes = (pairs: readonly { base: string; quote: string }[]) =>
  pairs.map(({ base, quote }) => `${base} in ${quote}`)

test('the exchange knows what a symbol is made of, whatever it looks like', async () => {
  const list = exchangeInfo(['ADA-EUR', 'BTC-AEUR', 'BTC-U', 'FOOT-USD', 'QUX-ZZZ'])
  const { pairs, requests } = await find('binance', ['ADAEUR', 'BTCAEUR', 'btcu', 'FOOTUSD', 'QUXZZZ'], list)
  expect(quotes(pairs)).toEqual(['ADA in EUR', 'BTC in AEUR', 'BTC in U', 'FOOT in USD', 'QUX in ZZZ'])
  expect(requests).toHaveLength(1)
})

test.each([
  ['ADAEUR', 'EUR'],
  ['GALAEUR', 'EUR'],
  ['BTCAEUR', 'AEUR'],
  ['DOTUSD', 'USD'],
  ['BATUSD', 'USD'],
  ['GRTUSD', 'USD'],
  ['AVAXUSD', 'USD'],
  ['BNBUSD', 'USD'],
  ['USDTUSD', 'USD'],
  ['BTCTUSD', 'TUSD'],
  ['BTCU', 'U'],
  ['WBTCBTC', 'BTC'],
  ['1000SATSFDUSD', 'FDUSD'],
])('without a list %s is taken to be in %s', (symbol, quote) => {
  expect(quoteOf(symbol)).toBe(quote)
  expect(pairOf(symbol)).toEqual({ symbol, base: symbol.slice(0, -quote.length), quote })
})

test('300 markets are asked for in three requests, at the pace of the exchange', async () => {
  const markets = Array.from({ length: 300 }, (_, i) => `A${i}-USDT`)
  const { pairs, requests } = await find('binance', markets, exchangeInfo(markets))
  expect(pairs).toHaveLength(300)
  expect(requests).toHaveLength(3)
  expect(requests[1].at).toBeGreaterThanOrEqual(333)
  expect(requests[2].at).toBeGreaterThanOrEqual(666)
})

test('one market that is unknown among many is found by halves, and the others are read', async () => {
  const markets = Array.from({ length: 64 }, (_, i) => `A${i}-USDT`)
  const { pairs, requests, logged } = await find('binance', [...markets, 'GONE-USDT'], exchangeInfo(markets))
  expect(pairs).toHaveLength(65)
  expect(requests.length).toBeLessThan(20)
  expect(logged).toEqual([
    expect.objectContaining({ exchange: 'binance', markets: 'GONE-USDT', problem: 'the exchange has no such market' }),
  ])
})

test('a market that is not traded now is reported; it is an error only where no other is there', async () => {
  const list = exchangeInfo(['BTC-USDT', 'OLD-USDT!'])
  expect((await find('binance', ['BTCUSDT', 'OLDUSDT'], list)).logged).toEqual([
    expect.objectContaining({ markets: 'OLD-USDT', problem: 'the exchange does not trade it now' }),
  ])
  await expect(find('binance', ['OLDUSDT'], list)).rejects.toThrow(BadInput)
  await expect(find('binance', ['OLDUSDT'], list)).rejects.toThrow(/trades none of OLD-USDT now/)
})

test('Kraken is asked for its whole list once, and its own names of assets and pairs do not matter', async () => {
  const row = (wsname: string, status: string) => ({ altname: wsname.replace('/', ''), wsname, status })
  const result = {
    XXBTZUSD: row('XBT/USD', 'online'),
    XDGUSD: row('XDG/USD', 'cancel_only'),
    'XBTUSD.d': { altname: 'XBTUSD.d', status: 'online' },
  }
  const { pairs, requests, logged } = await find('kraken', ['XBT/USD', 'BTCUSD', 'doge-usd'], () =>
    ok({ error: [], result }),
  )
  expect(quotes(pairs)).toEqual(['BTC in USD', 'DOGE in USD'])
  expect(requests.map(({ path }) => path)).toEqual(['/0/public/AssetPairs'])
  expect(logged).toEqual([expect.objectContaining({ markets: 'DOGE-USD' })])
})

test('Coinbase says which products it has delisted', async () => {
  const product = (base: string, status: string, trading_disabled: boolean) => ({
    ...{ id: `${base}-USD`, base_currency: base, quote_currency: 'USD', status, trading_disabled },
  })
  const { logged } = await find('coinbase', ['BTC-USD', 'OLD-USD', 'OFF-USD'], () =>
    ok([product('BTC', 'online', false), product('OLD', 'delisted', true), product('OFF', 'online', true)]),
  )
  expect(logged).toEqual([expect.objectContaining({ markets: 'OLD-USD, OFF-USD' })])
})

test('where no address has the list, what is known of assets serves, and that is said', async () => {
  const { pairs, requests, logged } = await find('binance', ['ADAEUR'], url =>
    url.hostname === 'api.binance.com' ? 'refused' : ok('<html>'),
  )
  expect(quotes(pairs)).toEqual(['ADA in EUR'])
  expect(requests).toHaveLength(VENUES.binance.restUrls.length)
  expect(logged).toEqual([expect.objectContaining({ message: 'symbols could not be checked' })])
})
