/** An answer of rows in the format that was asked for, known again by its content. */
import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { csvText, type Format, jsonRows, MEDIA_TYPES, type Numbers, type RowColumn } from './formats.ts'

export interface RowsAnswer<Row> {
  readonly columns: readonly RowColumn<Row>[]
  readonly rows: readonly Row[]
  readonly format: Format
  readonly numbers: Numbers
  /** Cursor of the next page; undefined at the end. */
  readonly next: string | undefined
  /** What else JSON says. */
  readonly about: Readonly<Record<string, unknown>>
}

/** Sends the rows; the cursor of the next page stands in the body as `next`, or in the header Link where a body has only rows. */
export function sendRows<Row>(context: Context, answer: RowsAnswer<Row>): Response {
  const { format, next } = answer
  const body = bodyOf(answer)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const headers: Record<string, string> = { 'cache-control': 'no-cache', etag, vary: 'accept, accept-encoding' }
  if (next !== undefined && format !== 'json') {
    const url = new URL(context.req.url)
    url.searchParams.set('cursor', next)
    headers.link = `<${url.pathname}${url.search}>; rel="next"`
  }
  const known = context.req
    .header('if-none-match')
    ?.split(',')
    .map(tag => tag.trim().replace(/^W\//, ''))
  if (known?.includes(etag) || known?.includes('*')) return context.body(null, 304, headers)
  return context.body(body, 200, { ...headers, 'content-type': MEDIA_TYPES[format] })
}

function bodyOf<Row>({ columns, rows, format, numbers, next, about }: RowsAnswer<Row>): string {
  if (format === 'csv') return csvText(columns, rows)
  const objects = jsonRows(columns, rows, numbers)
  if (format === 'ndjson') return objects.map(object => `${object}\n`).join('')
  const rest = JSON.stringify({ ...about, next: next ?? null }).slice(1)
  return `{"data":[${objects.join(',')}],${rest}`
}
