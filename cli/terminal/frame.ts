/** A whole screen, from what is known and what was pressed: as many lines as the terminal has. Pure. */
import { count as countOf } from '../../figures/pipeline.ts'
import { alarmLines, type Foot, footOf, tabsLine, titleLine } from './edges.ts'
import { type Drawn, HELP, type Screen, tableName } from './keys.ts'
import type { Seen } from './seen.ts'
import { arrange, cutTexts, headLine, layout, type Row, rowLine, type Table } from './table.ts'
import {
  cut,
  cutLine,
  dim,
  harmless,
  inLetters,
  type Line,
  type Look,
  lineWidth,
  plain,
  type Size,
  spaces,
  wrap,
} from './text.ts'
import { alarmsIn, LEAST_TABLE, type Part, viewOf } from './views/views.ts'

export interface Frame {
  readonly lines: readonly Line[]
  readonly drawn: Drawn
  /** The screen as it was drawn: rows may have gone, or the terminal become smaller. */
  readonly screen: Screen
}

/** An empty line, and what is cut. */
const DETAILS = 5
const LEAST: Size = { columns: 20, rows: 7 }
const NOTHING: Drawn = { rows: 0, page: 1, columns: [], opens: undefined }

export function frameOf(seen: Seen, screen: Screen, size: Size, look: Look): Frame {
  const { columns, rows } = size
  if (columns < LEAST.columns || rows < LEAST.rows) {
    const words = saidIn(`Too small: ${LEAST.columns} by ${LEAST.rows} is needed.`, { columns, rows }, look)
    return { lines: filled(words, rows), drawn: NOTHING, screen }
  }
  const alarms = alarmsIn(seen)
  const head: Line[] = [
    titleLine(seen, columns, look),
    tabsLine(screen, columns, look),
    // The help has room for all keys on 24 lines, where nothing else is said.
    ...(screen.isHelp ? [[]] : alarmLines(alarms, seen, size, look)),
  ]
  const room = rows - head.length - FOOT_LINES
  const body = screen.isHelp ? helpBody(columns, room, look) : bodyOf(seen, screen, { columns, rows: room }, look)
  const foot = screen.isHelp
    ? [[], [dim(cut('Any key closes the help.', columns, look))]]
    : footOf(body, screen, seen.hint, columns, look)
  return {
    lines: [...head, ...filled(body.lines, room), ...foot],
    drawn: body.drawn,
    screen: { ...screen, at: body.at, top: body.top },
  }
}

const FOOT_LINES = 2

/** A sentence in the place of a picture. */
const saidIn = (text: string, { columns, rows }: Size, look: Look): Line[] =>
  wrap(inLetters(text, look), columns, Math.max(1, rows), look).map(line => [dim(line)])

function filled(lines: readonly Line[], rows: number): Line[] {
  return Array.from({ length: rows }, (_, at) => lines[at] ?? [])
}

interface Body extends Foot {
  readonly lines: readonly Line[]
  readonly at: number
  readonly top: number
}

function bodyOf(seen: Seen, screen: Screen, { columns, rows }: Size, look: Look): Body {
  const view = viewOf(screen.view, seen, { opened: screen.opened, since: screen.since, columns, rows }, look)
  const parts = view.above.map(part => partOf(part, columns, look))
  // What stands above gives way to the table, the last part first; but not the name of what is opened.
  const least = screen.opened !== undefined && rows >= LEAST_TABLE ? 1 : 0
  let kept = parts.length
  const upperRows = () => parts.slice(0, kept).reduce((sum, { lines }) => sum + lines.length, 0)
  while (kept > least && upperRows() + LEAST_TABLE > rows) kept--
  const upper = parts.slice(0, kept).flatMap(({ lines }) => lines)
  const leftOut = parts.slice(kept).flatMap(({ rows, unit }) => (rows > 0 ? [countOf(rows, unit)] : []))
  const order = screen.orders[tableName(screen)]
  const { table } = view
  const plan = layout(table, columns, order, look)
  const left = rows - upper.length - 1
  // What is cut of the chosen row stands below in full, where there is room for it.
  const below = plan.isCut && left >= DETAILS * 2 ? DETAILS : 0
  const room = Math.max(1, left - below)
  const arranged = arrange(table.rows, screen.filter, order)
  const at = Math.max(0, Math.min(arranged.length - 1, screen.at))
  const top = Math.max(0, Math.min(Math.max(at - room + 1, Math.min(screen.top, at)), arranged.length - room))
  const shown = arranged.slice(top, top + room)
  const drawn: Drawn = {
    ...{ rows: arranged.length, page: room, opens: arranged[at]?.opens, nowMs: seen.nowMs },
    columns: plan.shown.map(({ at }) => at),
  }
  const none =
    plan.needed !== undefined
      ? `${plan.needed} columns are needed for this.`
      : table.rows.length === 0
        ? table.empty
        : arranged.length === 0
          ? `No ${table.unit} has all of: ${harmless(screen.filter, look)}`
          : undefined
  const lines =
    none !== undefined
      ? saidIn(none, { columns, rows: left + 1 }, look)
      : [
          headLine(table, plan, order, look),
          ...shown.map((row, place) => lineOf(table, plan, row, top + place === at, columns, look)),
        ]
  const chosen = below > 0 ? arranged[at] : undefined
  const details = chosen ? cutTexts(table, plan, chosen).flatMap(text => wrap(text, columns, DETAILS - 1, look)) : []
  const body =
    details.length > 0 ? [...filled(lines, room + 2), ...details.slice(0, DETAILS - 1).map(text => [dim(text)])] : lines
  return {
    ...{ lines: [...upper, ...body], drawn, at, top, order },
    hidden: [...parts.flatMap(({ hidden }) => hidden), ...plan.hidden],
    ...{ above: top, below: Math.max(0, arranged.length - top - room), leftOut },
    ...{ total: table.rows.length, unit: table.unit, orderTitle: order ? table.columns[order.by].title : '' },
  }
}

/** The chosen row is lit from edge to edge. */
function lineOf(
  table: Table,
  plan: ReturnType<typeof layout>,
  row: Row,
  isChosen: boolean,
  width: number,
  look: Look,
): Line {
  const line = rowLine(table, plan, row, look)
  if (!isChosen) return line
  const text = line.map(piece => piece.text).join('')
  return [{ text: text + spaces(width - lineWidth(line)), tone: 'chosen' }]
}

interface Drawing {
  readonly lines: Line[]
  /** Titles of columns that are not shown. */
  readonly hidden: readonly string[]
  /** Rows of a table, and what one of them is. */
  readonly rows: number
  readonly unit: string
}

function partOf(part: Part, columns: number, look: Look): Drawing {
  if ('columns' in part) return tableLines(part, columns, look)
  const lines = ('block' in part ? part.block : [part]).map(line => cutLine(line, columns, look))
  return { lines, hidden: [], rows: 0, unit: '' }
}

const lineOnly = (line: Line, width: number, look: Look): Drawing => ({
  lines: [cutLine(line, width, look)],
  hidden: [],
  rows: 0,
  unit: '',
})

function tableLines(table: Table, width: number, look: Look): Drawing {
  const plan = layout(table, width, undefined, look)
  const rows = table.rows.length
  if (plan.needed !== undefined) return lineOnly([dim(`${plan.needed} columns are needed for this.`)], width, look)
  if (rows === 0) return lineOnly([dim(inLetters(table.empty, look))], width, look)
  return {
    lines: [headLine(table, plan, undefined, look), ...table.rows.map(row => rowLine(table, plan, row, look))],
    ...{ hidden: plan.hidden, rows, unit: table.unit },
  }
}

function helpBody(width: number, room: number, look: Look): Body {
  const keys = Math.max(...HELP.map(([keys]) => keys.length))
  const lines = HELP.map(
    ([names, does]): Line => cutLine([{ text: names.padEnd(keys + 2), tone: 'bold' }, plain(does)], width, look),
  )
  // Two columns where one has not the room.
  const half = Math.ceil(lines.length / 2)
  const isTall = lines.length <= room
  const widest = Math.max(...lines.slice(0, half).map(lineWidth)) + 3
  const beside = isTall
    ? lines
    : lines
        .slice(0, half)
        .map((line, at) =>
          cutLine([...line, plain(spaces(widest - lineWidth(line))), ...(lines[at + half] ?? [])], width, look),
        )
  return {
    ...{ lines: beside, drawn: NOTHING, at: 0, top: 0, hidden: [], above: 0, below: 0, leftOut: [] },
    ...{ total: 0, unit: '', order: undefined, orderTitle: '' },
  }
}
