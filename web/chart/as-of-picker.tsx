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
  const [problem, setProblem] = useState<string>()
  const [isAsking, setAsking] = useState(false)
  // A number is a snapshot's.
  const ms = /^\d+$/.test(text.trim()) ? undefined : parseInstant(text, now())
  const value = ms === undefined ? text.trim() : new Date(ms).toISOString()
  /** Whether there is such a state the server knows, and says why not. */
  async function look(): Promise<void> {
    setProblem(undefined)
    setAsking(true)
    try {
      await ask('symbols', { as_of: value })
      choose(value)
    } catch (error) {
      setProblem(reasonOf(error))
      setAsking(false)
    }
  }
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
          if (value !== '') void look()
        }}
      >
        <label class="field">
          A time (UTC), a snapshot's number, or a pin's name
          <input
            value={text}
            onInput={event => setText(event.currentTarget.value)}
            placeholder={instantText(now()).slice(0, 16)}
            aria-invalid={problem !== undefined}
          />
        </label>
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="main" disabled={value === '' || isAsking}>
          {isAsking ? 'Looking…' : 'Look'}
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
