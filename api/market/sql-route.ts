/** `GET /v1/sql`: what a query of DuckDB's over the tables' current snapshots gives. It reads them and nothing else, one query at a time. */
import type { Context } from 'hono'
import type { Answer } from '../../adapters/duckdb-reader.ts'
import { BadInput, Corrupt, messageOf, NotFound, TradelakeError } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { EVER } from '../../domain/ranges.ts'
import { cellJson } from '../../domain/sql.ts'
import { queryViews } from '../../tables/views.ts'
import { createSeats } from '../http/seats.ts'
import { inTurns } from '../http/turns.ts'
import { parametersOf } from './parameters.ts'
import { problem } from './problems.ts'
import { requireRepaired } from './repairs.ts'
import type { MarketOptions, Route } from './route.ts'
import { hintsOf, sqlProblem } from './sql-hints.ts'

const MOST_LETTERS = 10_000
const DEFAULT_LIMIT = 500
const MAX_LIMIT = 10_000
/** Rows of long texts are fewer. */
const MOST_BYTES = 8 * 1024 * 1024
/** So many wait for their turn; more are too many for one engine. */
const MOST_WAITING = 16

const text = { type: 'string' }
export const SQL: Route = {
  ...{ method: 'get', path: '/sql', parameters: ['query', 'limit'] },
  summary:
    'The first rows of what a query in SQL gives, over all tables as they are now. A client that leaves ends its query.',
  body: {
    type: 'object',
    required: ['columns', 'rows', 'more', 'hints', 'milliseconds'],
    properties: {
      columns: {
        type: 'array',
        items: { type: 'object', required: ['name', 'type'], properties: { name: text, type: text } },
      },
      rows: { type: 'array', items: { type: 'array' }, description: 'Decimals and integers beyond 2^53 are text.' },
      more: { type: 'boolean', description: 'Whether there are rows that are not given.' },
      hints: { type: 'array', items: text, description: 'Why there may be none: values that no row has.' },
      milliseconds: { type: 'number' },
    },
  },
  answer,
}

async function answer(context: Context, { ports, sql }: MarketOptions): Promise<Response> {
  const read = parametersOf(new URL(context.req.url).searchParams, ['query', 'limit'])
  if (!sql)
    throw problem(
      404,
      'There is no SQL here: this server is not on the machine of its lake. tradelake sql --stack has it.',
    )
  const query = read.text('query')
  if (query === undefined)
    throw problem(400, 'query is missing: give a statement, as SELECT count(*) FROM gold_crypto_trades.', 'query')
  if (query.length > MOST_LETTERS)
    throw problem(400, `query has ${query.length} letters: give at most ${MOST_LETTERS}.`, 'query')
  const limit = read.count('limit', DEFAULT_LIMIT, MAX_LIMIT)
  const { signal } = context.req.raw
  return alone(signal, async () => {
    const since = ports.clock.steady()
    const views = await queryViews({ exchanges: EXCHANGES, ports }, query)
    for (const table of views.tables) await requireRepaired(ports, table, undefined, EVER)
    const reader = await sql(views)
    try {
      const { columns, rows } = await reader.query(query, signal)
      const found = await firstRows({ columns, rows }, limit)
      const hints = found.rows.length === 0 ? await hintsOf(reader, query) : []
      const names = columns.map(({ name, type }) => ({ name, type }))
      const rest = JSON.stringify({
        ...{ columns: names, more: found.hasMore, hints },
        milliseconds: Math.round((ports.clock.steady() - since) * 10) / 10,
      })
      return context.body(`{"rows":[${found.rows.join(',')}],${rest.slice(1)}`, 200, {
        ...{ 'content-type': 'application/json', 'cache-control': 'no-cache' },
      })
    } catch (error) {
      throw refusalOf(error, query)
    } finally {
      reader.close()
    }
  })
}

async function firstRows({ columns, rows }: Answer, limit: number) {
  const found: string[] = []
  let bytes = 0
  for await (const some of inTurns(rows))
    for (const cells of some) {
      if (found.length === limit || bytes > MOST_BYTES) return { rows: found, hasMore: true }
      const row = `[${cells.map((cell, at) => cellJson(columns[at], cell)).join(',')}]`
      bytes += row.length
      found.push(row)
    }
  return { rows: found, hasMore: false }
}

/** What DuckDB has against a query is for who wrote it; what it has against files and itself is not. */
function refusalOf(error: unknown, query: string): unknown {
  const isOurs = error instanceof NotFound || error instanceof Corrupt || !(error instanceof TradelakeError)
  const message = messageOf(error)
  if (error instanceof BadInput || (!isOurs && !/^DuckDB: (?:IO|INTERNAL|FATAL)/i.test(message)))
    return problem(400, sqlProblem(message.replace(/^DuckDB: /, ''), query), 'query')
  return error
}

const engine = createSeats(1)

/** Does the work when no other query runs. A client that leaves while it waits waits no longer. @throws Problem 503 */
async function alone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (engine.standing() >= MOST_WAITING)
    throw problem(503, `${MOST_WAITING} queries wait already: try again in a while.`)
  await engine.take()
  try {
    if (signal.aborted) throw problem(503, 'The client left before it was answered.')
    return await work()
  } finally {
    engine.leave()
  }
}
