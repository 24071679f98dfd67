/** Symbols as pairs of assets: `BTCUSDT` is BTC in USDT. Each exchange writes them its own way. */
import { ASSETS, QUOTES } from './assets.ts'
import { BadInput } from './errors.ts'

export interface Pair {
  /** Base then quote: `BTCUSDT`. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
  /** What the exchange's REST API calls it, where that is another name. */
  readonly restName?: string
}

const LONGEST_QUOTE = Math.max(...[...QUOTES].map(quote => quote.length))

/**
 * The quote asset of a symbol whose market no list names. Where it could be cut in two places (`ADAEUR`: AD and AEUR, or
 * ADA and EUR), the longest base that is known decides. `UNKNOWN` where the symbol ends with no known quote asset: a new
 * listing's trades are kept, its currency is not guessed.
 */
export function quoteOf(symbol: string): string {
  // Delivery contracts carry their date after the pair: ETHUSDT_210625, BTCUSD_PERP.
  const [pair, contract] = symbol.split('_', 2)
  // Coin-margined contracts are all in USD, which `TUSD` could hide: GMTUSD_PERP.
  if (contract !== undefined && pair.endsWith('USD')) return 'USD'
  let longest = 'UNKNOWN'
  for (let letters = 1; letters <= LONGEST_QUOTE && letters < pair.length; letters++) {
    const quote = pair.slice(-letters)
    if (!QUOTES.has(quote)) continue
    if (ASSETS.has(pair.slice(0, -letters))) return quote
    longest = quote
  }
  return longest
}

/** The assets of a symbol whose market no list names: all of it is the base where the quote asset is `UNKNOWN`. */
export function assetsOf(symbol: string): Pick<Pair, 'base' | 'quote'> {
  const quote = quoteOf(symbol)
  return { base: quote === 'UNKNOWN' ? symbol : symbol.slice(0, -quote.length), quote }
}

/**
 * A pair as a person writes it: `BTCUSDT`, `BTC-USD`, `xbt/usd`. `listed` gives a market of the exchange's own list by its
 * symbol.
 * @throws BadInput where the text is not a pair
 */
export function pairOf(text: string, listed: (symbol: string) => Pair | undefined = () => undefined): Pair {
  const assets = text.trim().toUpperCase().split(/[-/]/).map(commonName)
  const [whole, second, ...more] = assets
  if (second !== undefined && more.length === 0 && whole !== '' && second !== '')
    return { symbol: whole + second, base: whole, quote: second }
  const market = second === undefined ? listed(whole) : undefined
  if (market) return { symbol: market.symbol, base: market.base, quote: market.quote }
  const cut = second === undefined ? assetsOf(whole) : undefined
  if (cut === undefined || cut.quote === 'UNKNOWN')
    throw new BadInput(`Symbol ${JSON.stringify(text)} has no known quote asset: write it like BTC-USD.`)
  return { symbol: whole, ...cut }
}

/** The symbol of what a person writes, whatever its assets are: `BTC-USD` and `BTCUSD` are one. */
export function symbolOf(text: string): string {
  return text.trim().toUpperCase().split(/[-/]/).map(commonName).join('')
}

/** Kraken's own names of assets that have other names everywhere else. */
const RENAMED: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' }

/** The asset's name as everyone but Kraken writes it. */
export function commonName(asset: string): string {
  return Object.hasOwn(RENAMED, asset) ? RENAMED[asset] : asset
}

/** Kraken's own name of an asset. */
export function krakenName(asset: string): string {
  return Object.keys(RENAMED).find(name => RENAMED[name] === asset) ?? asset
}

/** Assets that Kraken listed first have a letter for their class before their name ("Get Asset Info"). */
const CLASSED: ReadonlyMap<string, string> = new Map([
  ...['XBT', 'ETH', 'ETC', 'LTC', 'MLN', 'REP', 'XLM', 'XMR', 'XRP', 'ZEC', 'XDG'].map(
    name => [name, `X${name}`] as const,
  ),
  ...['USD', 'EUR', 'GBP', 'CAD', 'JPY', 'AUD'].map(name => [name, `Z${name}`] as const),
])
/** Pairs of these were listed when Kraken no longer wrote the classes. */
const LISTED_LATER: ReadonlySet<string> = new Set(['XDG', 'AUD'])

/** A pair's names at Kraken: `BTC/USD` on WebSockets v2, `XBT/USD` on v1, `XBTUSD`, and what REST calls it and its assets. */
export interface KrakenNames {
  readonly v2: string
  readonly wsname: string
  readonly altname: string
  /** `XXBTZUSD`, or the altname where the pair or one of its assets was listed later. */
  readonly name: string
  /** `XXBT`, `ZUSD` */
  readonly base: string
  readonly quote: string
}

export function krakenNames({ base, quote }: Pick<Pair, 'base' | 'quote'>): KrakenNames {
  const [one, other] = [krakenName(base), krakenName(quote)]
  const [first, second] = [CLASSED.get(one), CLASSED.get(other)]
  const hasClasses = first !== undefined && second !== undefined && !LISTED_LATER.has(one) && !LISTED_LATER.has(other)
  return {
    ...{ v2: `${base}/${quote}`, wsname: `${one}/${other}`, altname: one + other },
    name: hasClasses ? first + second : one + other,
    ...{ base: first ?? one, quote: second ?? other },
  }
}
