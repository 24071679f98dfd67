/** Which state the chart is of: now, a pin, an earlier time; and a pin of now. */
import { useEffect, useState } from 'preact/hooks'
import type { PinRow } from '../../figures/rows.ts'
import { instantText, parseInstant } from '../../figures/times.ts'
import { ask, askRows, reasonOf } from '../api/requests.ts'
import { now } from '../browser.ts'
import { Dialog } from '../shell/dialog.tsx'
import type { Picking } from './pickers.tsx'

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
  const load = () =>
    askRows<PinRow>('pins', {}).then(
      found => setPins({ phase: 'ready', pins: found }),
      error => setPins({ phase: 'failed', reason: reasonOf(error) }),
    )
  useEffect(() => void load(), [])
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
      <PinNow made={() => void load()} />
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

/** Keeps the state of now under a name. */
function PinNow({ made }: { readonly made: () => void }) {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  return (
    <form
      onSubmit={async event => {
        event.preventDefault()
        setProblem(undefined)
        try {
          await ask(`pins/${encodeURIComponent(name.trim())}`, {}, undefined, 'PUT')
          setName('')
          made()
        } catch (error) {
          setProblem(reasonOf(error))
        }
      }}
    >
      <label class="field">
        Pin the state of now, under a name
        <input value={name} onInput={event => setName(event.currentTarget.value)} placeholder="backtest-7" />
      </label>
      <button type="submit" disabled={name.trim() === ''}>
        Pin
      </button>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}
