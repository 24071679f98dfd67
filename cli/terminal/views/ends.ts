/** How connections to exchanges ended: how often and by which cause, as far as this server's own feeds know, and times without any. */
import { lengthText } from '../../../figures/times.ts'
import type { Seen } from '../seen.ts'
import type { Cell, Column, Table } from '../table.ts'
import { harmless, type Look } from '../text.ts'
import { countCell } from './pipeline.ts'

const EXCHANGE: Column = { title: 'Exchange', side: 'left' }
const ENDED: readonly Column[] = [
  { title: 'Ended', side: 'right' },
  { title: 'By cause', side: 'left', mayBeCut: true, importance: 1 },
]
const OUTAGES: readonly Column[] = [
  { title: 'Outages in 24 h', side: 'right' },
  { title: 'Lasted', side: 'right', importance: 2 },
  { title: 'By cause', side: 'left', mayBeCut: true, importance: 1 },
]

/** A row an exchange. Without feeds in the server's own process it has outages alone, which feeds report into the lake. */
export function endsTable({ ends }: Seen, look: Look): Table {
  const { feeds, outages = [] } = ends ?? {}
  const exchanges = [...new Set([...(feeds ?? []), ...outages].map(({ exchange }) => exchange))].toSorted()
  return {
    columns: [EXCHANGE, ...(feeds ? ENDED : []), ...OUTAGES],
    rows: exchanges.map(exchange => {
      const own = outages.filter(each => each.exchange === exchange)
      const lastedMs = sum(own.map(({ from, to }) => Math.max(0, Date.parse(to) - Date.parse(from))))
      // The cause is a word of the feeds, a colon, and what was said of it.
      const [times, causes] = countedCells(
        own.map(({ cause }) => [cause.split(':')[0], 1]),
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
    empty: ends
      ? 'No connection was lost in the last day, as far as feeds have told.'
      : 'Reading how connections ended…',
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** How many in all, and `stale 3, broken 1`. */
function countedCells(counts: readonly (readonly [cause: string, times: number])[], look: Look): readonly [Cell, Cell] {
  const causes = [...Map.groupBy(counts, ([cause]) => cause)]
    .map(([cause, some]) => ({ cause, times: sum(some.map(([, times]) => times)) }))
    .toSorted((a, b) => b.times - a.times)
  const text = causes.map(({ cause, times }) => `${cause} ${times}`).join(', ')
  return [countCell(sum(causes.map(({ times }) => times))), { text: harmless(text, look), tone: 'dim' }]
}
