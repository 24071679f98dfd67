/** What was refused, and why: faults by time, and the newest records with their bytes and what they say. */
import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { DeadLetterCount, DeadLetterRow, FeedGapRow } from '../../figures/operator-rows.ts'
import { count, grouped } from '../../figures/pipeline.ts'
import { emptyRangeText, instantProblem, instantText, parseInstant, RANGES } from '../../figures/times.ts'
import { usePolled } from '../api/polled.ts'
import { askPage, askRows, reasonOf } from '../api/requests.ts'
import { now } from '../browser.ts'
import {
  bucketStarts,
  faultsOf,
  type Letters,
  letterName,
  refusedRange,
  refusedSince,
  withNewest,
} from '../model/refused.ts'
import type { ViewState } from '../model/view-state.ts'
import { show, view } from '../shell/address.ts'
import { Asked } from '../shell/asked.tsx'
import { Empty, Failed, Loading } from '../shell/notices.tsx'
import { Segments } from '../shell/segments.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { FaultTable } from './fault-table.tsx'
import { Letter } from './letter.tsx'
import { Reported } from './reported.tsx'

const EVERY_MS = 60_000
const PAGE = 20

interface Answer {
  readonly counts: readonly DeadLetterCount[]
  readonly starts: readonly number[]
  readonly letters: Letters
  /** What feeds have left open, whenever that was. */
  readonly reported: readonly FeedGapRow[]
  /** What the letters are asked with. */
  readonly asked: Readonly<Record<string, string | number | undefined>>
}

function choose(change: Partial<ViewState['refused']>): void {
  const state = view.get()
  show({ ...state, refused: { ...state.refused, ...change } })
}

export function RefusedView({ range: name, sinceMs, errorType }: ViewState['refused']) {
  const range = sinceMs === undefined ? refusedRange(name) : refusedSince(sinceMs, now())
  const { look, ...asked } = usePolled<Answer>(
    `${name} ${sinceMs} ${errorType}`,
    async signal => {
      const range = sinceMs === undefined ? refusedRange(name) : refusedSince(sinceMs, now())
      const starts = bucketStarts(range, now())
      const start = new Date(sinceMs ?? starts[0]).toISOString()
      const parameters = { start, error_type: errorType, limit: PAGE }
      const [counts, letters, reported] = await Promise.all([
        askRows<DeadLetterCount>('dead-letters/counts', { start, bucket: range.bucket.name }, signal),
        askPage<DeadLetterRow>('dead-letters', parameters, signal),
        askRows<FeedGapRow>('feed-gaps', {}, signal),
      ])
      return { counts, starts, letters, reported, asked: parameters }
    },
    EVERY_MS,
  )
  const since = useRef<HTMLInputElement>(null)
  const step = (places: number) => {
    const next = RANGES[RANGES.findIndex(each => each.name === name) + places]
    if (next) choose({ range: next.name, sinceMs: undefined })
  }
  useShortcuts('Refused', [
    { keys: ['['], label: '[', does: 'a shorter range', run: () => step(-1) },
    { keys: [']'], label: ']', does: 'a longer range', run: () => step(1) },
    { keys: ['j'], label: 'j', does: 'since a time', run: () => since.current?.focus() },
    { keys: ['Escape'], label: 'Esc', does: 'whatever was wrong', run: () => choose({ errorType: undefined }) },
    { keys: [], label: 'Enter', does: 'on a record: its bytes, and what they say', run: () => {} },
    { keys: ['r'], label: 'r', does: 'ask again', run: look },
  ])
  const { answer } = asked
  const faults = answer ? faultsOf(answer.counts, answer.starts) : []
  const total = faults.reduce((sum, fault) => sum + fault.total, 0)
  return (
    <div class="page refused">
      <div class="controls">
        <Segments
          legend="Range"
          choices={RANGES}
          titleOf={each => `The last ${each.name}`}
          isChosen={each => sinceMs === undefined && each.name === name}
          choose={each => choose({ range: each.name, sinceMs: undefined })}
        />
        <Since key={sinceMs} sinceMs={sinceMs} field={since} />
        <Asked {...asked} look={look} />
      </div>
      {!answer ? (
        asked.problem === undefined ? (
          <Loading what="Asking what was refused…" />
        ) : (
          <Failed title="What was refused could not be read" reason={asked.problem} retry={look} />
        )
      ) : total === 0 && answer.letters.data.length === 0 ? (
        <>
          <Reported rows={answer.reported} />
          <Empty title="Nothing was refused">
            Every record {sinceMs === undefined ? `of the last ${range.name}` : range.name} was a valid trade. A longer
            range may have others.
          </Empty>
        </>
      ) : (
        <>
          <Reported rows={answer.reported} />
          <h2>
            {count(total, 'record')} {sinceMs === undefined ? `in the last ${range.name}` : range.name}
          </h2>
          <FaultTable
            {...{ faults, sinceMs: sinceMs ?? answer.starts[0], chosen: errorType }}
            choose={type => choose({ errorType: type })}
          />
          <Records
            key={`${name} ${sinceMs} ${errorType}`}
            newest={answer.letters}
            asked={answer.asked}
            errorType={errorType}
          />
        </>
      )}
    </div>
  )
}

interface SinceProps {
  readonly sinceMs: number | undefined
  readonly field: RefObject<HTMLInputElement | null>
}

/** A time from which on records are counted and shown, as people type it. */
function Since({ sinceMs, field }: SinceProps) {
  const [text, setText] = useState(sinceMs === undefined ? '' : instantText(sinceMs).slice(0, 16))
  const [problem, setProblem] = useState<string>()
  return (
    <form
      class="since"
      onSubmit={event => {
        event.preventDefault()
        const written = field.current?.value ?? ''
        const ms = parseInstant(written, now())
        const isEmpty = written.trim() === ''
        const wrong =
          ms === undefined ? instantProblem(written) : ms >= now() ? emptyRangeText(written, 'now') : undefined
        setProblem(isEmpty ? undefined : wrong)
        if (isEmpty || wrong === undefined) choose({ sinceMs: ms })
      }}
    >
      <label>
        Since (UTC)
        <input
          ref={field}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
          placeholder={instantText(now()).slice(0, 16)}
          title="As 2026-11-20 14:03, or 14:03 for today (j); nothing for the range beside it"
          aria-invalid={problem !== undefined}
          size={16}
        />
      </label>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  )
}

interface LettersProps {
  readonly newest: Letters
  readonly asked: Answer['asked']
  readonly errorType: string | undefined
}

function Records({ newest, asked, errorType }: LettersProps) {
  const [held, setHeld] = useState(newest)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const [over] = useState(() => new AbortController())
  useEffect(() => () => over.abort(), [over])
  useEffect(() => setHeld(before => withNewest(newest, before)), [newest])
  const more = () => {
    askPage<DeadLetterRow>('dead-letters', { ...asked, cursor: held.next ?? undefined }, over.signal).then(
      ({ data, next }) => {
        setProblem(undefined)
        setHeld(before => ({ data: [...before.data, ...data], next }))
      },
      error => {
        if (!over.signal.aborted) setProblem(reasonOf(error))
      },
    )
  }
  return (
    <section aria-labelledby="letters">
      <h2 id="letters">{errorType === undefined ? 'The newest records' : `The newest of ${errorType}`}</h2>
      {errorType !== undefined && (
        <button type="button" onClick={() => choose({ errorType: undefined })} title="Whatever was wrong (Esc)">
          Show all
        </button>
      )}
      {held.data.length === 0 && <p class="muted">None in this range.</p>}
      <ul class="letters">
        {held.data.map(letter => (
          <li key={letterName(letter)}>
            <Letter letter={letter} />
          </li>
        ))}
      </ul>
      {held.next !== null && (
        <button type="button" onClick={more}>
          Older records ({grouped(held.data.length)} are shown)
        </button>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          No older ones: {problem}
        </p>
      )}
    </section>
  )
}
