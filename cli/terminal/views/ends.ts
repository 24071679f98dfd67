/** How connections to exchanges ended: how often and by which cause, as far as this server's own feeds know, and times without any. */
import { causeOf, causeText, endsInOrder, outageMs } from '../../../figures/outages.ts'
import { lengthText } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Cell, Column, Table } from '../table.ts'
import { harmless, type Look } from '../text.ts'
import { emptyText } from './empty.ts'
import { countCell } from './pipeline.ts'

const EXCHANGE: Column = { title: 'Exchange', side: 'left' }
const ENDED: readonly Column[] = [
  { title: 'Ended', side: 'right' },
  { title: 'By cause', side: 'left', mayBeCut: true, importance: 1 },
]
const OUTAGES: readonly Column[] = [
  { title: 'Outages in 24 h', side: 'right' },
  { title: 'Lasted', side: 'right', importance: 3 },
  { title: 'By cause', side: 'left', mayBeCut: true, importance: 2 },
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
          ...(feeds ? countedCells(ended, look) : []),
          times,
          lastedMs > 0 ? { text: lengthText(lastedMs), order: lastedMs } : { text: '' },
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
