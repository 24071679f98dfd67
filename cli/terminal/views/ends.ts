/** How connections to exchanges ended: how often and by which cause, as far as this server's own feeds know, and times without any. */
import type { FeedRow, OutageRow } from '../../../figures/operator-rows.ts'
import { causeOf, causeText, endsInOrder, outageMs } from '../../../figures/outages.ts'
import { instantText, lengthText } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Cell, Column, Table } from '../table.ts'
import { harmless, type Look } from '../text.ts'
import { emptyText } from './empty.ts'
import { countCell } from './pipeline.ts'

const EXCHANGE: Column = { title: 'Exchange', side: 'left' }
const ENDED: readonly Column[] = [
  { title: 'Live for', side: 'right', importance: 5 },
  { title: 'Ended', side: 'right' },
  { title: 'By cause', side: 'left', mayBeCut: true, importance: 1 },
]
const OUTAGES: readonly Column[] = [
  { title: 'Outages in 24 h', side: 'right' },
  { title: 'Lasted', side: 'right', importance: 2 },
  { title: 'Back at', side: 'right', importance: 4 },
  { title: 'By cause', side: 'left', mayBeCut: true, importance: 3 },
]

/** What the Feeds view has opened when this table is the one that is scrolled and sorted. */
export const ENDS = 'ends'

/** A row an exchange. Without feeds in the server's own process it has outages alone, which feeds report into the lake. */
export function endsTable(seen: Seen, look: Look): Table {
  const { feeds, outages = [] } = seen.ends ?? {}
  const exchanges = [...new Set([...(feeds ?? []), ...outages].map(({ exchange }) => exchange))].toSorted()
  return {
    columns: [EXCHANGE, ...(feeds ? ENDED : []), ...OUTAGES],
    rows: exchanges.map(exchange => {
      const own = outages.filter(each => each.exchange === exchange)
      const lastedMs = sum(own.map(outageMs))
      const [times, causes] = countedCells(
        own.map(({ cause }) => [causeOf(cause), 1]),
        look,
      )
      const ended = (feeds ?? [])
        .filter(each => each.exchange === exchange)
        .flatMap(({ connections }) => connections.flatMap(each => Object.entries(each.ends)))
      return {
        cells: [
          { text: harmless(exchange, look) },
          ...(feeds ? [liveCell(feeds, exchange), ...countedCells(ended, look)] : []),
          times,
          lastedMs > 0 ? { text: lengthText(lastedMs), order: lastedMs } : { text: '' },
          backCell(own),
          causes,
        ],
      }
    }),
    unit: 'exchange',
    empty: emptyText(
      seen,
      seen.ends !== undefined,
      'No connection was lost in the last day, as far as feeds have told.',
      'Reading how connections ended…',
    ),
  }
}

/** How long the youngest of an exchange's connections has stood: since then it has been connected again. */
function liveCell(feeds: readonly FeedRow[], exchange: string): Cell {
  const all = feeds.filter(each => each.exchange === exchange).flatMap(({ connections }) => connections)
  const dead = all.filter(({ live }) => !live).length
  if (dead > 0)
    return { text: all.length === 1 ? 'not live' : `${dead} of ${all.length} not live`, tone: 'bad', order: 0 }
  const ages = all.flatMap(({ age_seconds }) => (age_seconds === null ? [] : [age_seconds * 1000]))
  const youngest = Math.min(...ages)
  return ages.length === 0 ? { text: '' } : { text: lengthText(youngest), order: youngest }
}

/** When the newest outage ended. */
function backCell(outages: readonly OutageRow[]): Cell {
  const last = Math.max(...outages.map(({ to }) => Date.parse(to)))
  return outages.length === 0 ? { text: '' } : { text: instantText(last).slice(11), order: last }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** How many in all, and `it broke (3), nothing came any more`. */
function countedCells(counts: readonly (readonly [cause: string, times: number])[], look: Look): readonly [Cell, Cell] {
  const causes: Record<string, number> = {}
  for (const [cause, times] of counts) causes[cause] = (causes[cause] ?? 0) + times
  const text = endsInOrder(causes)
    .map(([cause, times]) => `${causeText(cause) ?? cause}${times > 1 ? ` (${times})` : ''}`)
    .join(', ')
  return [countCell(sum(Object.values(causes))), { text: harmless(text, look), tone: 'dim' }]
}
