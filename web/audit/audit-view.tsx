/** Whether the six laws hold: the last verdict, and a button that finds it out anew. */
import { useEffect, useState } from 'preact/hooks'
import type { AuditAnswer } from '../../figures/operator-rows.ts'
import { ageText, instantText, lengthText } from '../../figures/times.ts'
import { usePolled } from '../api/polled.ts'
import { ask, reasonOf } from '../api/requests.ts'
import { after } from '../browser.ts'
import { stepText } from '../model/verdict.ts'
import { Failed, Loading } from '../shell/notices.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { useNow } from '../store.ts'
import { Verdict } from './verdict.tsx'

/** How often it is asked how far one is that is under way; while there is none nothing is asked. */
const EVERY_MS = 1_000

export function AuditView() {
  const { look, answer, problem, isAsking } = usePolled(
    '',
    async signal => (await (await ask('audit', {}, signal)).json()) as AuditAnswer,
    Number.POSITIVE_INFINITY,
  )
  const [refusal, setRefusal] = useState<string | undefined>(undefined)
  const isRunning = answer?.running != null
  useEffect(() => (isRunning && !isAsking ? after(EVERY_MS, look) : undefined), [isRunning, isAsking])
  const canRun = answer?.can === true && !isRunning
  const begin = () => {
    if (!canRun) return
    setRefusal(undefined)
    ask('audit', {}, undefined, 'POST').then(look, error => {
      setRefusal(reasonOf(error))
      look()
    })
  }
  useShortcuts('Audit', [
    { keys: ['a'], label: 'a', does: 'make an audit', run: begin },
    { keys: ['r'], label: 'r', does: 'ask again', run: look },
  ])
  if (!answer)
    return problem === undefined ? (
      <Loading what="Asking for the last verdict…" />
    ) : (
      <Failed title="The verdict could not be read" reason={problem} retry={look} />
    )
  return (
    <div class="page audit">
      <div class="controls">
        <button type="button" class="main" disabled={!canRun} onClick={begin} title="Make an audit (a)">
          {isRunning ? 'An audit is under way' : 'Make an audit'}
        </button>
        <p class="hint">
          An audit reads the whole lake, and changes nothing. It may take minutes, and goes on when you leave.
        </p>
      </div>
      {!answer.can && (
        <p class="hint">
          This server makes none: <code>tradelake audit</code> does.
        </p>
      )}
      {refusal !== undefined && (
        <p class="problem" role="alert">
          No audit was begun: {refusal}
        </p>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          Nothing newer: {problem}
        </p>
      )}
      {answer.running && <Running {...answer.running} />}
      <Last last={answer.last} isRunning={isRunning} />
    </div>
  )
}

function Running({ started, step, done, of }: NonNullable<AuditAnswer['running']>) {
  const time = useNow()
  return (
    <div class="audit-progress">
      <label>
        <span role="status">
          {of > 0 && `Step ${done + 1} of ${of}: `}
          {stepText(step)}
        </span>{' '}
        <span class="muted">for {lengthText(Math.max(0, time - Date.parse(started)))}</span>
        <progress {...(of > 0 && { value: done, max: of })} />
      </label>
    </div>
  )
}

function Last({ last, isRunning }: { readonly last: AuditAnswer['last']; readonly isRunning: boolean }) {
  const time = useNow()
  if (!last)
    return isRunning ? null : (
      <div class="notice">
        <h2>No audit was asked for here yet</h2>
        <p>
          It tells whether Bronze is what Kafka held, Silver and the DLQ are all of Bronze, Gold is each valid trade
          once, every candle is exact, and every file is there and whole.
        </p>
      </div>
    )
  const at = Date.parse(last.started) + last.seconds * 1000
  return (
    <>
      <p class="muted">
        Made {ageText(Math.max(0, time - at))}, at {instantText(at)} UTC, in {lengthText(last.seconds * 1000)}.
      </p>
      {last.problem !== null && (
        <p class="problem" role="alert">
          {last.problem}
        </p>
      )}
      {last.verdict && <Verdict verdict={last.verdict} />}
    </>
  )
}
