/** A table that fits a width: columns go by their importance, names are cut, figures never are; what is left out is counted. */
import { compareDecimals } from '../../figures/decimals.ts'
import { cut, type Line, type Look, pad, plain, signsOf, type Tone, widthOf } from './text.ts'

export interface Column {
  readonly title: string
  /** The side that its cells stand at. */
  readonly side: 'left' | 'right'
  /** The least important one goes first; one without stays whatever the width. */
  readonly importance?: number
  /** It is a text that may be cut, not a figure. */
  readonly mayBeCut?: boolean
}

export interface Cell {
  readonly text: string
  readonly tone?: Tone
  /** Several pieces in the place of one. They make up the text. */
  readonly pieces?: Line
  /** What it is sorted by, where that is not its text: a number, or a decimal as text. */
  readonly order?: number | { readonly decimal: string }
}

export interface Row {
  readonly cells: readonly Cell[]
  /** What a filter looks into; by default the texts of its cells. */
  readonly words?: string
  /** What is opened when it is chosen. */
  readonly opens?: string
}

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** What one row is: `market`. */
  readonly unit: string
  /** What is said where there are none. */
  readonly empty: string
}

export interface Order {
  /** Number of the column. */
  readonly by: number
  readonly isDescending: boolean
}

const GAP = 2
const LEAST_NAME = 4
const WHOLE_NAME = 24

interface Layout {
  /** Numbers of the columns that are shown, and how wide each is. */
  readonly shown: readonly { readonly at: number; readonly width: number }[]
  /** Titles of the columns that are not. */
  readonly hidden: readonly string[]
  /** Columns that it takes at the least; undefined where it fits. */
  readonly needed: number | undefined
  /** Whether a text of some row is cut. */
  readonly isCut: boolean
}

/** Which columns fit, by all rows: a table does not jump while it is scrolled. */
export function layout({ columns, rows }: Table, width: number, order: Order | undefined, look: Look): Layout {
  const natural = columns.map((column, at) =>
    rows.reduce(
      (most, { cells }) => Math.max(most, widthOf(cells[at].text)),
      widthOf(titleOf(column, at, order, look)),
    ),
  )
  let shown = columns.map((_, at) => at)
  const least = (at: number) => (columns[at].mayBeCut ? Math.min(natural[at], LEAST_NAME) : natural[at])
  const total = (of: (at: number) => number) =>
    shown.reduce((sum, at) => sum + of(at), 0) + GAP * Math.max(0, shown.length - 1)
  for (;;) {
    const free = shown.filter(at => columns[at].importance !== undefined)
    if (total(cutOf(natural, columns)) <= width || free.length === 0) break
    const last = free.reduce((a, b) => ((columns[b].importance ?? 0) <= (columns[a].importance ?? 0) ? b : a))
    shown = shown.filter(at => at !== last)
  }
  const hidden = columns.flatMap(({ title }, at) => (shown.includes(at) ? [] : [title]))
  if (total(least) > width) return { shown: [], hidden, needed: total(least), isCut: false }
  const widths = new Map(shown.map(at => [at, natural[at]]))
  // The widest name gives way first.
  for (let over = total(at => widths.get(at) ?? 0) - width; over > 0; over--) {
    const names = shown.filter(at => (widths.get(at) ?? 0) > least(at))
    const widest = names.reduce((a, b) => ((widths.get(b) ?? 0) >= (widths.get(a) ?? 0) ? b : a))
    widths.set(widest, (widths.get(widest) ?? 0) - 1)
  }
  return {
    shown: shown.map(at => ({ at, width: widths.get(at) ?? 0 })),
    hidden,
    needed: undefined,
    isCut: shown.some(at => (widths.get(at) ?? 0) < natural[at]),
  }
}

/** A long text is cut before a column is left out, but a name of usual length is not. */
const cutOf = (natural: readonly number[], columns: readonly Column[]) => (at: number) =>
  columns[at].mayBeCut ? Math.min(natural[at], WHOLE_NAME) : natural[at]

export function headLine({ columns }: Table, { shown }: Layout, order: Order | undefined, look: Look): Line {
  return shown.map(({ at, width }, place) => {
    const { side } = columns[at]
    const title = pad(cut(titleOf(columns[at], at, order, look), width, look), width, side)
    return { text: (place === 0 ? '' : ' '.repeat(GAP)) + title, tone: 'title' }
  })
}

/** With a sign where the table is sorted by it. */
function titleOf({ title, side }: Column, at: number, order: Order | undefined, look: Look): string {
  if (order?.by !== at) return title
  const { up, down } = signsOf(look)
  const sign = order.isDescending ? down : up
  return side === 'left' ? title + sign : sign + title
}

export function rowLine({ columns }: Table, { shown }: Layout, { cells }: Row, look: Look): Line {
  return shown.flatMap(({ at, width }, place) => {
    const { text, tone = 'plain', pieces } = cells[at]
    const kept = cut(text, width, look)
    const room = ' '.repeat(Math.max(0, width - widthOf(kept)))
    const gap = place === 0 ? '' : ' '.repeat(GAP)
    const isWhole = kept === text && pieces
    const content = isWhole ? pieces : [{ text: kept, tone }]
    return columns[at].side === 'right' ? [plain(gap + room), ...content] : [plain(gap), ...content, plain(room)]
  })
}

/** What is cut of a row, in full: `Why: …`. */
export function cutTexts({ columns }: Table, { shown }: Layout, { cells }: Row): readonly string[] {
  return shown.flatMap(({ at, width }) =>
    widthOf(cells[at].text) > width ? [`${columns[at].title}: ${cells[at].text}`] : [],
  )
}

/** Rows that have all words of the filter, in the order that is asked for. */
export function arrange(rows: readonly Row[], filter: string, order: Order | undefined): readonly Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const found =
    words.length === 0
      ? rows
      : rows.filter(row => {
          const text = (row.words ?? row.cells.map(cell => cell.text).join(' ')).toLowerCase()
          return words.every(word => text.includes(word))
        })
  if (!order) return found
  const sign = order.isDescending ? -1 : 1
  return found.toSorted((a, b) => compareCells(a.cells[order.by], b.cells[order.by], sign))
}

/** What has no value stands last, whichever way it is sorted. */
function compareCells(a: Cell, b: Cell, sign: number): number {
  const [isNone, isOtherNone] = [a.text === '' && a.order === undefined, b.text === '' && b.order === undefined]
  if (isNone || isOtherNone) return Number(isNone) - Number(isOtherNone)
  const [one, other] = [a.order, b.order]
  if (typeof one === 'number' && typeof other === 'number') return sign * (one - other)
  if (typeof one === 'object' && typeof other === 'object') return sign * compareDecimals(one.decimal, other.decimal)
  return sign * (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)
}
