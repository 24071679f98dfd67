/** A topic log in memory, for tests and simulation. */
import {
  checkPartitions,
  checkPlaced,
  checkRecord,
  compareRecords,
  fillBatch,
  readReceipt,
  runsOf,
  sameRecord,
  sortPlaced,
  takenOffset,
  unknownTopic,
  type WaitingRecord,
} from '../../adapters/topic-batch.ts'
import type { LogRecord, TopicLog } from '../../domain/ports.ts'

interface Chunk {
  readonly id: number
  readonly partition: number
  first: number
  records: LogRecord[]
}

interface Partition {
  end: number
  /** In ascending order of their offsets, which never overlap. */
  chunks: Chunk[]
}

interface Topic {
  readonly partitions: Partition[]
  /** The partition that the next batch begins with. */
  next: number
}

/** Records live until they are acknowledged. */
export function memoryTopicLog(): TopicLog {
  const topics = new Map<string, Topic>()
  const sequences = new Map<string, number>()
  let nextChunk = 1

  function topicOf(name: string): Topic {
    const topic = topics.get(name)
    if (!topic) throw unknownTopic(name)
    return topic
  }

  function addChunk(topic: Topic, partition: number, first: number, records: LogRecord[]): void {
    const target = topic.partitions[partition]
    const at = target.chunks.findIndex(chunk => chunk.first > first)
    const chunk = { id: nextChunk++, partition, first, records }
    if (at < 0) target.chunks.push(chunk)
    else target.chunks.splice(at, 0, chunk)
    target.end = Math.max(target.end, first + records.length)
  }

  function waitingAt(topic: Topic, partition: number, offset: number): LogRecord | undefined {
    const chunk = topic.partitions[partition].chunks.find(
      ({ first, records }) => first <= offset && offset < first + records.length,
    )
    return chunk?.records[offset - chunk.first]
  }

  return {
    async createTopic(name, partitions) {
      checkPartitions(name, partitions)
      const topic = topics.get(name) ?? { partitions: [], next: 0 }
      while (topic.partitions.length < partitions) topic.partitions.push({ end: 0, chunks: [] })
      topics.set(name, topic)
    },
    async append(name, records, producer) {
      const topic = topicOf(name)
      if (producer && producer.sequence <= (sequences.get(producer.id) ?? Number.NEGATIVE_INFINITY)) return
      for (const record of records) checkRecord(name, topic.partitions.length, record)
      for (const [partition, group] of Map.groupBy(records, record => record.partition))
        addChunk(topic, partition, topic.partitions[partition].end, group)
      if (producer) sequences.set(producer.id, producer.sequence)
    },
    async lastSequence(producerId) {
      return sequences.get(producerId)
    },
    async place(name, records) {
      const topic = topicOf(name)
      for (const record of records) checkPlaced(name, topic.partitions.length, record)
      const fresh = sortPlaced(name, records).filter(record => {
        const there = waitingAt(topic, record.partition, record.offset)
        if (there && !sameRecord(there, record)) throw takenOffset(name, record)
        return !there
      })
      for (const run of runsOf(fresh, Number.POSITIVE_INFINITY)) addChunk(topic, run[0].partition, run[0].offset, run)
    },
    async compare(name, records) {
      const topic = topicOf(name)
      for (const record of records) checkPlaced(name, topic.partitions.length, record)
      return records.map(record => compareRecords(waitingAt(topic, record.partition, record.offset), record))
    },
    async poll(name, maxRecords) {
      const topic = topicOf(name)
      const partitions = topic.partitions.flatMap((partition, index) => (partition.chunks.length > 0 ? [index] : []))
      return fillBatch(name, partitions, topic.next, maxRecords, partition => waiting(topic.partitions[partition]))
    },
    async acknowledge(batch) {
      const { topic: name, next, taken } = readReceipt(batch)
      const topic = topicOf(name)
      topic.next = next
      for (const { chunk: id, partition, through } of taken) {
        const { chunks } = topic.partitions[partition]
        const chunk = chunks.find(other => other.id === id)
        if (!chunk || through < chunk.first) continue
        chunk.records = chunk.records.slice(through + 1 - chunk.first)
        chunk.first = through + 1
      }
      for (const partition of topic.partitions)
        partition.chunks = partition.chunks.filter(chunk => chunk.records.length > 0)
    },
    async ends(name) {
      return topicOf(name).partitions.map(({ end, chunks }, partition) => ({
        partition,
        end,
        waiting: chunks.reduce((sum, chunk) => sum + chunk.records.length, 0),
      }))
    },
  }
}

function* waiting({ chunks }: Partition): Generator<WaitingRecord> {
  for (const { id, first, records } of chunks)
    for (const [index, record] of records.entries()) yield { chunk: id, offset: first + index, record }
}
