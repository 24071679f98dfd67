/** What the page and the terminal both put into a request to `/v1`, and read from a refusal. */
import type { ProblemBody } from './rows.ts'

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** What was said against a request, in the API's own words. */
export class Refused extends Error {
  readonly status: number
  constructor(status: number, reason: string) {
    super(reason)
    this.status = status
  }
}

/** A route below `/v1/` with its parameters; those that are undefined are left out. */
export function pathOf(route: string, parameters: Parameters): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()
  return `${route}${query && `?${query}`}`
}

/** What an answer says whose status is none of success. */
export async function refusalOf(answer: Response): Promise<Refused> {
  const problem = (await answer.json().catch(() => ({}))) as ProblemBody
  const detail = problem.detail ?? problem.title ?? `The answer has the status ${answer.status}.`
  // Who typed a time into a field knows nothing of the parameter that it became.
  const name = `${problem.parameter ?? ''}: `
  return new Refused(answer.status, detail.startsWith(name) ? detail.slice(name.length) : detail)
}

export interface RowsPage<Row> {
  readonly data: readonly Row[]
  /** The cursor of the next page; null at the end. */
  readonly next: string | null
}

/** All rows, page after page; `ask` gives the page behind a cursor. @throws as `ask` */
export async function allRows<Row>(ask: (cursor: string | undefined) => Promise<RowsPage<Row>>): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const { data, next } = await ask(cursor)
    rows.push(...data)
    // Answers that have no pages say nothing of a next one.
    cursor = next ?? undefined
  } while (cursor !== undefined)
  return rows
}
