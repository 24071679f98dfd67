/** What is asked of every route whose answer is rows. */
import type { Context } from 'hono'
import { type Format, formatIn, type Numbers } from './formats.ts'
import type { ParameterName } from './parameter-list.ts'
import { type Parameters, parametersOf } from './parameters.ts'

export interface ReadRequest {
  readonly query: URLSearchParams
  readonly read: Parameters
  readonly format: Format
  readonly numbers: Numbers
}

export interface RowsRequest extends ReadRequest {
  /** Rows of a page. */
  readonly limit: number
  /** `limit=all`: no pages. */
  readonly isWhole: boolean
}

/** What they all have. */
export const ROWS_PARAMETERS = ['limit', 'cursor', 'format', 'numbers'] as const

const DEFAULT_LIMIT = 500

/** `names`: the parameters that the route has. @throws Problem */
export function readRequest(context: Context, names: readonly ParameterName[]): ReadRequest {
  const query = new URL(context.req.url).searchParams
  const read = parametersOf(query, names)
  return {
    query,
    read,
    format: formatIn(read, context.req.header('accept')),
    numbers: read.choice('numbers', ['decimal', 'float'], 'decimal'),
  }
}

/** The same of a route that has pages. @throws Problem */
export function rowsRequest(context: Context, names: readonly ParameterName[], mostRows: number): RowsRequest {
  const request = readRequest(context, names)
  const isWhole = request.read.text('limit') === 'all'
  return { ...request, limit: isWhole ? mostRows : request.read.count('limit', DEFAULT_LIMIT, mostRows), isWhole }
}
