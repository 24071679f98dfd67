/** An answer of rows in the format that was asked for, known again by its content. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Context } from 'hono'
import type { Batch } from '../../domain/columns.ts'
import { coded, codedStream } from '../http/compression.ts'
import { inTurns, TURN_ROWS, turn } from '../http/turns.ts'
import type { KeptAnswer, Memory } from './answer-memory.ts'
import { arrowBytes, arrowPieces } from './arrow.ts'
import { csvLines, csvNames, type Format, jsonRows, MEDIA_TYPES, type Numbers, type RowColumn } from './formats.ts'
import { parquetBytes } from './parquet.ts'
import { problem } from './problems.ts'
import { batchOf } from './row-batch.ts'

interface Answer<Row> {
  readonly columns: readonly RowColumn<Row>[]
  readonly format: Format
  readonly numbers: Numbers
  /** The same request is answered the same for ever. */
  readonly isFixed: boolean
}

export interface RowsAnswer<Row> extends Answer<Row> {
  /** Where the answer is kept, and until which time it may be (microseconds since 1970); it is not without. */
  readonly kept?: { readonly memory: Memory; readonly until: bigint }
  readonly rows: readonly Row[]
  /** Cursor of the next page; undefined at the end. */
  readonly next: string | undefined
  /** What else JSON says. */
  readonly about: Readonly<Record<string, unknown>>
}

/** A key's answers are nobody else's to keep. */
export const FOR_EVER = 'private, max-age=31536000, immutable'

/** Sends the rows; the cursor of the next page stands in the body as `next`, or in the header Link where a body has only rows. */
export async function sendRows<Row>(context: Context, answer: RowsAnswer<Row>): Promise<Response> {
  const { format, next } = answer
  if (answer.rows.length > TURN_ROWS) await turn(true)
  const body = bodyOf(answer)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const headers: Record<string, string> = { ...headersOf(answer), etag }
  if (next !== undefined && format !== 'json') {
    const url = new URL(context.req.url)
    url.searchParams.set('cursor', next)
    headers.link = `<${url.pathname}${url.search}>; rel="next"`
  }
  const sent =
    format === 'parquet' ? { body, coding: undefined } : await coded(body, context.req.header('accept-encoding'))
  if (sent.coding) {
    headers['content-encoding'] = sent.coding
    // The same rows in other bytes (RFC 9110, "Strong versus Weak").
    headers.etag = `W/${etag}`
  }
  headers['content-type'] = MEDIA_TYPES[format]
  // Text would be turned into bytes at each answer.
  const bytes = answer.kept && typeof sent.body === 'string' ? Buffer.from(sent.body) : sent.body
  answer.kept?.memory.keep({ body: bytes, headers }, answer.kept.until)
  return sendKept(context, { body: bytes, headers })
}

/** Sends an answer, or says that the client has it. */
export function sendKept(context: Context, { body, headers }: KeptAnswer): Response {
  if (isKnown(context, headers.etag)) {
    const { 'content-type': _, 'content-encoding': __, ...rest } = headers
    return context.body(null, 304, rest)
  }
  return context.body(body as string, 200, headers)
}

/** Whether the client has what the tag stands for, and asks only for something else. */
export function isKnown(context: Context, etag: string): boolean {
  const known = context.req.header('if-none-match')?.split(',').map(plainTag)
  return known !== undefined && (known.includes(plainTag(etag)) || known.includes('*'))
}

const plainTag = (tag: string) => tag.trim().replace(/^W\//, '')

function headersOf({ isFixed }: Pick<Answer<unknown>, 'isFixed'>): Record<string, string> {
  return { 'cache-control': isFixed ? FOR_EVER : 'no-cache', vary: 'accept, accept-encoding' }
}

function bodyOf<Row>(answer: RowsAnswer<Row>): string | Uint8Array<ArrayBuffer> {
  const { columns, rows, format, numbers, next, about } = answer
  switch (format) {
    case 'csv':
      return csvNames(columns) + csvLines(columns, rows)
    case 'arrow':
      return arrowBytes(columns, batchOf(columns, rows, numbers), numbers) as Uint8Array<ArrayBuffer>
    case 'parquet':
      return parquetBytes(columns, batchOf(columns, rows, numbers), numbers) as Uint8Array<ArrayBuffer>
    case 'ndjson':
      return linesOf(columns, rows, numbers)
    case 'json': {
      const rest = JSON.stringify({ ...about, next: next ?? null }).slice(1)
      return `{"data":[${jsonRows(columns, rows, numbers).join(',')}],${rest}`
    }
  }
}

function linesOf<Row>(columns: readonly RowColumn<Row>[], rows: readonly Row[], numbers: Numbers): string {
  return jsonRows(columns, rows, numbers)
    .map(object => `${object}\n`)
    .join('')
}

/** What a part of an answer is, as rows and as columns. */
interface PartOf<Row, Part> {
  count(part: Part): number
  /** Those from the first number up to but not including the second. */
  rows(part: Part, from: number, to: number): readonly Row[]
  batch(part: Part): Batch
  /** What columns of few texts may hold. */
  readonly names: Readonly<Record<string, readonly string[]>>
}

/**
 * Sends rows as they are read, however many: each part only when the client has taken the one before. Where reading fails the body is
 * cut off, which clients are told by HTTP.
 * @throws Problem 400 for a format that is one piece
 */
export async function streamRows<Row, Part>(
  context: Context,
  { columns, format, numbers, isFixed }: Answer<Row>,
  parts: AsyncGenerator<Part>,
  of: PartOf<Row, Part>,
): Promise<Response> {
  const headers = { ...headersOf({ isFixed }), 'content-type': MEDIA_TYPES[format] }
  if (format === 'json' || format === 'parquet')
    throw problem(
      400,
      `limit is all, which ${format} has no end for: give format=arrow, ndjson or csv, or a number.`,
      'limit',
    )
  // What fails at once is answered as it should be.
  const first = await parts.next()
  async function* all() {
    if (!first.done) yield first.value
    yield* parts
  }
  async function* batches() {
    for await (const part of all()) yield of.batch(part)
  }
  async function* texts() {
    if (format === 'csv') yield Buffer.from(csvNames(columns))
    for await (const part of all())
      for (let from = 0; from < of.count(part); from += TURN_ROWS) {
        const rows = of.rows(part, from, Math.min(from + TURN_ROWS, of.count(part)))
        yield Buffer.from(format === 'csv' ? csvLines(columns, rows) : linesOf(columns, rows, numbers))
      }
  }
  const pieces = format === 'arrow' ? arrowPieces(columns, batches(), numbers, of.names) : texts()
  const sent = codedStream(Readable.from(inTurns(pieces), { highWaterMark: 1 }), context.req.header('accept-encoding'))
  return context.body(sent.body, 200, { ...headers, ...(sent.coding && { 'content-encoding': sent.coding }) })
}
