/** Times without a connection, as feeds reported them: by cause, and one by one. */
import { useState } from 'preact/hooks'
import type { OutageRow } from '../../figures/operator-rows.ts'
import { causeText, outageGroups, outageMs } from '../../figures/outages.ts'
import { grouped } from '../../figures/pipeline.ts'
import { instantText, lengthText } from '../../figures/times.ts'
import { chosenSorting, type SortColumn, type Sorting, sortedBy } from '../model/sorting.ts'
import { SortHead } from '../shell/sort-head.tsx'

const COLUMNS: readonly SortColumn<ReturnType<typeof outageGroups>[number]>[] = [
  { name: 'Exchange', isText: true, value: ({ exchange }) => exchange },
  { name: 'Why', isText: true, value: ({ cause }) => causeText(cause) ?? cause },
  { name: 'Times', value: ({ outages }) => outages },
  { name: 'Together', hint: 'How long all of them were', value: ({ totalMs }) => totalMs },
  { name: 'Longest', value: ({ longestMs }) => longestMs },
  { name: 'Last', value: ({ lastMs }) => lastMs },
]

/** The others are in the API's answer. */
const MOST_SHOWN = 100

export function Outages({ outages, range }: { readonly outages: readonly OutageRow[]; readonly range: string }) {
  const [sorting, setSorting] = useState<Sorting | undefined>(undefined)
  const sortBy = (column: number) => setSorting(before => chosenSorting(COLUMNS, before, column))
  if (outages.length === 0)
    return <p class="muted">No feed has reported a time without a connection in the last {range}.</p>
  const found = outageGroups(outages)
  const groups = sorting ? sortedBy(found, COLUMNS, sorting) : found
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by key */}
      <section class="tables-box" tabIndex={0} aria-label="Outages by cause">
        <table class="watch">
          <SortHead columns={COLUMNS} sorting={sorting} sortBy={sortBy} />
          <tbody>
            {groups.map(({ exchange, cause, outages: times, totalMs, longestMs, lastMs }) => (
              <tr key={`${exchange} ${cause}`}>
                <th scope="row">{exchange}</th>
                <td title={cause}>{causeText(cause) ?? cause}</td>
                <td class="number">{grouped(times)}</td>
                <td class="number">{lengthText(totalMs)}</td>
                <td class="number">{lengthText(longestMs)}</td>
                <td class="number">{instantText(lastMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <h3>One by one</h3>
      <ul class="outages">
        {outages.slice(0, MOST_SHOWN).map(outage => (
          <li key={`${outage.exchange} ${outage.from} ${outage.to}`}>
            <time dateTime={outage.from} class="muted">
              {instantText(Date.parse(outage.from))}
            </time>{' '}
            <b>{outage.exchange}</b> {lengthText(outageMs(outage))}: {outage.cause}{' '}
            {outage.status === 'unknown' && <span class="late">No numbers of trades tell what it cost.</span>}
          </li>
        ))}
      </ul>
      {outages.length > MOST_SHOWN && (
        <p class="hint">
          The newest {MOST_SHOWN} of {grouped(outages.length)}; <code>/v1/outages</code> has all.
        </p>
      )}
    </>
  )
}
