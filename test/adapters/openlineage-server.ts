/** A server that takes events, or does not, as others' lineage servers do on bad days; and lineage that is told to it. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLineage, type Lineage, type LineageOptions } from '../../adapters/openlineage.ts'
import { lineageSink } from '../../adapters/openlineage-sinks.ts'
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

export interface Said {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A server, and lineage that is told to it, with what that said and counted. */
export interface TestedLineage {
  readonly server: LineageServer
  readonly said: Said[]
  readonly metrics: ReadonlyMap<string, number>
  /** Lineage to the server, by default with a clock that stands still and tries that follow each other at once. */
  lineage(more?: Partial<LineageOptions>): Lineage
  /** The ends of runs that the server was told of. */
  ends(): RunEvent[]
  jobs(): string[]
  close(): Promise<void>
}

export async function testedLineage(): Promise<TestedLineage> {
  const server = await lineageServer()
  const said: Said[] = []
  const metrics = new Map<string, number>()
  const opened: Lineage[] = []
  const say = (level: string) => (message: string, fields: object) =>
    said.push({ level, message, fields: { ...fields } })
  const telemetry = {
    log: { info: say('info'), warn: say('warn'), error: say('error') },
    metrics: {
      addMetric: (name: string, _: string, value: number) => metrics.set(name, (metrics.get(name) ?? 0) + value),
      publishStoredMetrics() {},
    },
  }
  const ends = () => server.events.filter(({ eventType }) => eventType === 'COMPLETE')
  return {
    ...{ server, said, metrics, ends },
    lineage(more = {}) {
      const sink = lineageSink(server.url, {})
      if (!sink) throw new Error(`${server.url} is no sink.`)
      const clock = { now: () => 0 }
      const lineage = createLineage({ sink, clock, telemetry, backoff: { firstMs: 1, lastMs: 2 }, ...more })
      opened.push(lineage)
      return lineage
    },
    jobs: () => ends().map(({ job }) => job.name),
    async close() {
      server.release(201)
      await server.close()
      for (const lineage of opened) await lineage.close()
    },
  }
}
