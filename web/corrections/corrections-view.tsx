/** Candles that a late trade changed after they had closed, of all markets: which, when, and how long after their end. */
import { useRef, useState } from 'preact/hooks'
import { type CorrectionsAnswer, correctionsIn, lateMs, leftOutText, untoldText } from '../../figures/corrections.ts'
import { nameFilter } from '../../figures/markets.ts'
import { count, grouped } from '../../figures/pipeline.ts'
import { type CorrectionRow, marketName } from '../../figures/rows.ts'
import { instantText, lengthText, RANGES } from '../../figures/times.ts'
import { usePolled } from '../api/polled.ts'
import { ask } from '../api/requests.ts'
import { now } from '../browser.ts'
import { chosenSorting, type SortColumn, type Sorting, sortedBy } from '../model/sorting.ts'
import { hashOf } from '../model/view-state.ts'
import { show, view } from '../shell/address.ts'
import { Asked } from '../shell/asked.tsx'
import { Filter } from '../shell/filter.tsx'
import { Empty, Failed, Loading } from '../shell/notices.tsx'
import { Segments } from '../shell/segments.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { SortHead } from '../shell/sort-head.tsx'

const EVERY_MS = 30_000
/** The others are in the API's answer. */
const MOST_SHOWN = 500
/** What the chart shows around a window. */
const AROUND_MS = 30 * 60_000

const COLUMNS: readonly SortColumn<CorrectionRow>[] = [
  { name: 'Market', isText: true, value: marketName },
  { name: 'Window (UTC)', value: ({ start }) => Date.parse(start) },
  { name: 'Changed (UTC)', value: ({ updated }) => Date.parse(updated) },
  { name: 'After its end', value: lateMs },
]

export function CorrectionsView({ range: chosen }: { readonly range: string }) {
  const range = RANGES.find(({ name }) => name === chosen) ?? RANGES[0]
  const [filter, setFilter] = useState('')
  const [sorting, setSorting] = useState<Sorting>({ column: 2, isDown: true })
  const field = useRef<HTMLInputElement>(null)
  const { look, ...asked } = usePolled(
    range.name,
    async signal => {
      const sinceMs = now() - range.ms
      const answer = await ask('corrections', { start: new Date(sinceMs).toISOString() }, signal)
      return { sinceMs, found: (await answer.json()) as CorrectionsAnswer }
    },
    EVERY_MS,
  )
  const choose = (name: string) => show({ ...view.get(), corrections: name })
  const step = (places: number) => {
    const next = RANGES[RANGES.indexOf(range) + places]
    if (next) choose(next.name)
  }
  useShortcuts('Corrections', [
    { keys: ['['], label: '[', does: 'a shorter range', run: () => step(-1) },
    { keys: [']'], label: ']', does: 'a longer range', run: () => step(1) },
    { keys: ['/'], label: '/', does: 'filter', run: () => field.current?.focus() },
    { keys: ['r'], label: 'r', does: 'ask again', run: look },
  ])
  const { answer } = asked
  return (
    <div class="page corrections">
      <div class="controls">
        <Segments
          legend="Range"
          choices={RANGES}
          titleOf={({ name }) => `The last ${name}`}
          isChosen={({ name }) => name === range.name}
          choose={({ name }) => choose(name)}
        />
        <Filter {...{ field, filter, setFilter }} />
        <Asked {...asked} look={look} />
      </div>
      {answer ? (
        <Found
          {...{ ...answer, filter, sorting, range: range.name }}
          sortBy={column => setSorting(before => chosenSorting(COLUMNS, before, column))}
        />
      ) : asked.problem === undefined ? (
        <Loading what="Asking which candles changed…" />
      ) : (
        <Failed title="Which candles changed could not be read" reason={asked.problem} retry={look} />
      )}
    </div>
  )
}

interface FoundProps {
  readonly found: CorrectionsAnswer
  readonly sinceMs: number
  readonly range: string
  readonly filter: string
  readonly sorting: Sorting
  readonly sortBy: (column: number) => void
}

function Found({ found, sinceMs, range, filter, sorting, sortBy }: FoundProps) {
  const { rows: all, ...leftOut } = correctionsIn(found)
  const rows = all.filter(nameFilter(filter))
  const untold = untoldText(found, sinceMs)
  const notes = [leftOutText(leftOut), untold].filter(Boolean).join(' ')
  if (all.length === 0)
    return (
      <Empty title="No candle changed after it had closed">
        {`Of the last ${range} no minute had a late trade. ${notes}`}
      </Empty>
    )
  const shown = sortedBy(rows, COLUMNS, sorting).slice(0, MOST_SHOWN)
  return (
    <>
      <h2>
        {count(all.length, 'minute')} of the last {range} changed after {all.length === 1 ? 'it' : 'they'} had closed
        {rows.length < all.length && `; ${grouped(rows.length)} with these words`}
      </h2>
      {notes !== '' && <p class="hint">{notes}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by key */}
      <section class="tables-box" tabIndex={0} aria-label="Corrections">
        <table class="watch">
          <SortHead columns={COLUMNS} sorting={sorting} sortBy={sortBy} />
          <tbody>
            {shown.map(row => (
              <tr key={`${marketName(row)} ${row.start}`}>
                <th scope="row">
                  <a href={chartOf(row)} title="The chart around this minute">
                    {marketName(row)}
                  </a>
                </th>
                <td class="number">{instantText(Date.parse(row.start)).slice(0, 16)}</td>
                <td class="number">{instantText(Date.parse(row.updated))}</td>
                <td class="number">{lengthText(lateMs(row))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length === 0 && <p class="muted">No market has all of these words in its name.</p>}
      {rows.length > MOST_SHOWN && (
        <p class="hint">
          {MOST_SHOWN} of {grouped(rows.length)}; <code>/v1/corrections</code> has all.
        </p>
      )}
    </>
  )
}

function chartOf(row: CorrectionRow): string {
  const state = view.get()
  const span = { from: Date.parse(row.start) - AROUND_MS, to: Date.parse(row.start) + AROUND_MS }
  const chart = { ...state.chart, market: marketName(row), over: [], timeframe: '1m', span, asOf: undefined }
  return hashOf({ ...state, view: 'chart', chart })
}
