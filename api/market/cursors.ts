/** Cursors: where a page of an answer ended, as text that names the query and the snapshots it goes on with. */
import { createHash } from 'node:crypto'
import { Problem, problem } from './problems.ts'

/** What may change from one page to the next. */
const NOT_OF_THE_QUERY = ['cursor', 'limit', 'format', 'numbers']

/** Names a query whatever the order of its parameters, of which some do not count. */
export function digestOf(query: URLSearchParams, except = NOT_OF_THE_QUERY): string {
  const asked = [...query].filter(([name]) => !except.includes(name)).sort()
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 16)
}

/** `parts` are JSON. */
export function cursorText(query: URLSearchParams, parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify([1, digestOf(query), ...parts])).toString('base64url')
}

/** What `read` makes of the parts; undefined without a cursor. @throws Problem 400 where it is none, or another query's */
export function readCursor<T>(query: URLSearchParams, read: (parts: readonly unknown[]) => T): T | undefined {
  const text = query.get('cursor')
  if (text === null || text === '') return undefined
  try {
    const [version, digest, ...parts] = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (version !== 1) throw new SyntaxError('another form')
    if (digest !== digestOf(query))
      throw problem(400, 'The cursor is of another query: give it with the parameters that it came from.', 'cursor')
    return read(parts)
  } catch (error) {
    if (error instanceof Problem) throw error
    throw problem(400, 'The cursor is none that this gave: take it from the field next of an answer.', 'cursor')
  }
}
