/** A market's last price: with its unit, how it changed in a day, and how old it is. */
import { percentChange, readable } from '../model/decimals.ts'
import type { MarketRow } from '../model/rows.ts'
import { instantText, lengthText } from '../model/times.ts'
import { useNow } from '../store.ts'
import { HOUR, type Quote, quoteOf, useQuotes } from './quotes.ts'

export function PriceLine({ market }: { readonly market: MarketRow }) {
  const quote = quoteOf(useQuotes(), market)
  const time = useNow()
  if (!quote) return <span class="muted">no price yet</span>
  return (
    <p class="price-line">
      <span class={`price ${toneOf(quote.direction)}`}>
        {readable(quote.price)}
        <span class="unit"> {market.quote}</span>
      </span>{' '}
      <Change quote={quote} atMs={time} /> <Age quote={quote} atMs={time} />
    </p>
  )
}

export const toneOf = (direction: number): string => (direction > 0 ? 'up' : direction < 0 ? 'down' : '')

/** Since a day ago, or since the market's first trade of that day. */
export function Change({ quote, atMs }: { readonly quote: Quote; readonly atMs: number }) {
  const { day, price } = quote
  const change = day && percentChange(day.price, price)
  if (!day || change === undefined) return <span class="muted">–</span>
  const age = atMs - day.startMs
  const since = age > 23 * HOUR ? '24 h' : lengthText(Math.max(age, 60_000)).split(' ').slice(0, 2).join(' ')
  return (
    <span
      class={`change ${change.startsWith('+') ? 'up' : change.startsWith('-') ? 'down' : ''}`}
      title={`Since ${instantText(day.startMs)} UTC`}
    >
      <span aria-hidden="true">{change.startsWith('+') ? '▲' : change.startsWith('-') ? '▼' : '■'}</span> {change} %
      <span class="unit"> {since}</span>
    </span>
  )
}

export function Age({ quote, atMs }: { readonly quote: Quote; readonly atMs: number }) {
  const age = Math.max(0, atMs - Date.parse(quote.time))
  return (
    <span class={`age ${age > STALE_MS ? 'stale' : ''}`} title={`Traded at ${quote.time}`}>
      {age < 1000 ? 'now' : `${lengthText(Math.floor(age / 1000) * 1000).replace('.0', '')} ago`}
    </span>
  )
}

const STALE_MS = 120_000
