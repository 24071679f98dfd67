/** Coverage as a heat map: what each market has in each bucket of time, in one word. */
import { fromText, KINDS, type Kind, kindSince, lackOf, missingText, WHOLE } from '../../figures/coverage.ts'
import { multiplyDecimals } from '../../figures/decimals.ts'
import { count } from '../../figures/pipeline.ts'
import { type CoverageRow, marketName } from '../../figures/rows.ts'

const HOUR_MS = 3_600_000

export interface HeatCell {
  readonly kind: Kind
  /** The bucket has not ended. */
  readonly isOpen: boolean
  readonly row: CoverageRow
  /** When the market was first traded, milliseconds since 1970, where it is known. */
  readonly firstMs?: number | undefined
}

export interface HeatMap {
  /** The buckets' starts, milliseconds since 1970. */
  readonly starts: readonly number[]
  readonly lines: readonly HeatLine[]
}

export interface HeatLine {
  readonly exchange: string
  readonly symbol: string
  /** By bucket; undefined before the market's first trade. */
  readonly cells: readonly (HeatCell | undefined)[]
}

/** Markets in the order in which rows name them. Buckets before `fromMs` are left out. `first`: as of `firstTrades`. */
export function heatMapOf(
  rows: readonly CoverageRow[],
  fromMs: number,
  first: ReadonlyMap<string, number> = new Map(),
): HeatMap {
  const shown = rows.filter(({ start }) => Date.parse(start) >= fromMs)
  const starts = [...new Set(shown.map(({ start }) => Date.parse(start)))].sort((a, b) => a - b)
  const places = new Map(starts.map((start, place) => [start, place]))
  const lines = [...Map.groupBy(shown, ({ exchange, symbol }) => `${exchange} ${symbol}`).values()].map(some => {
    const cells: (HeatCell | undefined)[] = starts.map(() => undefined)
    const firstMs = first.get(marketName(some[0]))
    for (const row of some)
      cells[places.get(Date.parse(row.start)) ?? -1] = {
        ...{ kind: kindSince(row, firstMs), isOpen: row.status === 'open', row, firstMs },
      }
    return { exchange: some[0].exchange, symbol: some[0].symbol, cells }
  })
  return { starts, lines }
}

/** The same in the same order, so many together at the most. */
export function inGroups<T>(items: readonly T[], most: number): T[][] {
  const groups: T[][] = []
  for (let from = 0; from < items.length; from += most) groups.push(items.slice(from, from + most))
  return groups
}

/** How many cells there are of each kind that there is, the worst first. */
export function kindsIn({
  lines,
}: HeatMap): { readonly kind: Kind; readonly sign: string; readonly says: string; readonly cells: number }[] {
  const cells = Map.groupBy(
    lines.flatMap(line => line.cells.flatMap(cell => cell ?? [])),
    ({ kind }) => kind,
  )
  return KINDS.flatMap(each => {
    const some = cells.get(each.kind)
    return some ? [{ ...each, cells: some.length }] : []
  })
}

/** Buckets of a market that have ended and are of its time from begin to end, and those of them where nothing is missing. */
export function wholeOf({ cells }: HeatLine): { readonly whole: number; readonly ended: number } {
  const ended = cells.flatMap(cell => (cell && !cell.isOpen && cell.kind !== 'partial' ? [cell] : []))
  const whole = ended.filter(({ kind }) => WHOLE.has(kind))
  return { whole: whole.length, ended: ended.length }
}

/** Those with the most buckets in which something is missing first, then by missing numbers; else as they were. */
export function worstFirst(lines: readonly HeatLine[]): readonly HeatLine[] {
  const lackOf = (line: HeatLine) => {
    const { whole, ended } = wholeOf(line)
    return ended - whole
  }
  const missingOf = ({ cells }: HeatLine) => cells.reduce((sum, cell) => sum + (cell?.row.missing ?? 0), 0)
  return lines.toSorted((a, b) => lackOf(b) - lackOf(a) || missingOf(b) - missingOf(a))
}

/** The share that is here, `99.5 %`; undefined where the exchange gives no numbers. */
export function percentOf({ complete }: CoverageRow): string | undefined {
  return complete === null ? undefined : `${multiplyDecimals(complete, '100')} %`
}

/** What is said of a cell in one line. */
export function cellText(cell: HeatCell): string {
  const { kind, row } = cell
  const says = KINDS.find(each => each.kind === kind)?.says
  const missing = missingText(lackOf([row]))
  return `${stateText(cell)}: ${says}; ${count(row.trades, 'trade')}${missing && `, ${missing}`}`
}

/** What a bucket is, and whether it goes on; `open` says that itself. */
export function stateText({ kind, isOpen, row, firstMs }: HeatCell): string {
  if (kind === 'partial' && firstMs !== undefined)
    return `complete ${fromText(firstMs, Date.parse(row.end) - Date.parse(row.start) <= HOUR_MS)}`
  return isOpen && kind !== 'open' ? `${kind}, not over yet` : kind
}
