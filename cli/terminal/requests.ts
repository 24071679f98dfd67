/** Asks the read API, wherever it is, for figures that are shown. */
import { messageOf } from '../../domain/errors.ts'
import { allRows, type Parameters, pathOf, type RowsPage, refusalOf } from '../../figures/requests.ts'

/** Asks a path below `/v1/`: of a server, or of the same code in this process. */
export type AskApi = (path: string, signal: AbortSignal) => Promise<Response>

/** @throws Refused; Error in words where nobody answers */
export async function askFor(
  ask: AskApi,
  route: string,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<Response> {
  let answer: Response
  try {
    answer = await ask(pathOf(route, parameters), signal)
  } catch (error) {
    signal.throwIfAborted()
    throw new Error(`No answer: ${reasonOf(error)}.`, { cause: error })
  }
  if (answer.ok) return answer
  throw await refusalOf(answer)
}

/** fetch says only that it failed; why stands in its cause. */
const reasonOf = (error: unknown): string =>
  messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error).replace(/\.$/, '')

/** All rows, page after page. @throws as `askFor` */
export async function askRows<Row>(
  ask: AskApi,
  route: string,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<readonly Row[]> {
  return allRows(
    async cursor => (await (await askFor(ask, route, { ...parameters, cursor }, signal)).json()) as RowsPage<Row>,
  )
}

/** The lines of a body that goes on, each as JSON, until it ends or the signal aborts. @throws Error where it breaks */
export async function* linesOf(answer: Response, signal: AbortSignal): AsyncGenerator<unknown> {
  if (!answer.body) return
  const reader = answer.body.getReader()
  const end = () => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', end)
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      signal.throwIfAborted()
      if (done) return
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line)
    }
  } finally {
    signal.removeEventListener('abort', end)
    await reader.cancel().catch(() => {})
  }
}
