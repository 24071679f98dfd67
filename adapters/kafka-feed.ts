/** A feed's side of Kafka: where its records go, and what it remembers there from one process to the next. */
import { Consumer, compatibilityPartitioner, MessagesStreamModes, Producer } from '@platformatic/kafka'
import { BadInput, messageOf } from '../domain/errors.ts'
import type { FeedPosition, Positions, RecordSink } from '../domain/feed-ports.ts'
import { FEED_GROUP_PREFIX } from '../domain/names.ts'
import type { KafkaAccess } from './kafka-access.ts'

/** Limit of one attempt; the feed tries again. */
const TIMEOUTS = { timeout: 10_000, connectTimeout: 5_000, requestTimeout: 15_000, retries: 2, retryDelay: 250 }
const CLIENT_ID = 'tradelake-feed'

export interface KafkaSink extends RecordSink {
  /** @throws BadInput where no broker answers, or a topic is not there */
  check(topics: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** Idempotent, acknowledged by all replicas, compressed (`npm run bench -- batch-bytes`); a key's partition is the one that Kafka's own clients choose. */
export function kafkaSink(access: KafkaAccess): KafkaSink {
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: CLIENT_ID,
    ...access,
    ...TIMEOUTS,
    idempotent: true,
    acks: -1,
    compression: 'zstd',
    partitioner: compatibilityPartitioner,
  })
  return {
    async check(topics) {
      let known: ReadonlyMap<string, unknown>
      try {
        known = (await producer.metadata({ topics: [...topics], forceUpdate: true })).topics
      } catch (error) {
        if (/UNKNOWN_TOPIC|unknown topic/i.test(detailsOf(error)))
          throw new BadInput(
            `Kafka at ${access.bootstrapBrokers.join(',')} lacks one of the topics ${topics.join(', ')}: deploy the stack, or start with --create-topics.`,
          )
        throw new BadInput(
          `No Kafka broker answers at ${access.bootstrapBrokers.join(',')} (${detailsOf(error)}): check --brokers and the login.`,
        )
      }
      const missing = topics.filter(topic => !known.has(topic))
      if (missing.length > 0) throw new BadInput(`Kafka has no topic ${missing[0]}: start with --create-topics.`)
    },
    async send(records) {
      const messages = records.map(({ topic, key, value, timestamp }) => ({
        topic,
        key: asBuffer(key),
        value: asBuffer(value),
        timestamp: BigInt(timestamp),
      }))
      await producer.send({ messages })
    },
    close: () => producer.close(),
  }
}

/**
 * Positions in a compacted topic: the last record of a key is what counts. `exchange` tells apart the feeds that share it.
 * `uuid` names the reader.
 */
export function kafkaPositions(
  access: KafkaAccess,
  sink: RecordSink,
  { topic, exchange, uuid }: { readonly topic: string; readonly exchange: string; readonly uuid: string },
): Positions {
  return {
    async load() {
      const consumer = new Consumer({
        clientId: CLIENT_ID,
        groupId: `${FEED_GROUP_PREFIX}${uuid}`,
        ...access,
        ...TIMEOUTS,
      })
      try {
        const [end = 0n] = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? []
        return [...(await readTo(consumer, topic, exchange, end)).values()]
      } finally {
        await consumer.close(true)
      }
    },
    async save(positions) {
      const records = positions.map(position => ({
        topic,
        key: Buffer.from(`${exchange}/${position.symbol}`),
        value: Buffer.from(JSON.stringify({ ...position, symbol: undefined })),
        timestamp: position.at,
      }))
      await sink.send(records)
    },
  }
}

async function readTo(
  consumer: Consumer,
  topic: string,
  exchange: string,
  end: bigint,
): Promise<Map<string, FeedPosition>> {
  const found = new Map<string, FeedPosition>()
  if (end === 0n) return found
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: false,
    maxWaitTime: 500,
  })
  for await (const { key, value, offset } of stream) {
    const [owner, symbol] = key.toString().split('/', 2)
    const position = JSON.parse(value.toString()) as Omit<FeedPosition, 'symbol'>
    if (owner === exchange) found.set(symbol, { ...position, symbol })
    // The last record is never compacted away.
    if (offset >= end - 1n) break
  }
  return found
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The client wraps an error several times: the innermost says what went wrong. */
function detailsOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error instanceof Error ? error.cause : undefined
  return inner === undefined ? messageOf(error) : detailsOf(inner)
}
