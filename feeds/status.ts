/** The state of a feed, for probes and people. */
import type { Client } from './client.ts'
import type { Publisher } from './publisher.ts'

export interface FeedStatus {
  /** Whether the process itself is well. */
  readonly healthy: boolean
  /** Whether trades come in and go out. */
  readonly ready: boolean
  readonly connections: readonly { readonly url: string | undefined; readonly live: boolean }[]
  readonly waitingRecords: number
  readonly spillBytes: number
  readonly missingTrades: number
  readonly problems: readonly string[]
}

export const NO_ROOM = 'memory and disk are full of records that Kafka does not take'

export function statusOf(feed: {
  readonly healthy: boolean
  readonly clients: readonly Pick<Client, 'current' | 'lastEnd' | 'openCircuits' | 'refused'>[]
  readonly publisher: Pick<Publisher, 'hasRoom' | 'waiting'>
  readonly kafkaProblem: string | undefined
  readonly clockProblem: string | undefined
  readonly missingTrades: number
}): FeedStatus {
  const { healthy, clients, publisher, kafkaProblem, clockProblem, missingTrades } = feed
  const problems = [
    ...(kafkaProblem === undefined ? [] : [`Kafka: ${kafkaProblem}`]),
    ...(publisher.hasRoom ? [] : [NO_ROOM]),
    ...(clockProblem === undefined ? [] : [clockProblem]),
    ...clients.flatMap(({ current, lastEnd = 'connecting' }) => (current ? [] : [`no live connection (${lastEnd})`])),
    ...clients.flatMap(({ refused }) => [...refused]).map(([symbol, why]) => `${symbol} is not read (${why})`),
    ...clients.flatMap(({ openCircuits }) => openCircuits).map(url => `${url} failed again and again`),
  ]
  const { records, spillBytes } = publisher.waiting
  return {
    healthy,
    ready: kafkaProblem === undefined && publisher.hasRoom && clients.every(({ current }) => current),
    connections: clients.map(({ current }) => ({ url: current?.url, live: current !== undefined })),
    waitingRecords: records,
    spillBytes,
    missingTrades,
    problems,
  }
}
