/** What is known of a market in an hour, or a day: its figures, and the numbers that are missing. */

import { useEffect, useState } from 'preact/hooks'
import { KINDS, lackOf, MEANINGS, REASONS } from '../../figures/coverage.ts'
import type { MissingRow } from '../../figures/operator-rows.ts'
import { grouped } from '../../figures/pipeline.ts'
import { marketName } from '../../figures/rows.ts'
import { instantText, timeOfDay } from '../../figures/times.ts'
import { askRows, reasonOf } from '../api/requests.ts'
import { type HeatCell, percentOf, stateText } from '../model/heat.ts'
import { showChart } from '../shell/address.ts'
import { Dialog } from '../shell/dialog.tsx'

type Missing =
  | { readonly phase: 'loading' }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'ready'; readonly ranges: readonly MissingRow[] }

/** More are in the API's answer. */
const MOST_SHOWN = 200
const DAY_MS = 86_400_000

export function CellDetails({ cell, close }: { readonly cell: HeatCell; readonly close: () => void }) {
  const { kind, row } = cell
  const { exchange, symbol, start, end } = row
  const [missing, setMissing] = useState<Missing>({ phase: 'loading' })
  const isMissing = (row.missing ?? 0) > 0
  useEffect(() => {
    if (!isMissing) return undefined
    const over = new AbortController()
    askRows<MissingRow>('missing', { exchanges: exchange, symbols: symbol, start, end }, over.signal).then(
      ranges => setMissing({ phase: 'ready', ranges }),
      error => {
        if (!over.signal.aborted) setMissing({ phase: 'failed', reason: reasonOf(error) })
      },
    )
    return () => over.abort()
  }, [exchange, symbol, start, end, isMissing])
  const [from, to] = [Date.parse(start), Date.parse(end)]
  const [begin, until] = [instantText(from).slice(0, 16), instantText(to).slice(0, 16)]
  const title = `${exchange} ${symbol}, ${begin} to ${to - from < DAY_MS ? until.slice(11) : until} UTC`
  const figures: readonly (readonly [string, string | undefined])[] = [
    ['Trades here', grouped(row.trades)],
    ['Numbers that the exchange gave', row.numbered === null ? 'it gives none' : grouped(row.numbered)],
    [
      'From the lowest to the highest here',
      row.first_number === null ? undefined : `${row.first_number} to ${row.last_number}`,
    ],
    ['Complete', percentOf(row)],
    ['Fetched later', grouped(row.filled)],
    ['Missing', row.missing === null ? undefined : grouped(row.missing)],
  ]
  const { reasons } = lackOf([row])
  return (
    <Dialog title={title} close={close}>
      <p>
        <b>{stateText(cell)}</b>: {KINDS.find(each => each.kind === kind)?.says}.
      </p>
      <button
        type="button"
        class="main"
        onClick={() => {
          close()
          const span = { from, to }
          showChart({ market: marketName(row), over: [], timeframe: to - from > 7_200_000 ? '30m' : '1m', span })
        }}
      >
        Its candles
      </button>
      <dl class="figures-list">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value ?? '–'}</dd>
          </div>
        ))}
        {REASONS.map(reason => (
          <div key={reason} class={`of-missing ${reasons[reason] > 0 ? '' : 'muted'}`}>
            <dt>
              {reason}
              {reasons[reason] > 0 && <span class="hint">: {MEANINGS[reason]}</span>}
            </dt>
            <dd>{grouped(reasons[reason])}</dd>
          </div>
        ))}
      </dl>
      {isMissing && (
        <section aria-label="Missing numbers">
          <h3>Which numbers are missing</h3>
          {missing.phase === 'loading' && <p role="status">Looking for them…</p>}
          {missing.phase === 'failed' && (
            <p class="problem" role="alert">
              They could not be read: {missing.reason}
            </p>
          )}
          {missing.phase === 'ready' && <Ranges ranges={missing.ranges} />}
        </section>
      )}
    </Dialog>
  )
}

const saidOf = ({ said, cause }: Pick<MissingRow, 'said' | 'cause'>) =>
  said === null ? 'nothing' : cause === null ? said : `${said}: ${cause}`

function Ranges({ ranges }: { readonly ranges: readonly MissingRow[] }) {
  if (ranges.length === 0)
    return <p class="hint">All of them are here by now, or were traded just before or behind this time.</p>
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by key */}
      <section class="scrolled" tabIndex={0} aria-label="Missing numbers, range by range">
        <table class="watch">
          <thead>
            <tr>
              <th scope="col">Numbers</th>
              <th scope="col" class="number">
                Count
              </th>
              <th scope="col">What is said of them</th>
              <th scope="col">Between trades at</th>
            </tr>
          </thead>
          <tbody>
            {ranges
              .slice(0, MOST_SHOWN)
              .map(({ first_number: first, last_number: last, count, after, before, ...row }) => (
                <tr key={first}>
                  <th scope="row">{first === last ? first : `${first} to ${last}`}</th>
                  <td class="number">{grouped(count)}</td>
                  <td>{saidOf(row)}</td>
                  <td>
                    {timeOfDay(after)} and {timeOfDay(before)}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </section>
      {ranges.some(({ said }) => said === 'refused') && <p class="hint">The Refused view (key f) says why.</p>}
      {ranges.some(({ said }) => said === null) && (
        <p class="hint">
          Numbers of which nothing is said were never sent while a feed ran, or were refused in a form that has no
          number.
        </p>
      )}
      {ranges.length > MOST_SHOWN && (
        <p class="hint">
          The first {MOST_SHOWN} of {grouped(ranges.length)} ranges; <code>/v1/missing</code> has all.
        </p>
      )}
    </>
  )
}
