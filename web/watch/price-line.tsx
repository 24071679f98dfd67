/** A market's last price: with its unit, how it changed in a day, and how old it is. */
import { percentChange, readable } from '../../figures/decimals.ts'
import { changeSpan, dayBefore, digitsOf, type Quote } from '../../figures/quotes.ts'
import type { MarketRow } from '../../figures/rows.ts'
import { ageText, instantText } from '../../figures/times.ts'
import { useNow } from '../store.ts'
import { quoteOf, useQuotes } from './quotes.ts'

export function PriceLine({ market }: { readonly market: MarketRow }) {
  const quote = quoteOf(useQuotes(), market)
  const time = useNow()
  if (!quote) return <span class="muted">no price yet</span>
  return (
    <p class="price-line">
      <span class={`price ${toneOf(quote.direction)}`}>
        {readable(quote.price, digitsOf(quote))}
        <span class="unit"> {market.quote}</span>
      </span>{' '}
      <Change quote={quote} atMs={time} /> <span class="muted">·</span> <Age quote={quote} atMs={time} />
    </p>
  )
}

export const toneOf = (direction: number): string => (direction > 0 ? 'up' : direction < 0 ? 'down' : '')

interface Told {
  readonly quote: Quote
  readonly atMs: number
  readonly isShort?: boolean
}

/** How much a price has changed since a day ago, in percent with its sign; undefined where no price of then is known. */
export function dayChange(quote: Quote | undefined, atMs: number): string | undefined {
  const day = quote && dayBefore(quote, atMs)
  return quote && day && percentChange(day.price, quote.price)
}

/** Since a day ago, or since the market's first trade of that day. */
export function Change({ quote, atMs, isShort = false }: Told) {
  const day = dayBefore(quote, atMs)
  const change = dayChange(quote, atMs)
  if (!day || change === undefined) return <span class="muted">–</span>
  const since = changeSpan(quote, atMs)
  return (
    <span class={`change ${toneOf(Number(change))}`} title={`Since ${instantText(day.ms)} UTC, ${since} ago`}>
      <span aria-hidden="true">{change.startsWith('+') ? '▲' : change.startsWith('-') ? '▼' : '■'}</span> {change} %
      {isShort ? <span class="unseen"> in {since}</span> : <span class="unit"> in {since}</span>}
    </span>
  )
}

export function Age({ quote, atMs, isShort = false }: Told) {
  const age = Math.max(0, atMs - Date.parse(quote.time))
  const text = ageText(Math.floor(age / 1000) * 1000)
  return (
    <span class={`age ${age > STALE_MS ? 'stale' : ''}`} title={`Traded at ${quote.time}`}>
      {isShort ? text.split(' ').slice(0, 2).join(' ') : text}
    </span>
  )
}

const STALE_MS = 120_000
