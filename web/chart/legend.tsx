/** The figures of the window under the crosshair, or of the newest: word for word as the API gives them. */
import { lackOf, meaningText } from '../../figures/coverage.ts'
import { divideDecimals, multiplyDecimals, percentChange, readable, subtractDecimals } from '../../figures/decimals.ts'
import { takerShare } from '../../figures/market-figures.ts'
import { type CoverageRow, type MarketRow, marketName } from '../../figures/rows.ts'
import type { Timeframe } from '../../figures/times.ts'
import type { Candle } from '../model/candle-book.ts'
import { lackText } from './explain.ts'

export interface LegendProps {
  readonly market: MarketRow
  readonly candle: Candle | undefined
  readonly timeframe: Timeframe
  /** What is missing of the window, where it is known. */
  readonly lack: CoverageRow | undefined
  readonly vwap: string | undefined
  /** Digits after the point that prices have at least. */
  readonly digits: number
  /** Shows the window's trades. */
  readonly openTrades: () => void
  /** The same window of the markets that are laid over it. */
  readonly over: readonly { readonly market: MarketRow; readonly candle: Candle | undefined }[]
}

export function Legend({ market, candle, timeframe, lack, vwap, over, digits, openTrades }: LegendProps) {
  if (!candle) return null
  const { open, high, low, close, volume, trades, status, corrected } = candle
  const time = `${candle.start.slice(0, 10)} ${candle.start.slice(11, 16)}`
  const price = (text: string | null) => text && padded(text, digits)
  const lacks = lackText(lack, status === 'gap')
  const change = open !== null && close !== null ? percentChange(open, close) : undefined
  return (
    <section class="legend" aria-label="Figures of the window">
      <p class="legend-head">
        <time dateTime={candle.start}>{time} UTC</time> <span class="muted">{timeframe.name}</span>{' '}
        {status !== 'closed' && <span class={`tag tag-${status}`}>{status}</span>}{' '}
        {corrected && (
          <span class="tag tag-corrected" title="A late trade changed it after it had closed">
            corrected
          </span>
        )}{' '}
        {open !== null && (
          <button type="button" class="link" onClick={openTrades} title="The trades of this window (Enter)">
            Its trades
          </button>
        )}
      </p>
      {open === null ? (
        status !== 'gap' && <p class="muted">No trades in this window.</p>
      ) : (
        <dl class="figures">
          <Figure name="O" title="Open" value={price(open)} unit={market.quote} />
          <Figure name="H" title="High" value={price(high)} unit={market.quote} />
          <Figure name="L" title="Low" value={price(low)} unit={market.quote} />
          <Figure
            name="C"
            title="Close"
            value={price(close)}
            unit={market.quote}
            note={change && `${change} %`}
            tone={tone(change)}
          />
          <Figure name="Vol" title="Volume" value={volume} unit={market.base} />
          <Figure
            name="Taker buy"
            title="Share of the volume that takers bought"
            value={takerShare(candle) ?? null}
            unit="%"
          />
          <Figure
            name={`VWAP ${timeframe.name}`}
            title="Average price of the window, by volume"
            value={candle.vwap}
            unit={market.quote}
          />
          <Figure
            name="VWAP since 00:00"
            title="Average price since midnight (UTC), by volume"
            value={vwap ?? null}
            unit={market.quote}
            swatch="vwap"
          />
          <Figure name="Trades" title="Number of trades" value={trades === null ? null : String(trades)} unit="" />
        </dl>
      )}
      {over.length > 0 && (
        <dl class="figures">
          {over.map(({ market: other, candle: there }, place) => (
            <Figure
              key={marketName(other)}
              {...{
                name: marketName(other).replace(':', ' '),
                title: `Close of ${marketName(other)}`,
                value: there?.close ?? null,
              }}
              {...{ unit: other.quote, swatch: `line-${(place % 4) + 1}`, note: besides(close, there, other) }}
            />
          ))}
        </dl>
      )}
      {lacks !== undefined && (
        <p class="gap-text" title={lack && meaningText(lackOf([lack]))}>
          {lacks}
        </p>
      )}
    </section>
  )
}

interface FigureProps {
  readonly name: string
  readonly title: string
  readonly value: string | null
  readonly unit: string
  readonly note?: string | undefined
  readonly tone?: string
  readonly swatch?: string
}

function Figure({ name, title, value, unit, note, tone: look, swatch }: FigureProps) {
  if (value === null) return null
  return (
    <div title={title}>
      <dt>
        {swatch && <i class={`swatch swatch-${swatch}`} aria-hidden="true" />}
        {name}
      </dt>
      <dd class={look ?? ''}>
        {readable(value)}
        {unit && <span class="unit"> {unit}</span>}
        {note && <span class="note"> {note}</span>}
      </dd>
    </div>
  )
}

/** With zeros at the end, so that prices have their points below each other. */
function padded(text: string, digits: number): string {
  const [whole, fraction = ''] = text.split('.')
  return digits === 0 ? text : `${whole}.${fraction.padEnd(digits, '0')}`
}

const tone = (change: string | undefined) => (change?.startsWith('+') ? 'up' : change?.startsWith('-') ? 'down' : '')

/** How far another market's price is from this one's, in hundredths of a percent. */
function distance(price: string | null, other: string | null | undefined): string | undefined {
  if (price === null || other === null || other === undefined) return undefined
  const points = divideDecimals(multiplyDecimals(subtractDecimals(other, price), '10000'), price, 1)
  return points === undefined ? undefined : `${points.startsWith('-') ? '' : '+'}${points} bp`
}

/** The distance, and what else another market's window has. */
function besides(close: string | null, there: Candle | undefined, { base }: MarketRow): string | undefined {
  if (there?.open == null || there.high === null || there.low === null) return undefined
  const figures = `O ${readable(there.open)} H ${readable(there.high)} L ${readable(there.low)}`
  return `${distance(close, there.close) ?? ''} · ${figures} · Vol ${readable(there.volume ?? '0')} ${base}`
}
