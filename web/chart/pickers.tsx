/** The dialogs of the chart: which market, which others over it, which time, as of when, and what to take along. */
import { useState } from 'preact/hooks'
import { groupMarkets } from '../../figures/markets.ts'
import { type MarketRow, marketName } from '../../figures/rows.ts'
import { instantProblem, instantText, parseInstant } from '../../figures/times.ts'
import { reasonOf } from '../api/requests.ts'
import { now } from '../browser.ts'
import { Dialog } from '../shell/dialog.tsx'
import { quoteOf, useQuotes } from '../watch/quotes.ts'
import { outsideOf } from './outside.ts'

export interface Picking<T> {
  readonly close: () => void
  readonly choose: (value: T) => void
}

export function MarketPicker({ markets, close, choose }: Picking<string> & { readonly markets: readonly MarketRow[] }) {
  const [filter, setFilter] = useState('')
  const groups = groupMarkets(markets, filter)
  const first = groups[0]?.markets[0]
  return (
    <Dialog title="Market" close={close}>
      <form
        onSubmit={event => {
          event.preventDefault()
          if (first) choose(marketName(first))
        }}
      >
        <label class="field">
          Filter
          <input
            autoFocus
            value={filter}
            onInput={event => setFilter(event.currentTarget.value)}
            placeholder="btc kraken"
          />
        </label>
        <ul class="choices">
          {groups.flatMap(({ markets: some }) =>
            some.map(market => (
              <li key={marketName(market)}>
                <button type="button" onClick={() => choose(marketName(market))}>
                  <b>
                    {market.base}/{market.quote}
                  </b>
                  <span class="muted">{market.exchange}</span>
                </button>
              </li>
            )),
          )}
        </ul>
        {!first && <p class="muted">No market has all of these words in its name.</p>}
      </form>
    </Dialog>
  )
}

export interface OverPickerProps extends Picking<readonly string[]> {
  readonly market: MarketRow
  readonly markets: readonly MarketRow[]
  readonly over: readonly string[]
}

/** Prices further apart are of other currencies. */
const MOST_RATIO = 2

export function OverPicker({ market, markets, over, close, choose }: OverPickerProps) {
  const quotes = useQuotes()
  const own = quoteOf(quotes, market)?.price
  const all = markets.filter(each => each.base === market.base && marketName(each) !== marketName(market))
  // On a scale of its own a line would flatten the candles: ether in bitcoin beside ether in dollars.
  const others = all.filter(other => {
    const price = quoteOf(quotes, other)?.price
    const ratio = own === undefined || price === undefined ? 1 : Number(price) / Number(own)
    return over.includes(marketName(other)) || (ratio > 1 / MOST_RATIO && ratio < MOST_RATIO)
  })
  return (
    <Dialog title={`Lay over ${marketName(market)}`} close={close}>
      {others.length === 0 && <p class="muted">{market.base} is traded on no other market here at such a price.</p>}
      {others.map(other => {
        const name = marketName(other)
        const isOn = over.includes(name)
        return (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={isOn}
              onChange={() => choose(isOn ? over.filter(each => each !== name) : [...over, name])}
            />
            {other.exchange} {other.base}/{other.quote}
          </label>
        )
      })}
      <p class="hint">
        Each is drawn as a line of its closes on the same scale, in its own currency: a dollar is not a Tether.
      </p>
    </Dialog>
  )
}

interface TimePicking {
  readonly market: MarketRow | undefined
  readonly close: () => void
  /** A time, milliseconds since 1970; `said`: what is to be said where it is another than was asked for. */
  readonly choose: (ms: number, said: string | undefined) => void
}

export function TimePicker({ market, close, choose }: TimePicking) {
  const [text, setText] = useState('')
  const quotes = useQuotes()
  const ms = parseInstant(text, now())
  const wrong = text.trim() !== '' && ms === undefined
  const outside = ms === undefined || !market ? undefined : outsideOf(market, quoteOf(quotes, market)?.time, ms)
  const chosen = outside?.ms ?? ms
  return (
    <Dialog title="Jump to a time" close={close}>
      <form
        onSubmit={event => {
          event.preventDefault()
          const said = outside && ms !== undefined ? `Nothing is at ${instantText(ms)} UTC. ${outside.text}` : undefined
          if (chosen !== undefined) choose(chosen, said)
        }}
      >
        <label class="field">
          Time (UTC)
          <input
            autoFocus
            value={text}
            onInput={event => setText(event.currentTarget.value)}
            placeholder={instantText(now()).slice(0, 16)}
            aria-invalid={wrong}
            aria-describedby="time-hint"
          />
        </label>
        <p class={outside || wrong ? 'problem' : 'hint'} id="time-hint" aria-live="polite">
          {wrong
            ? instantProblem(text)
            : ms === undefined
              ? 'As 2026-11-20 14:03, or 14:03 for today.'
              : outside
                ? outside.text
                : `${instantText(ms)} UTC`}
        </p>
        <button type="submit" class="main" disabled={chosen === undefined}>
          {outside ? outside.offer : 'Jump'}
        </button>
      </form>
    </Dialog>
  )
}

export interface ExportPickerProps {
  readonly close: () => void
  readonly take: (what: 'csv' | 'parquet' | 'png' | 'link') => Promise<void>
}

const TAKEN = [
  ['csv', 'CSV', 'the candles that are seen, decimals exact'],
  ['parquet', 'Parquet', 'the same, for pandas, polars and DuckDB'],
  ['png', 'PNG', 'a picture of the chart'],
  ['link', 'Link', 'the address of this view, to the clipboard'],
] as const

export function ExportPicker({ close, take }: ExportPickerProps) {
  const [said, setSaid] = useState('')
  return (
    <Dialog title="Take along" close={close}>
      <ul class="choices">
        {TAKEN.map(([what, name, words]) => (
          <li key={what}>
            <button
              type="button"
              onClick={() => {
                setSaid('…')
                take(what).then(
                  () => setSaid(what === 'link' ? 'The link is in the clipboard.' : `${name} is saved.`),
                  error => setSaid(`${name} could not be made: ${reasonOf(error)}`),
                )
              }}
            >
              <b>{name}</b> <span class="muted">{words}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="hint" role="status">
        {said}
      </p>
    </Dialog>
  )
}
