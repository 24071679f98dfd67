/** The formats of answers, and rows as text: each column is named once with its type, and every format writes it by that. */
import { parseAccept } from 'hono/utils/accept'
import { trimmedDecimal } from '../../domain/decimal.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import type { Parameters } from './parameters.ts'
import { problem } from './problems.ts'

/** What a column of an answer is, whatever its rows are made of. */
export interface ColumnShape {
  readonly name: string
  /** `time`: microseconds since 1970; `decimal`: units of 10^-scale; `count` below 2^53. */
  readonly type: 'text' | 'time' | 'decimal' | 'count'
  readonly scale?: number
  /** A text that is another one in nearly every row. */
  readonly isUnique?: boolean
  /** Meaning and unit, in a line. */
  readonly doc: string
}

export interface RowColumn<Row> extends ColumnShape {
  /** undefined is a null. */
  value(row: Row): string | bigint | undefined
}

export const FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet'] as const
export type Format = (typeof FORMATS)[number]

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
}

/** `decimal`: decimals as text, exactly; `float`: as JSON's numbers, which many programs round to 53 bits. */
export type Numbers = 'decimal' | 'float'

/**
 * By the parameter `format`, else by the header Accept: of what it takes, what weighs most (RFC 9110, "Accept"), the first of several;
 * `*` alone is JSON. @throws Problem 406
 */
export function formatIn(read: Parameters, accept: string | undefined): Format {
  if (read.text('format') !== undefined) return read.choice('format', FORMATS, 'json')
  const taken = parseAccept(accept || '*/*')
  const refused = new Set(taken.filter(({ q }) => q === 0).map(({ type }) => type.toLowerCase()))
  for (const { type, q } of taken) {
    const wanted = type.toLowerCase()
    const found = FORMATS.find(format => {
      const [name] = MEDIA_TYPES[format].split(';')
      return !refused.has(name) && [name, `${name.split('/')[0]}/*`, '*/*'].includes(wanted)
    })
    if (found && q > 0) return found
  }
  throw problem(
    406,
    `Accept asks for ${accept}: give one of ${Object.values(MEDIA_TYPES).join(', ')}, or format=json.`,
    'format',
  )
}

/** Each row as a JSON object. */
export function jsonRows<Row>(columns: readonly RowColumn<Row>[], rows: readonly Row[], numbers: Numbers): string[] {
  const names = columns.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  return rows.map(row => {
    let text = ''
    for (let i = 0; i < columns.length; i++) text += names[i] + jsonValue(columns[i], row, numbers)
    return `${text}}`
  })
}

/** Each row as a line; a null is nothing between its commas. */
export function csvLines<Row>(columns: readonly RowColumn<Row>[], rows: readonly Row[]): string {
  return rows.map(row => `${columns.map(column => csvValue(textOf(column, row))).join(',')}\r\n`).join('')
}

/** The line before them. */
export function csvNames(columns: readonly ColumnShape[]): string {
  return `${columns.map(({ name }) => name).join(',')}\r\n`
}

function jsonValue<Row>(column: RowColumn<Row>, row: Row, numbers: Numbers): string {
  const text = textOf(column, row)
  if (text === undefined) return 'null'
  if (column.type === 'text') return JSON.stringify(text)
  return column.type === 'count' || (column.type === 'decimal' && numbers === 'float') ? text : `"${text}"`
}

/** A leading sign or equals would make a formula of it in a spreadsheet; no name or number here has one. */
function csvValue(text: string | undefined): string {
  if (text === undefined) return ''
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function textOf<Row>({ type, scale = 0, value }: RowColumn<Row>, row: Row): string | undefined {
  const found = value(row)
  if (found === undefined || typeof found === 'string') return found
  if (type === 'time') return timeText(found)
  return type === 'decimal' ? trimmedDecimal(found, scale) : found.toString()
}

/** As `2026-11-20T10:00:00Z`, with six digits after the point where it is no whole second. */
export function timeText(micros: bigint): string {
  const day = Number(micros / DAY_MICROS)
  if (day !== lastDay) [lastDay, lastDate] = [day, new Date(day * 86_400_000).toISOString().slice(0, 11)]
  const rest = Number(micros % DAY_MICROS)
  const [hour, minute, second] = [
    Math.floor(rest / 3_600_000_000),
    Math.floor(rest / 60_000_000) % 60,
    Math.floor(rest / 1_000_000) % 60,
  ]
  const seconds = `${lastDate}${TWO[hour]}:${TWO[minute]}:${TWO[second]}`
  const fraction = rest % 1_000_000
  return fraction === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(6, '0')}Z`
}

const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'))
/** Most times of an answer are of one day, whose date is worked out once. */
let lastDay = Number.NaN
let lastDate = ''
