/** Markets by what they trade, and what one asset costs on each of them. */
import { compareDecimals, divideDecimals, multiplyDecimals, readable, subtractDecimals } from './decimals.ts'
import { byLikeness, noneText } from './nearest.ts'
import { type MarketRow, marketName } from './rows.ts'
import { instantText } from './times.ts'

export interface MarketGroup {
  readonly base: string
  readonly markets: readonly MarketRow[]
}

/** Whether a market's name has all words of a filter, in whatever case; one without words lets all through. */
export function nameFilter(filter: string): (market: Parameters<typeof marketName>[0]) => boolean {
  const words = filter.toUpperCase().split(/\s+/).filter(Boolean)
  return market => words.every(word => marketName(market).includes(word))
}

/** Groups in the order of their names; the first exchange's market first. */
export function groupMarkets(markets: readonly MarketRow[], filter = ''): MarketGroup[] {
  const groups = Map.groupBy(markets.filter(nameFilter(filter)), ({ base }) => base)
  return [...groups].map(([base, some]) => ({ base, markets: some })).sort((a, b) => (a.base < b.base ? -1 : 1))
}

const MOST_NEAR = 5

/** Why there is no market of a name, in the API's words; a name may be whole, `KRAKEN:BTCUSD`, or a symbol's alone. */
export function noMarketText(markets: readonly MarketRow[], wrong: string): string {
  return noneText('symbol', wrong, namesLike(markets, wrong), 'the lake has no candles yet')
}

const namesLike = (markets: readonly MarketRow[], wrong: string) =>
  new Set(markets.map(market => (wrong.includes(':') ? marketName(market) : market.symbol)))

/** The markets that somebody may have meant by a name that none has: first the one that `noMarketText` names, then those whose symbols are most like it, on the same exchange first. */
export function nearMarkets(markets: readonly MarketRow[], wrong: string): readonly MarketRow[] {
  const [symbol, exchange] = wrong.split(':').toReversed()
  const [named] = byLikeness(wrong, namesLike(markets, wrong))
  const symbols = byLikeness(symbol, new Set(markets.map(market => market.symbol)))
  const isNamed = (market: MarketRow) => Number(named === marketName(market) || named === market.symbol)
  const isSame = (market: MarketRow) => Number(market.exchange === exchange)
  return markets
    .toSorted(
      (a, b) =>
        isNamed(b) - isNamed(a) ||
        symbols.indexOf(a.symbol) - symbols.indexOf(b.symbol) ||
        isSame(b) - isSame(a) ||
        (marketName(a) < marketName(b) ? -1 : 1),
    )
    .slice(0, MOST_NEAR)
}

/** What is said where markets have nothing: between which trades there is something. `lastMs`: of a later trade than their rows know. */
export function noTradeText(markets: readonly MarketRow[], lastMs = 0): string {
  if (markets.length === 0) return 'The lake has no candles yet.'
  const first = Math.min(...markets.map(market => Date.parse(market.first_trade)))
  const last = Math.max(lastMs, ...markets.map(market => Date.parse(market.last_trade)))
  const whose = markets.length === 1 ? ` of ${marketName(markets[0])}` : ''
  return `No trade${whose} in this time: the first is of ${instantText(first)} UTC, the last of ${instantText(last)} UTC.`
}

/** Currencies that are compared as if they were a dollar, as `/v1/spread` does with those that it is given. */
const DOLLARS: ReadonlySet<string> = new Set(['USD', 'USDT', 'USDC', 'FDUSD', 'TUSD', 'DAI'])

const currencyOf = (quote: string): string => (DOLLARS.has(quote) ? 'USD' : quote)

/**
 * An amount of a market's quote currency in dollars, at the last price of that currency: on the same exchange where it is traded there.
 * Undefined where no market has it in dollars.
 */
export function inDollars(
  amount: string,
  { exchange, quote }: MarketRow,
  markets: readonly MarketRow[],
  priceOf: (market: MarketRow) => string | undefined,
): string | undefined {
  if (DOLLARS.has(quote)) return amount
  const priced = markets.filter(each => each.base === quote && DOLLARS.has(each.quote) && priceOf(each) !== undefined)
  const chosen = priced.find(each => each.exchange === exchange) ?? priced.at(0)
  const price = chosen && priceOf(chosen)
  return price && multiplyDecimals(amount, price)
}

export interface Spread {
  readonly lowest: MarketRow
  readonly highest: MarketRow
  /** The price of the one less that of the other. */
  readonly spread: string
  /** The spread over the lower price, in hundredths of a percent, two digits after the point. */
  readonly basisPoints: string
  /** The currency of both, as it is compared. */
  readonly currency: string
}

/** Where an asset was last paid least and most, in the currency in which most of its markets are; undefined for fewer than two prices. */
export function spreadOf(
  markets: readonly MarketRow[],
  priceOf: (market: MarketRow) => string | undefined,
): Spread | undefined {
  const byCurrency = Map.groupBy(markets, ({ quote }) => currencyOf(quote))
  const [most] = [...byCurrency].sort(([first, a], [, b]) => b.length - a.length || (first === 'USD' ? -1 : 1))
  if (!most) return undefined
  const priced = most[1]
    .flatMap(market => {
      const price = priceOf(market)
      return price === undefined ? [] : [{ market, price }]
    })
    .sort((a, b) => compareDecimals(a.price, b.price))
  const [lowest, highest] = [priced[0], priced.at(-1)]
  if (priced.length < 2 || !lowest || !highest) return undefined
  const spread = subtractDecimals(highest.price, lowest.price)
  const basisPoints = divideDecimals(multiplyDecimals(spread, '10000'), lowest.price, 2) ?? '0'
  return { lowest: lowest.market, highest: highest.market, spread, basisPoints, currency: most[0] }
}

/** What a spread's currency is not, though it is taken for it: ' (USDT as USD)'; empty where both are the same. */
export function takenText({ lowest, highest, currency }: Pick<Spread, 'lowest' | 'highest' | 'currency'>): string {
  const others = [...new Set([lowest.quote, highest.quote])].filter(quote => quote !== currency)
  return others.length === 0 || lowest.quote === highest.quote ? '' : ` (${others.join(', ')} as ${currency})`
}

/** A spread in words, by last trades. */
export function spreadText(base: string, spread: Spread): string {
  const { lowest, highest, currency } = spread
  return `Spread of ${base} ${readable(spread.spread)} ${currency}${takenText(spread)}, ${readable(spread.basisPoints, 1)} bp: least on ${lowest.exchange}, most on ${highest.exchange}`
}
