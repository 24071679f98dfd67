/** The connections that stand now, and those that ended in their place. */

import { useState } from 'preact/hooks'
import type { FeedRow } from '../../figures/operator-rows.ts'
import { causeText, endsInOrder, isPlanned } from '../../figures/outages.ts'
import { bytesText, count, grouped, LATE_MS } from '../../figures/pipeline.ts'
import { lengthText } from '../../figures/times.ts'
import { type SortColumn, sortedBy } from '../model/sorting.ts'
import { useNow } from '../store.ts'

export interface FeedTableProps {
  readonly feeds: readonly FeedRow[]
  /** When they were so, by this browser's clock. */
  readonly atMs: number
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** What the cards are sorted by, the worst first but for names. */
const ORDERS: readonly (SortColumn<FeedRow> & { readonly isText?: boolean })[] = [
  { name: 'Exchange', isText: true, value: ({ exchange }) => exchange },
  {
    name: 'Silent longest',
    value: ({ connections }) => Math.max(...connections.map(({ silent_seconds }) => silent_seconds ?? Infinity)),
  },
  {
    ...{ name: 'Ended most', hint: 'Connections that were replaced do not count' },
    value: ({ connections }) =>
      sum(
        connections.flatMap(({ ends }) => Object.entries(ends).map(([cause, times]) => (isPlanned(cause) ? 0 : times))),
      ),
  },
  { name: 'Missing most', value: ({ missing_trades }) => missing_trades },
]

export function FeedTable({ feeds, atMs }: FeedTableProps) {
  const time = useNow()
  const since = Math.max(0, time - atMs)
  const [order, setOrder] = useState(0)
  const shown = sortedBy(feeds, ORDERS, { column: order, isDown: ORDERS[order].isText !== true })
  return (
    <>
      <fieldset class="segments feeds-order">
        <legend class="unseen">Order of the exchanges</legend>
        {ORDERS.map(({ name, hint }, place) => (
          <button
            key={name}
            type="button"
            aria-pressed={place === order}
            title={hint ?? `Order: ${name}`}
            onClick={() => setOrder(place)}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <ul class="feeds">
        {shown.map(({ exchange, connections, problems, ...feed }) => (
          <li key={exchange} class={`feed ${feed.ready ? '' : 'feed-bad'}`}>
            <h3>
              {exchange} <span class={feed.ready ? 'up' : 'problem'}>{feed.ready ? 'ready' : 'not ready'}</span>
            </h3>
            {problems.map(problem => (
              <p key={problem} class="problem">
                {problem}
              </p>
            ))}
            <p class="muted">
              {count(feed.missing_trades, 'trade')} missing, {count(feed.waiting_records, 'record')} waiting
              {feed.spill_bytes > 0 && `, ${bytesText(feed.spill_bytes)} of them on disk`}
            </p>
            {connections.map(({ url, live, markets, age_seconds, silent_seconds, ends, last_end }, place) => (
              <dl key={place} class="figures-list">
                <div>
                  <dt>{url ?? 'no connection'}</dt>
                  <dd>{count(markets, 'market')}</dd>
                </div>
                <div>
                  <dt>state</dt>
                  <dd class={live ? '' : 'problem'}>
                    {live && age_seconds !== null ? `live for ${lengthText(age_seconds * 1000 + since)}` : 'not live'}
                  </dd>
                </div>
                <div>
                  <dt>last message</dt>
                  <dd class={silent_seconds !== null && silent_seconds * 1000 > LATE_MS ? 'late' : ''}>
                    {silent_seconds === null ? 'none yet' : `${lengthText(silent_seconds * 1000 + since)} ago`}
                  </dd>
                </div>
                <div>
                  <dt>ended</dt>
                  <dd>
                    {Object.keys(ends).length === 0
                      ? 'never'
                      : endsInOrder(ends).map(([cause, times]) => (
                          <span key={cause} class={`cause ${isPlanned(cause) ? 'muted' : ''}`} title={causeText(cause)}>
                            {cause} {grouped(times)}
                          </span>
                        ))}
                  </dd>
                </div>
                {last_end !== null && (
                  <div>
                    <dt>the last time</dt>
                    <dd>{last_end}</dd>
                  </div>
                )}
              </dl>
            ))}
          </li>
        ))}
      </ul>
    </>
  )
}
