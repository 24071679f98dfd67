/** A refused record: what is wrong with it in words; opened, where it is, what it says, and its bytes. */
import { useState } from 'preact/hooks'
import type { DeadLetterRow } from '../../figures/operator-rows.ts'
import { grouped } from '../../figures/pipeline.ts'
import { instantText, reasonWithTimes, timeOfDay } from '../../figures/times.ts'
import { copyText } from '../browser.ts'
import { bytesIn, hexLines } from '../model/refused.ts'
import { useMedia } from '../store.ts'

export function Letter({ letter }: { readonly letter: DeadLetterRow }) {
  const [isOpen, setOpen] = useState(false)
  const { time, exchange, error_type, error_reason } = letter
  return (
    <details class="letter" open={isOpen} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <time dateTime={time} class="muted">
          {time.slice(0, 10)} {timeOfDay(time).slice(0, 12)}
        </time>{' '}
        <span>{exchange}</span> <b>{error_type}</b> <span title={error_reason}>{reasonWithTimes(error_reason)}</span>
      </summary>
      {isOpen && <Opened letter={letter} />}
    </details>
  )
}

function Opened({ letter }: { readonly letter: DeadLetterRow }) {
  const { source, epoch, partition, offset, schema_id: schema, bytes, raw, decoded } = letter
  const isNarrow = useMedia('(max-width: 699px)')
  const shown = raw === null ? new Uint8Array() : bytesIn(raw)
  const lines = hexLines(shown, isNarrow ? 8 : 16)
  const fields = decoded === null ? [] : Object.entries(JSON.parse(decoded) as Record<string, unknown>)
  return (
    <div class="letter-body">
      <dl class="figures-list">
        <div>
          <dt>In Bronze</dt>
          <dd>{source}</dd>
        </div>
        <div>
          <dt>Kafka</dt>
          <dd>
            partition {partition}, offset {offset}
            {epoch > 0 && `, life ${epoch} of the topic`}
          </dd>
        </div>
        <div>
          <dt>Schema</dt>
          <dd>{schema ?? 'none is named'}</dd>
        </div>
        <div>
          <dt>Length</dt>
          <dd>{bytes === null ? 'no value' : `${grouped(bytes)} bytes`}</dd>
        </div>
      </dl>
      {fields.length > 0 && (
        <>
          <h3>What it says</h3>
          <dl class="figures-list">
            {fields.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{fieldText(name, value)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {bytes !== null && decoded === null && <p class="hint">It cannot be read as a trade.</p>}
      {lines.length > 0 && (
        <>
          <h3>
            Its bytes{' '}
            <button type="button" onClick={() => void copyText(lines.map(({ hex }) => hex).join(' '))}>
              Copy as hex
            </button>
          </h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by key */}
          <section class="hex" tabIndex={0} aria-label="Bytes of the record, as hex and as text">
            {lines.map(({ offset: at, hex, text }) => (
              <div key={at}>
                <span class="muted">{at}</span> <span>{hex}</span> <span class="hex-text">{text}</span>
              </div>
            ))}
          </section>
          {bytes !== null && bytes > shown.length && (
            <p class="hint">
              The first {grouped(shown.length)} of {grouped(bytes)}; the table <code>silver_dlq_trades</code> has all.
            </p>
          )}
        </>
      )}
    </div>
  )
}

const LAST_MS = 8.64e15

/** Times are microseconds since 1970, and said as such too where they are times. */
function fieldText(name: string, value: unknown): string {
  if (value === null) return 'null'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const ms = name.endsWith('timestamp') ? Number(text) / 1000 : Number.NaN
  return Math.abs(ms) <= LAST_MS ? `${text} (${instantText(ms, true)})` : text
}
