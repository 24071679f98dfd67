/** Symbols as pairs of assets: `BTCUSDT` is BTC in USDT. Each exchange writes them its own way. */
import { BadInput } from '../domain/errors.ts'

export interface Pair {
  /** Base then quote: `BTCUSDT`. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
}

// The quote asset is the longest of these that the symbol ends with.
const QUOTES = [
  ...['FDUSD', 'BFUSD', 'RLUSD', 'USDT', 'USDC', 'BUSD', 'TUSD', 'USDP', 'USDS', 'USD1', 'XUSD', 'EURI', 'AEUR'],
  ...[
    'IDRT',
    'BIDR',
    'BVND',
    'BKRW',
    'DOGE',
    'BTC',
    'ETH',
    'BNB',
    'XRP',
    'TRX',
    'SOL',
    'DOT',
    'DAI',
    'PAX',
    'VAI',
    'UST',
  ],
  ...[
    'EUR',
    'GBP',
    'AUD',
    'TRY',
    'BRL',
    'RUB',
    'UAH',
    'ZAR',
    'NGN',
    'JPY',
    'MXN',
    'PLN',
    'RON',
    'ARS',
    'COP',
    'CZK',
    'USD',
  ],
].sort((a, b) => b.length - a.length)

/** `UNKNOWN` where no known quote asset ends the symbol: a new listing's trades are kept, its currency is not guessed. */
export function quoteOf(symbol: string): string {
  // Delivery contracts carry their date after the pair: ETHUSDT_210625, BTCUSD_PERP.
  const [pair, contract] = symbol.split('_', 2)
  // Coin-margined contracts are all in USD, which `TUSD` could hide: GMTUSD_PERP.
  if (contract !== undefined && pair.endsWith('USD')) return 'USD'
  return QUOTES.find(quote => pair.length > quote.length && pair.endsWith(quote)) ?? 'UNKNOWN'
}

/** A pair as a person writes it: `BTCUSDT`, `BTC-USD`, `xbt/usd`. @throws BadInput where it is none */
export function pairOf(text: string): Pair {
  const assets = text.trim().toUpperCase().split(/[-/]/).map(commonName)
  const [whole, second, ...more] = assets
  if (second !== undefined && more.length === 0 && whole !== '' && second !== '')
    return { symbol: whole + second, base: whole, quote: second }
  const quote = second === undefined ? quoteOf(whole) : 'UNKNOWN'
  if (quote === 'UNKNOWN')
    throw new BadInput(`Symbol ${JSON.stringify(text)} has no quote asset that is known: write it like BTC-USD.`)
  return { symbol: whole, base: whole.slice(0, -quote.length), quote }
}

/** Kraken's own names of assets that everyone else calls otherwise. */
const RENAMED: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' }

/** The asset's name as everyone but Kraken writes it. */
export function commonName(asset: string): string {
  return Object.hasOwn(RENAMED, asset) ? RENAMED[asset] : asset
}
