/** A server that takes events, or does not: what others' lineage servers do on bad days. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunEvent } from '../../domain/openlineage.ts'

export interface LineageServer {
  readonly url: string
  readonly events: RunEvent[]
  readonly requests: { readonly path: string | undefined; readonly headers: IncomingHttpHeaders }[]
  /** How the next requests are answered: by a status, or never (undefined). */
  answer: (event: RunEvent) => number | undefined
  /** Answers what was left waiting. */
  release(status: number): void
  close(): Promise<void>
}

export async function lineageServer(): Promise<LineageServer> {
  const held: ServerResponse[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const event = JSON.parse(body) as RunEvent
    made.events.push(event)
    made.requests.push({ path: request.url, headers: request.headers })
    const status = made.answer(event)
    if (status === undefined) held.push(response)
    else response.writeHead(status).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const made: LineageServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events: [],
    requests: [],
    answer: () => 201,
    release(status) {
      for (const response of held.splice(0)) response.writeHead(status).end()
    },
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return made
}
