/** What is asked of every route whose answer is rows. */
import type { Context } from 'hono'
import { type Format, formatIn, type Numbers } from './formats.ts'
import { type Parameters, parametersOf } from './parameters.ts'

export interface RowsRequest {
  readonly query: URLSearchParams
  readonly read: Parameters
  readonly format: Format
  readonly numbers: Numbers
  /** Rows of a page. */
  readonly limit: number
}

const DEFAULT_LIMIT = 500

/** `names`: the parameters that the route has besides. @throws Problem */
export function rowsRequest(context: Context, names: readonly string[], mostRows: number): RowsRequest {
  const query = new URL(context.req.url).searchParams
  const read = parametersOf(query, [...names, 'limit', 'cursor', 'format', 'numbers'])
  return {
    query,
    read,
    format: formatIn(read, context.req.header('accept')),
    numbers: read.choice('numbers', ['decimal', 'float'], 'decimal'),
    limit: read.count('limit', DEFAULT_LIMIT, mostRows),
  }
}
