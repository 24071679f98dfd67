/** The Kafka topics as data: partitions, retention and the largest message. */
import type { Exchange } from './exchanges.ts'
import { FEED_POSITIONS_TOPIC } from './names.ts'
import { recordStreams } from './streams.ts'
import { DAY_MICROS } from './time.ts'

export interface TopicDefinition {
  readonly name: string
  readonly partitions: number
  /** By Kafka's names (Kafka documentation, "Topic configs"). */
  readonly settings: Readonly<Record<string, string>>
}

/** Time to mend Bronze without loss: a long weekend. */
export const TOPIC_RETENTION_DAYS = 4
/** The largest record, key and value together: a larger one would crowd an event of Lambda's 6 MB, which holds it as base64. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

export function topicDefinitions(exchanges: readonly Exchange[]): TopicDefinition[] {
  const records = recordStreams(exchanges).map(({ topic, partitions }) => ({
    name: topic,
    partitions,
    settings: {
      'retention.ms': String((BigInt(TOPIC_RETENTION_DAYS) * DAY_MICROS) / 1_000n),
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
    },
  }))
  return [...records, { name: FEED_POSITIONS_TOPIC, partitions: 1, settings: { 'cleanup.policy': 'compact' } }]
}
