/** The state of a feed, put together from its parts. */
import type { FeedStatus } from '../domain/server-ports.ts'
import type { Client } from './client.ts'
import type { Publisher } from './publisher.ts'

export const NO_ROOM = 'memory and disk are full of records that Kafka does not take'

export function statusOf(feed: {
  readonly healthy: boolean
  readonly clients: readonly Pick<
    Client,
    'current' | 'lastEnd' | 'lastFrame' | 'openCircuits' | 'refused' | 'ends' | 'markets'
  >[]
  readonly publisher: Pick<Publisher, 'hasRoom' | 'waiting'>
  readonly kafkaProblem: string | undefined
  readonly clockProblem: string | undefined
  readonly missingTrades: number
  /** By the steady clock. */
  readonly nowMs: number
}): FeedStatus {
  const { healthy, clients, publisher, kafkaProblem, clockProblem, missingTrades, nowMs } = feed
  const secondsSince = (ms: number | undefined) => (ms === undefined ? undefined : (nowMs - ms) / 1000)
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
    connections: clients.map(({ current, lastFrame, lastEnd, ends, markets }) => ({
      ...{ url: current?.url, live: current !== undefined, markets },
      ...{ ageSeconds: secondsSince(current?.liveSince), silentSeconds: secondsSince(lastFrame) },
      ...{ ends: Object.fromEntries(ends), lastEnd },
    })),
    waitingRecords: records,
    spillBytes,
    missingTrades,
    problems,
  }
}
