/** Asks the API of the server that the page comes from. */
import { allRows, type Parameters, pathOf, type RowsPage, refusalOf } from '../../figures/requests.ts'
import { access, refuseKey } from './access.ts'

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
    answer = await fetch(`/v1/${pathOf(route, parameters)}`, {
      method,
      ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Error('The server does not answer.', { cause: error })
  }
  if (answer.ok) return answer
  const refusal = await refusalOf(answer)
  if (answer.status === 401) refuseKey(refusal.message)
  throw refusal
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
  return allRows(cursor => askPage<Row>(route, { ...parameters, cursor }, signal))
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
