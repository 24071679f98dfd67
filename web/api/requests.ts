/** Asks the API of the server that the page comes from. */
import type { ProblemBody } from '../../figures/rows.ts'
import { access, refuseKey } from './access.ts'

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** What the server said against a request, in its own words. */
export class Refused extends Error {
  readonly status: number
  constructor(status: number, reason: string) {
    super(reason)
    this.status = status
  }
}

export function pathOf(route: string, parameters: Parameters): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return `/v1/${route}${text && `?${text}`}`
}

/** @throws Refused; Error in words where the server does not answer */
export async function ask(
  route: string,
  parameters: Parameters = {},
  signal?: AbortSignal,
  method: 'GET' | 'POST' | 'PUT' = 'GET',
): Promise<Response> {
  const { key } = access.get()
  let answer: Response
  try {
    answer = await fetch(pathOf(route, parameters), {
      method,
      ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Error('The server does not answer.', { cause: error })
  }
  if (answer.ok) return answer
  const problem: ProblemBody = await answer.json().catch(() => ({}))
  const reason = problem.detail ?? problem.title ?? `The server answered with status ${answer.status}.`
  if (answer.status === 401) refuseKey(reason)
  throw new Refused(answer.status, reason)
}

export interface RowsPage<Row> {
  readonly data: readonly Row[]
  /** The cursor of the next page; null at the end. */
  readonly next: string | null
}

/** @throws as `ask` */
export async function askPage<Row>(
  route: string,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<RowsPage<Row>> {
  return (await (await ask(route, parameters, signal)).json()) as RowsPage<Row>
}

/** All rows of an answer that fits one page. @throws as `ask` */
export async function askRows<Row>(
  route: string,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<readonly Row[]> {
  return (await askPage<Row>(route, parameters, signal)).data
}

/** The same of an answer that has pages, all of them. @throws as `ask` */
export async function askAllRows<Row>(
  route: string,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await askPage<Row>(route, { ...parameters, cursor }, signal)
    rows.push(...page.data)
    if (page.next === null) return rows
    cursor = page.next
  }
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
