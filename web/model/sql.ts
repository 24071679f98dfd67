/** What a query in SQL gave, as cells to read and as lines to draw; and the queries that were asked before. */
import { csvField } from '../../figures/csv.ts'

export type SqlCell = string | number | boolean | null | object

/** `/v1/sql`. */
export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly SqlCell[])[]
  readonly more: boolean
  readonly hints: readonly string[]
  readonly milliseconds: number
}

/** Lines over one axis. */
export interface SqlLines {
  /** What stands below the axis. */
  readonly axis: string
  /** Seconds since 1970 where `isTime`. */
  readonly isTime: boolean
  readonly places: readonly number[]
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[]
}

const NUMBER = /^(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DECIMAL|FLOAT|DOUBLE)\b/
const TIME = /^(?:TIMESTAMP|DATE)\b/
/** More lines cannot be told apart. */
const MOST_LINES = 8

export const isNumber = (type: string): boolean => NUMBER.test(type)

export function cellText(cell: SqlCell): string {
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
}

/**
 * Over the first column of times, else of numbers, a line for each column of numbers: for each text of the first column of texts, where
 * there are few. Values are drawn as floats. undefined: there is nothing to draw.
 */
export function linesOf({ columns, rows }: SqlAnswer): SqlLines | undefined {
  const all = columns.map(({ name, type }, at) => ({ name, type, at }))
  const time = all.find(({ type }) => TIME.test(type))
  const numbers = all.filter(({ type }) => isNumber(type))
  const axis = time ?? (numbers.length > 1 ? numbers[0] : undefined)
  const drawn = numbers.filter(each => each !== axis)
  if (!axis || drawn.length === 0 || rows.length < 2) return undefined
  const names = all.find(({ type }) => type === 'VARCHAR')
  const groups = [...new Set(rows.map(row => (names ? cellText(row[names.at]) : '')))]
  const isGrouped = names !== undefined && groups.length * drawn.length <= MOST_LINES
  const placeOf = (row: readonly SqlCell[]) => (time ? secondsIn(cellText(row[axis.at])) : Number(row[axis.at]))
  const places = [...new Set(rows.map(placeOf))].filter(Number.isFinite).sort((a, b) => a - b)
  const index = new Map(places.map((place, at) => [place, at]))
  const lines = (isGrouped ? groups : ['']).flatMap(group => {
    const some = isGrouped ? rows.filter(row => cellText(row[names.at]) === group) : rows
    return drawn.slice(0, MOST_LINES).map(({ name, at }) => {
      const values: (number | null)[] = places.map(() => null)
      for (const row of some) values[index.get(placeOf(row)) ?? -1] = row[at] === null ? null : Number(row[at])
      return {
        name: [group, drawn.length > 1 || group === '' ? name : ''].filter(part => part !== '').join(' '),
        values,
      }
    })
  })
  return { axis: axis.name, isTime: time !== undefined, places, lines }
}

/** DuckDB's text of a time, which is UTC. */
function secondsIn(text: string): number {
  const [, day, clock = '00:00:00'] = /^(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}:\d{2}(?:\.\d+)?))?/.exec(text) ?? []
  return Date.parse(`${day}T${clock.slice(0, 12)}Z`) / 1000
}

/** RFC 4180, with a header; null is nothing. */
export function csvOf({ columns, rows }: SqlAnswer): string {
  const line = (fields: readonly string[]) => `${fields.join(',')}\n`
  const names = line(columns.map(({ name }) => csvField(name)))
  return names + rows.map(row => line(row.map(cell => (cell === null ? '' : csvField(cellText(cell)))))).join('')
}

const MOST_REMEMBERED = 30

/** The newest first, each once. */
export function remembered(history: readonly string[], query: string): readonly string[] {
  return [query, ...history.filter(each => each !== query)].slice(0, MOST_REMEMBERED)
}

/** What was remembered as JSON, whatever somebody made of it. */
export function historyIn(text: string | undefined): readonly string[] {
  try {
    const found: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(found) ? found.filter(each => typeof each === 'string').slice(0, MOST_REMEMBERED) : []
  } catch {
    return []
  }
}

/** What stands at places of an axis of time, seconds since 1970: the time of day, with the date below it where that is another one. */
export function axisTexts(places: readonly number[]): string[] {
  const isDays = places.every(place => place % 86_400 === 0)
  const isSeconds = places.some(place => place % 60 !== 0)
  return places.map((place, at) => {
    const text = new Date(place * 1000).toISOString()
    const date = text.slice(0, 10)
    if (isDays) return date
    const isOther = at === 0 || new Date(places[at - 1] * 1000).toISOString().slice(0, 10) !== date
    return text.slice(11, isSeconds ? 19 : 16) + (isOther ? `\n${date}` : '')
  })
}
