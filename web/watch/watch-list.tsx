/** The markets by what they trade: last price, change, the last hour as a line, and what an asset costs more on one exchange than on another. */
import { useState } from 'preact/hooks'
import { compareDecimals, glanced, readable } from '../../figures/decimals.ts'
import { groupMarkets, inDollars, spreadOf, takenText } from '../../figures/markets.ts'
import { dayTurnover, digitsOf, largestMove, lastHour, type Quote } from '../../figures/quotes.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'
import { sparkPath } from '../model/sparkline.ts'
import { useMedia, useNow } from '../store.ts'
import { Age, Change, dayChange, toneOf } from './price-line.tsx'
import { type Quotes, quoteOf, useQuotes } from './quotes.ts'

export interface WatchListProps {
  readonly markets: readonly MarketRow[]
  readonly filter?: string
  /** The market that is shown now. */
  readonly current?: string | undefined
  readonly choose: (market: string) => void
  /** Whether there is little room. */
  readonly isNarrow: boolean
}

/** Where all columns have room. */
export const WIDE = '(min-width: 1000px)'
const [WIDTH, HEIGHT] = [96, 24]
/** What markets are sorted by besides their asset. */
type By = 'change' | 'turnover' | 'move' | 'age'
const FIRST: Readonly<Record<By, string>> = {
  change: 'those first that have risen most',
  turnover: 'those first that turned over most, in dollars at last prices (USDT and its like as USD)',
  move: 'those first that moved most in a minute',
  age: 'those first that are oldest',
}
const LAST: Readonly<Record<By, string>> = {
  change: 'those first that have fallen most',
  turnover: 'those first that turned over least',
  move: 'those first that moved least',
  age: 'those first that are newest',
}

export function WatchList({ markets, filter, current, choose, isNarrow }: WatchListProps) {
  const quotes = useQuotes()
  const time = useNow()
  const isWide = useMedia(WIDE) && !isNarrow
  const [order, setOrder] = useState<{ readonly by: By; readonly isDown: boolean } | undefined>(undefined)
  const head = (by: By, name: string) => {
    const isBy = order?.by === by
    const does = !isBy ? FIRST[by] : order.isDown ? LAST[by] : 'by asset'
    return (
      <th scope="col" class="number" aria-sort={!isBy ? 'none' : order.isDown ? 'descending' : 'ascending'}>
        <button
          type="button"
          class="sort"
          title={`Order: ${does}`}
          onClick={() => setOrder(!isBy ? { by, isDown: true } : order.isDown ? { by, isDown: false } : undefined)}
        >
          {name}
          <span aria-hidden="true">{isBy ? (order.isDown ? ' ▾' : ' ▴') : ''}</span>
        </button>
      </th>
    )
  }
  const figureOf = (market: MarketRow) => {
    const quote = quoteOf(quotes, market)
    if (order?.by === 'age') return quote && String(time - Date.parse(quote.time))
    if (order?.by === 'turnover')
      return quote && inDollars(dayTurnover(quote, time), market, markets, each => quoteOf(quotes, each)?.price)
    if (order?.by === 'move') return quote && largestMove(quote)?.replace(/[+-]/, '')
    return dayChange(quote, time)
  }
  const groups = groupMarkets(markets, filter)
  const row = (market: MarketRow, isAlone: boolean) => (
    <Row
      key={marketName(market)}
      {...{ market, time, isNarrow, isWide, isAlone, choose }}
      quote={quoteOf(quotes, market)}
      isCurrent={marketName(market) === current}
    />
  )
  if (groups.length === 0) return <p class="notice muted">No market has all of these words in its name.</p>
  return (
    <table class={`watch ${isNarrow ? 'watch-narrow' : ''}`}>
      <thead>
        <tr>
          <th scope="col">Market</th>
          <th scope="col" class="number">
            Last price
          </th>
          {head('change', 'Change')}
          {isWide && head('turnover', 'Turnover 24 h')}
          {isWide && head('move', 'Largest 1m move')}
          {!isNarrow && <th scope="col">Last hour</th>}
          {head('age', 'Age')}
        </tr>
      </thead>
      {order && (
        <tbody>
          {inOrder(
            groups.flatMap(group => group.markets),
            figureOf,
            order.isDown ? -1 : 1,
          ).map(market => row(market, true))}
        </tbody>
      )}
      {(order ? [] : groups).map(({ base, markets: some }) => (
        <tbody key={base}>
          <tr class="group">
            <th scope="rowgroup" colSpan={isNarrow ? 4 : isWide ? 7 : 5}>
              <b>{base}</b> <SpreadText markets={some} quotes={quotes} />
            </th>
          </tr>
          {some.map(market => row(market, false))}
        </tbody>
      ))}
    </table>
  )
}

/** By numbers as text; those without come last, whatever the order. */
function inOrder(
  markets: readonly MarketRow[],
  figureOf: (market: MarketRow) => string | undefined,
  direction: 1 | -1,
): readonly MarketRow[] {
  const values = new Map(markets.map(market => [market, figureOf(market)]))
  return markets.toSorted((a, b) => {
    const [first, second] = [values.get(a), values.get(b)]
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined)
    return direction * (Number(first) - Number(second))
  })
}

function SpreadText({ markets, quotes }: { readonly markets: readonly MarketRow[]; readonly quotes: Quotes }) {
  const spread = spreadOf(markets, market => quoteOf(quotes, market)?.price)
  if (!spread) return null
  const { lowest, highest } = spread
  return (
    <span
      class="spread"
      title={`By last trades: paid least on ${lowest.exchange}, most on ${highest.exchange}${takenText(spread)}`}
    >
      spread {readable(spread.spread)} {spread.currency} · {readable(spread.basisPoints, 1)} bp{' '}
      <span class="muted">
        {lowest.exchange} → {highest.exchange}
        {takenText(spread)}
      </span>
    </span>
  )
}

interface RowProps {
  readonly market: MarketRow
  readonly quote: Quote | undefined
  readonly time: number
  readonly isNarrow: boolean
  readonly isWide: boolean
  /** No heading above it names the asset. */
  readonly isAlone: boolean
  readonly isCurrent: boolean
  readonly choose: (market: string) => void
}

function Row({ market, quote, time, isNarrow, isWide, isAlone, isCurrent, choose }: RowProps) {
  const name = marketName(market)
  const hour = quote && !isNarrow ? lastHour(quote, time) : []
  const first = hour.find(price => price !== null)
  const move = quote && isWide ? largestMove(quote) : undefined
  const trend = quote && first ? compareDecimals(quote.price, first) : 0
  return (
    <tr class={isCurrent ? 'current' : ''}>
      <th scope="row">
        <button
          type="button"
          class="row-button"
          onClick={() => choose(name)}
          aria-current={isCurrent ? 'true' : undefined}
        >
          {isAlone && <b>{market.base} </b>}
          <span class="exchange">{market.exchange}</span> <span class="muted">{market.quote}</span>
        </button>
      </th>
      {quote ? (
        <>
          <td class={`number price ${toneOf(quote.direction)}`}>
            {readable(quote.price, digitsOf(quote))}
            {!isNarrow && <span class="unit"> {market.quote}</span>}
          </td>
          <td class="number">
            <Change quote={quote} atMs={time} isShort={isNarrow} />
          </td>
          {isWide && (
            <>
              <td class="number" title="What was traded in the last 24 hours, or since the first trade in them">
                {glanced(dayTurnover(quote, time))}
                <span class="unit"> {market.quote}</span>
              </td>
              <td class="number" title="From one minute's last price to the next one's, in the last hour">
                {move === undefined ? <span class="muted">–</span> : `${move} %`}
              </td>
            </>
          )}
          {!isNarrow && (
            <td>
              <svg
                class={`spark ${toneOf(trend)}`}
                width={WIDTH}
                height={HEIGHT}
                viewBox={`0 -2 ${WIDTH} ${HEIGHT}`}
                aria-hidden="true"
              >
                <path d={sparkPath(hour, WIDTH, HEIGHT - 4)} />
              </svg>
            </td>
          )}
          <td class="number">
            <Age quote={quote} atMs={time} isShort={isNarrow} />
          </td>
        </>
      ) : (
        <td colSpan={isNarrow ? 3 : isWide ? 6 : 4} class="muted number">
          no price yet
        </td>
      )}
    </tr>
  )
}
