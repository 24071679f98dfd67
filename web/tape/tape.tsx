/** The tape: trades from the newest down. Only the rows that are seen are there, drawn at most once a picture, however many trades come. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { digitsAfterPoint, multiplyDecimals, readable } from '../../figures/decimals.ts'
import { type MarketRow, marketName, type TradeRow } from '../../figures/rows.ts'
import { timeOfDay } from '../../figures/times.ts'
import { frames } from '../browser.ts'
import { Empty, Failed, Loading } from '../shell/notices.tsx'
import { useNow } from '../store.ts'
import { openTapeFeed, type TapeFeed } from './tape-feed.ts'

export interface TapeProps {
  readonly symbols: string | undefined
  readonly exchanges: string | undefined
  readonly markets: readonly MarketRow[]
  readonly isPaused: boolean
  readonly layout: Layout
}

/** How a trade is written: with all there is, as one of many of the same market, or in two lines where there is little room. */
const LAYOUTS = { wide: { row: 26 }, single: { row: 26 }, stacked: { row: 46 } } as const
type Layout = keyof typeof LAYOUTS

export function Tape({ symbols, exchanges, markets, isPaused, layout }: TapeProps) {
  const { row } = LAYOUTS[layout]
  const box = useRef<HTMLDivElement>(null)
  const [feed, setFeed] = useState<TapeFeed>()
  const [, draw] = useState({})
  const paused = useRef(isPaused)
  /** How many trades there had been when it was stopped; undefined while it runs. */
  const stoppedAt = useRef<number | undefined>(undefined)
  paused.current = isPaused
  useNow()

  useEffect(() => {
    const drawn = frames(() => draw({}))
    const opened = openTapeFeed({ symbols, exchanges }, drawn.ask)
    setFeed(opened)
    const seen = new ResizeObserver(drawn.ask)
    if (box.current) seen.observe(box.current)
    return () => {
      seen.disconnect()
      drawn.stop()
      opened.close()
    }
  }, [symbols, exchanges])

  const scrolled = box.current?.scrollTop ?? 0
  const total = feed?.trades.total ?? 0
  if (!isPaused && scrolled < row) stoppedAt.current = undefined
  else stoppedAt.current ??= total
  const later = stoppedAt.current === undefined ? 0 : total - stoppedAt.current
  const size = Math.max(0, (feed?.trades.size ?? 0) - later)
  const from = Math.max(0, Math.floor(scrolled / row) - 4)
  const count = Math.min(size - from, Math.ceil((box.current?.clientHeight ?? 600) / row) + 8)
  const units = new Map(markets.map(market => [marketName(market), market]))
  const phase = feed?.phase() ?? 'loading'
  const rows = Array.from({ length: Math.max(0, count) }, (_, place) => feed?.trades.at(from + place + later) ?? [])
  const trades = rows.flat()
  // A market's prices stand below each other, with their points in one line.
  const digits = new Map<string, number>()
  for (const trade of trades) {
    const name = marketName(trade)
    digits.set(name, Math.max(digits.get(name) ?? 0, digitsAfterPoint(trade.price)))
  }

  return (
    <div class={`tape tape-${layout}`} style={{ '--row': `${row}px` }}>
      <p class="tape-head">
        <span>
          <b>{feed?.rate()?.toFixed(1) ?? '–'}</b> trades/s <span class="muted">over 10 s</span>
        </span>
        {later > 0 && (
          <button
            type="button"
            onClick={() => {
              if (box.current) box.current.scrollTop = 0
              draw({})
            }}
          >
            {later.toLocaleString('en')} newer ↑
          </button>
        )}
      </p>
      {layout !== 'stacked' && (
        <div class="tape-row tape-titles" aria-hidden="true">
          <span>Time, UTC</span>
          {layout === 'wide' && <span>Market</span>}
          <span class="number">Price</span>
          <span class="number">Quantity</span>
          {layout === 'wide' && <span class="number">Value</span>}
        </div>
      )}
      <section
        ref={box}
        class="tape-box"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        tabIndex={0}
        aria-label="Trades, the newest first"
        onScroll={() => draw({})}
      >
        {phase === 'loading' && <Loading what="Reading the newest trades…" />}
        {typeof phase === 'object' && <Failed title="The trades could not be read" reason={phase.reason} />}
        {phase === 'ready' && size === 0 && (
          <Empty title="No trades yet">They are here as soon as Gold has them.</Empty>
        )}
        <div class="tape-all" style={{ height: `${size * row}px` }}>
          <ol class="tape-rows" style={{ transform: `translateY(${from * row}px)` }}>
            {trades.map((trade, place) => (
              <Row
                key={place}
                {...{ trade, layout }}
                market={units.get(marketName(trade))}
                digits={digits.get(marketName(trade)) ?? 0}
              />
            ))}
          </ol>
        </div>
      </section>
    </div>
  )
}

interface RowProps {
  readonly trade: TradeRow
  readonly market: MarketRow | undefined
  /** After the point of the price. */
  readonly digits: number
  readonly layout: Layout
}

function Row({ trade, market, digits, layout }: RowProps) {
  const { side, price, quantity } = trade
  return (
    <li
      class={`tape-row ${side === 'BUY' ? 'up' : side === 'SELL' ? 'down' : ''}`}
      title={`${trade.id}: ${side ?? 'side unknown'}`}
    >
      <span class="tape-time">{layout === 'single' ? timeOfDay(trade.time).slice(0, 12) : timeOfDay(trade.time)}</span>
      {layout !== 'single' && (
        <span class="tape-market">
          {trade.symbol} <span class="muted">{trade.exchange}</span>
        </span>
      )}
      <span class="number price">
        <span class="side">{side === 'BUY' ? '▲' : side === 'SELL' ? '▼' : ''}</span>
        <span class="unseen">{side === 'BUY' ? 'bought at ' : side === 'SELL' ? 'sold at ' : ''}</span>
        {readable(price, digits)}
      </span>
      <span class="number">
        {readable(quantity)}
        {layout !== 'single' && market && <span class="unit"> {market.base}</span>}
      </span>
      {layout === 'wide' && (
        <span class="number">
          {cut(multiplyDecimals(price, quantity))}
          {market && <span class="unit"> {market.quote}</span>}
        </span>
      )}
    </li>
  )
}

/** A value to the hundredth, cut, as its size is what it is looked at for; smaller ones with all digits. */
function cut(value: string): string {
  const [whole, fraction = ''] = value.split('.')
  return readable(whole === '0' ? value : `${whole}.${fraction.slice(0, 2).padEnd(2, '0')}`)
}
