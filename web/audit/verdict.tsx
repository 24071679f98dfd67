/** A verdict, law by law. */

import type { AuditLaw, AuditVerdict } from '../../figures/operator-rows.ts'
import { count, grouped } from '../../figures/pipeline.ts'
import { verdictText } from '../../figures/verdict.ts'
import { offenderText } from '../model/verdict.ts'

export function Verdict({ verdict }: { readonly verdict: AuditVerdict }) {
  const { laws, losses, holds, feeds } = verdict
  const silent = feeds?.silent ?? []
  return (
    <>
      <div class={`alarms ${holds ? '' : 'alarms-some'}`} role="status">
        <p>{verdictText(verdict)}</p>
        {silent.length > 0 && <p>No trade ever came from {silent.join(', ')}.</p>}
      </div>
      <ol class="laws">
        {laws.map(law => (
          <Law key={law.law} law={law} />
        ))}
      </ol>
      {losses.length > 0 && (
        <section aria-labelledby="losses">
          <h2 id="losses">Lost for good</h2>
          <ul>
            {losses.map(({ table, rows, from, to, reason, accepted }) => (
              <li key={`${table} ${from} ${reason}`}>
                {count(rows, 'row')} of {table} {from === null ? 'of unknown times' : `from ${from} to ${to}`}: {reason}{' '}
                ({accepted ? 'acknowledged' : 'not acknowledged'})
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function Law({ law: { law, name, holds, summary, notes, violations } }: { readonly law: AuditLaw }) {
  return (
    <li class={`law ${holds ? '' : 'law-broken'}`}>
      <h2>
        {law}. {name} <span class={holds ? 'up' : 'problem'}>{holds ? 'holds' : 'broken'}</span>
      </h2>
      <p>{summary}</p>
      {notes.map(note => (
        <p key={note} class="muted">
          {note}
        </p>
      ))}
      {violations.map(({ what, count: number, rows }) => (
        <details key={what}>
          <summary class="problem">
            {grouped(number)} {what}
            {number > rows.length && `; the first ${rows.length}`}
          </summary>
          <ul>
            {rows.map(row => (
              <li key={offenderText(row)}>{offenderText(row)}</li>
            ))}
          </ul>
        </details>
      ))}
    </li>
  )
}
