/** The dialogs of the chart: which market, which others over it, which time, as of when, and what to take along. */
import { useEffect, useState } from 'preact/hooks'
import { groupMarkets } from '../../figures/markets.ts'
import { type MarketRow, marketName, type PinRow } from '../../figures/rows.ts'
import { instantText, parseInstant } from '../../figures/times.ts'
import { askRows, reasonOf } from '../api/requests.ts'
import { now } from '../browser.ts'
import { Dialog } from '../shell/dialog.tsx'

interface Picking<T> {
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

export function OverPicker({ market, markets, over, close, choose }: OverPickerProps) {
  const others = markets.filter(each => each.base === market.base && marketName(each) !== marketName(market))
  return (
    <Dialog title={`Lay over ${marketName(market)}`} close={close}>
      {others.length === 0 && <p class="muted">{market.base} is traded on no other market here.</p>}
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

export function TimePicker({ close, choose }: Picking<number>) {
  const [text, setText] = useState('')
  const ms = parseInstant(text, now())
  const wrong = text.trim() !== '' && ms === undefined
  return (
    <Dialog title="Jump to a time" close={close}>
      <form
        onSubmit={event => {
          event.preventDefault()
          if (ms !== undefined) choose(ms)
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
        <p class="hint" id="time-hint" aria-live="polite">
          {wrong
            ? 'This is no time: write it as 2026-11-20 14:03, or 14:03 for today.'
            : ms === undefined
              ? 'As 2026-11-20 14:03, or 14:03 for today.'
              : `${instantText(ms)} UTC`}
        </p>
        <button type="submit" class="main" disabled={ms === undefined}>
          Jump
        </button>
      </form>
    </Dialog>
  )
}

type Pins =
  | { readonly phase: 'loading' }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'ready'; readonly pins: readonly PinRow[] }

export function AsOfPicker({
  asOf,
  close,
  choose,
}: Picking<string | undefined> & { readonly asOf: string | undefined }) {
  const [pins, setPins] = useState<Pins>({ phase: 'loading' })
  const [text, setText] = useState('')
  useEffect(() => {
    askRows<PinRow>('pins', {}).then(
      found => setPins({ phase: 'ready', pins: found }),
      error => setPins({ phase: 'failed', reason: reasonOf(error) }),
    )
  }, [])
  const isNumber = /^\d{15,}$/.test(text.trim())
  const ms = parseInstant(text, now())
  const value = isNumber ? text.trim() : ms === undefined ? undefined : new Date(ms).toISOString()
  return (
    <Dialog title="As of" close={close}>
      <ul class="choices">
        <li>
          <button type="button" aria-pressed={asOf === undefined} onClick={() => choose(undefined)}>
            <b>Now</b> <span class="muted">live</span>
          </button>
        </li>
        {pins.phase === 'ready' &&
          pins.pins.map(({ name, time }) => (
            <li key={name}>
              <button type="button" aria-pressed={asOf === name} onClick={() => choose(name)}>
                <b>{name}</b> <span class="muted">{instantText(Date.parse(time))} UTC</span>
              </button>
            </li>
          ))}
      </ul>
      {pins.phase === 'loading' && <p class="muted">Reading the pins…</p>}
      {pins.phase === 'failed' && <p class="problem">The pins could not be read: {pins.reason}</p>}
      {pins.phase === 'ready' && pins.pins.length === 0 && (
        <p class="hint">
          There are no pins. <code>tradelake pin NAME</code> keeps a state of the tables under a name.
        </p>
      )}
      <form
        onSubmit={event => {
          event.preventDefault()
          if (value !== undefined) choose(value)
        }}
      >
        <label class="field">
          A time (UTC), or a snapshot's number
          <input
            value={text}
            onInput={event => setText(event.currentTarget.value)}
            placeholder={instantText(now()).slice(0, 16)}
          />
        </label>
        <button type="submit" class="main" disabled={value === undefined}>
          Look
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
