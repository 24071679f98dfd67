/** Reads topics of a real Kafka. */
import { Consumer, MessagesStreamModes } from '@platformatic/kafka'

export interface Read {
  readonly partition: number
  readonly key: string
  readonly value: Buffer
}

/** Everything that a topic has now. */
export async function readTopic(bootstrap: string, topic: string): Promise<Read[]> {
  const consumer = consumerOf(bootstrap)
  try {
    const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? []
    const left = ends.reduce((sum, end) => sum + end, 0n)
    const found: Read[] = []
    if (left === 0n) return found
    const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false })
    for await (const { partition, key, value } of stream) {
      found.push({ partition, key: key.toString(), value })
      if (BigInt(found.length) === left) break
    }
    return found
  } finally {
    await consumer.close(true)
  }
}

/** Where the partitions of each topic end. */
export async function endOffsets(bootstrap: string, topics: readonly string[]): Promise<Map<string, bigint[]>> {
  const consumer = consumerOf(bootstrap)
  try {
    return await consumer.listOffsets({ topics: [...topics] })
  } finally {
    await consumer.close(true)
  }
}

const consumerOf = (bootstrap: string) =>
  new Consumer({ clientId: 'test', groupId: 'test', bootstrapBrokers: [bootstrap] })
