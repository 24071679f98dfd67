/** What feeds have left open: trades that are lost, that they look for, or could not read, with what came in their place. */
import { MEANINGS, REASONS } from '../../figures/coverage.ts'
import type { FeedGapRow } from '../../figures/operator-rows.ts'
import { count, grouped } from '../../figures/pipeline.ts'
import { instantText } from '../../figures/times.ts'

const REASON_OF = { open: 'sought', lost: 'lost', unreadable: 'unreadable' } as const
const MOST_SHOWN = 20

export function Reported({ rows }: { readonly rows: readonly FeedGapRow[] }) {
  if (rows.length === 0) return null
  const words = REASONS.filter(reason => rows.some(({ status }) => REASON_OF[status] === reason))
  return (
    <section aria-labelledby="reported" class="reported">
      <h2 id="reported">Reported by feeds</h2>
      <ul class="hint">
        {words.map(word => (
          <li key={word}>
            <b>{word}</b>: {MEANINGS[word]}
          </li>
        ))}
      </ul>
      <p class="hint">
        As feeds reported it, whenever that was. What came all the same, by another way, stays in this list; Coverage
        counts what is missing.
      </p>
      <ul class="letters">
        {rows.slice(0, MOST_SHOWN).map(row => (
          <li key={`${row.exchange} ${row.symbol} ${row.status} ${row.first_number} ${row.reported}`}>
            <Standing {...row} />
          </li>
        ))}
      </ul>
      {rows.length > MOST_SHOWN && (
        <p class="hint">
          The newest {MOST_SHOWN} of {grouped(rows.length)} reports; <code>/v1/feed-gaps</code> has all.
        </p>
      )}
    </section>
  )
}

function Standing({ exchange, symbol, status, first_number: first, last_number: last, from, to, ...row }: FeedGapRow) {
  const { cause, raw, reported } = row
  const numbers =
    first === null || last === null
      ? 'a trade without a number'
      : first === last
        ? `number ${first}`
        : `${count(last - first + 1, 'number')}, ${first} to ${last}`
  return (
    <details class="letter">
      <summary>
        <time dateTime={to} class="muted">
          {instantText(Date.parse(to))}
        </time>{' '}
        <span>
          {exchange} {symbol ?? '(no market is told)'}
        </span>{' '}
        <b>{REASON_OF[status]}</b>{' '}
        <span>
          {numbers}: {cause}
        </span>
      </summary>
      <div class="letter-body">
        <dl class="figures-list">
          <div>
            <dt>Between</dt>
            <dd>
              {instantText(Date.parse(from), true)} and {instantText(Date.parse(to), true)} UTC
            </dd>
          </div>
          <div>
            <dt>Reported</dt>
            <dd>{instantText(Date.parse(reported), true)} UTC</dd>
          </div>
        </dl>
        {raw !== null && (
          <>
            <h3>What came in its place</h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by key */}
            <pre class="hex" tabIndex={0}>
              {raw}
            </pre>
          </>
        )}
      </div>
    </details>
  )
}
