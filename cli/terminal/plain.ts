/** A view as plain lines, for what is no terminal: all rows and columns, without tones. Pure. */
import type { Seen } from './seen.ts'
import { headLine, layout, rowLine, type Table } from './table.ts'
import { harmless, type Look, plainText, type Size } from './text.ts'
import { alarmsIn, notesIn, type ViewName, viewOf } from './views/views.ts'

const ENDLESS: Size = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }

export function plainLines(seen: Seen, view: ViewName, look: Look): readonly string[] {
  const { above, table } = viewOf(view, seen, { opened: undefined, since: undefined, ...ENDLESS }, look)
  const { connection } = seen
  return [
    `${harmless(seen.place, look)} at ${new Date(seen.nowMs).toISOString().slice(0, 19)}Z`,
    ...(connection.kind === 'broken' ? [harmless(`No connection: ${connection.reason}`, look)] : []),
    ...[...alarmsIn(seen), ...notesIn(seen)].map(text => harmless(text, look)),
    '',
    ...[...above, table].flatMap(part =>
      'columns' in part ? tableText(part, look) : ('block' in part ? part.block : [part]).map(plainText),
    ),
    '',
  ]
}

function tableText(table: Table, look: Look): string[] {
  if (table.rows.length === 0) return [table.empty]
  const plan = layout(table, ENDLESS.columns, undefined, look)
  return [headLine(table, plan, undefined, look), ...table.rows.map(row => rowLine(table, plan, row, look))].map(
    plainText,
  )
}
