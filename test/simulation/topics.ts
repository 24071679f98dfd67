/** Topics and their event source mappings: what is published, in which life of a topic, and how its batches reach Bronze. */
import type { KafkaEvent } from '../../domain/events.ts'
import type { LogRecord, PlacedRecord, PolledBatch, TopicLog } from '../../domain/ports.ts'
import type { RecordStream } from '../../domain/streams.ts'
import { memoryTopicLog } from '../memory/topic-log.ts'
import { splitEvent } from './events.ts'
import { type Lambda, MAX_TRIES } from './lambda.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const BACKOFF_MS = [1_000, 4_000, 16_000, 60_000]

/** What the platform did with the records of one life of a topic. */
export interface TopicLife {
  /** Name of its stream. */
  readonly stream: string
  readonly published: { readonly partition: number; readonly offset: number; readonly record: LogRecord }[]
  /** `partition/offset` of what an invocation got, of what one took with success, and of what left the topic before. */
  readonly delivered: Set<string>
  readonly acknowledged: Set<string>
  readonly gone: Set<string>
}

export interface Topics {
  publish(name: string, records: readonly LogRecord[]): Promise<void>
  /** The same from a feed: nothing but the records comes with it. */
  append(name: string, records: readonly LogRecord[]): Promise<void>
  readonly lives: readonly TopicLife[]
  /**
   * Deletes the topic and makes it again, as of its next record; a poller still brings the last batch of the old one after each of
   * these, milliseconds. Gives whether there was one.
   */
  recreate(name: string, echoes: readonly number[]): Promise<boolean>
  /** Kafka's retention deletes this many of the first records that are published next, before anyone takes them. */
  trim(name: string, records: number, trimmed: () => void): void
  /** As a process that holds all topics reads them. */
  readonly log: TopicLog
}

interface Topic {
  readonly log: TopicLog
  readonly life: TopicLife
  readonly stream: RecordStream
  /** The next offset of each partition. */
  readonly ends: number[]
  polling: boolean
  failures: number
}

/** Where the log of a topic's nth life begins. */
export type LogStart = (life: number) => number

/** `bronze`: the function of each stream. `deployed`: called where new code comes with a publication. */
export function createTopics(
  world: World,
  options: {
    readonly streams: readonly RecordStream[]
    readonly bronze: ReadonlyMap<string, Lambda<KafkaEvent, unknown>>
    readonly logStart: LogStart
    readonly deployed: () => void
  },
): Topics {
  const { streams, bronze, logStart, deployed } = options
  const { scheduler, random } = world
  const lives: TopicLife[] = []
  const topics = new Map<string, Topic>()
  const trimmings = new Map<string, () => Promise<void>>()
  const at = (delay: number, label: string, run: () => void | Promise<void>) =>
    scheduler.add({ due: scheduler.now() + delay, label, owner: undefined, run })

  async function newLife(stream: RecordStream): Promise<void> {
    const { name, topic, partitions } = stream
    const log = memoryTopicLog()
    await log.createTopic(topic, partitions)
    const life: TopicLife = {
      stream: name,
      published: [],
      delivered: new Set(),
      acknowledged: new Set(),
      gone: new Set(),
    }
    const start = logStart(lives.length)
    lives.push(life)
    const polling = topics.get(name)?.polling ?? false
    topics.set(name, { log, life, stream, ends: Array(partitions).fill(start), polling, failures: 0 })
  }

  async function publish(name: string, records: readonly LogRecord[]): Promise<void> {
    const stream = streams.find(candidate => candidate.name === name)!
    const kind = world.point('publish', name)
    if (!topics.has(name) || kind === 'recreate') await newLife(stream)
    if (kind === 'deploy') deployed()
    await place(name, records)
  }

  async function append(name: string, records: readonly LogRecord[]): Promise<void> {
    if (!topics.has(name)) await newLife(streams.find(candidate => candidate.name === name)!)
    await place(name, records)
  }

  async function place(name: string, records: readonly LogRecord[]): Promise<void> {
    const { stream } = topics.get(name)!
    const { life, ends, log } = topics.get(name)!
    const placed = records.map((record): PlacedRecord => ({ ...record, offset: ends[record.partition]++ }))
    for (const [i, { partition, offset }] of placed.entries())
      life.published.push({ partition, offset, record: records[i] })
    await log.place(stream.topic, placed)
    await trimmings.get(name)?.()
    poll(name, stream.batchWindowSeconds * SECOND)
  }

  function poll(name: string, delay: number): void {
    const topic = topics.get(name)!
    if (topic.polling) return
    topic.polling = true
    at(delay, `event source of ${name}`, async () => {
      const now = topics.get(name)!
      now.polling = false
      const { batchRecords, topic } = now.stream
      // Split differently from the last time.
      const most = now.failures === 0 ? batchRecords : 1 + Math.floor(random() * batchRecords)
      const batch = await now.log.poll(topic, most)
      if (!batch) return
      now.polling = true
      void deliver(name, now.life, batch)
    })
  }

  async function deliver(name: string, life: TopicLife, batch: PolledBatch): Promise<void> {
    const kind = world.point('batch', name)
    const [ok] = await Promise.all([
      kind === 'swapped'
        ? inParts(name, life, splitEvent(batch.event, 2).reverse())
        : invokeBronze(name, life, batch.event),
      ...(kind === 'rebalance' ? [inParts(name, life, splitEvent(batch.event, 2))] : []),
    ])
    const topic = topics.get(name)!
    topic.polling = false
    if (kind === 'reset') await replay(name, life)
    if (topic.life !== life) return poll(name, SECOND)
    if (topic.failures === MAX_TRIES) return
    if (ok && kind !== 'redeliver') await topic.log.acknowledge(batch)
    const backoff = BACKOFF_MS[Math.min(topic.failures, BACKOFF_MS.length - 1)]
    topic.failures = ok && kind !== 'redeliver' ? 0 : topic.failures + 1
    poll(name, ok ? 0 : backoff)
  }

  async function inParts(name: string, life: TopicLife, events: readonly KafkaEvent[]): Promise<boolean> {
    for (const event of events) if (!(await invokeBronze(name, life, event))) return false
    return true
  }

  async function replay(name: string, life: TopicLife): Promise<void> {
    const again = life.published.filter(({ partition, offset }) => life.delivered.has(`${partition}/${offset}`))
    const event = await eventOf(topics.get(name)!.stream, again)
    if (event && topics.get(name)!.life === life) await inParts(name, life, splitEvent(event, 3))
  }

  async function invokeBronze(name: string, life: TopicLife, event: KafkaEvent): Promise<boolean> {
    const keys = placesIn(event)
    for (const key of keys) life.delivered.add(key)
    const outcome = await bronze.get(name)?.invoke(event)
    if (outcome?.ok) for (const key of keys) life.acknowledged.add(key)
    return outcome?.ok ?? false
  }

  async function recreate(name: string, echoes: readonly number[]): Promise<boolean> {
    const old = topics.get(name)
    if (!old || old.life.published.length === 0) return false
    await newLife(old.stream)
    const buffered = await eventOf(old.stream, old.life.published.slice(-old.stream.batchRecords))
    for (const echo of buffered ? echoes : [])
      at(echo, `event source of ${name} still has a batch`, () => void invokeBronze(name, old.life, buffered!))
    return true
  }

  function trim(name: string, records: number, trimmed: () => void): void {
    trimmings.set(name, async () => {
      trimmings.delete(name)
      const { log, life, stream } = topics.get(name)!
      const batch = await log.poll(stream.topic, records)
      for (const place of batch ? placesIn(batch.event) : []) life.gone.add(place)
      if (batch) await log.acknowledge(batch)
      trimmed()
    })
  }

  // What was polled last of each topic, to know what an acknowledgement takes.
  const held = new Map<PolledBatch, Topic>()
  const log: TopicLog = {
    ...memoryTopicLog(),
    async poll(name, most) {
      const topic = [...topics.values()].find(({ stream }) => stream.topic === name)
      const batch = await topic?.log.poll(name, most)
      if (!topic || !batch) return undefined
      held.set(batch, topic)
      for (const place of placesIn(batch.event)) topic.life.delivered.add(place)
      return batch
    },
    async acknowledge(batch) {
      const topic = held.get(batch)
      if (!topic) return
      held.delete(batch)
      for (const place of placesIn(batch.event)) topic.life.acknowledged.add(place)
      await topic.log.acknowledge(batch)
    },
    async ends(name) {
      const topic = [...topics.values()].find(({ stream }) => stream.topic === name)
      if (topic) return topic.log.ends(name)
      const { partitions } = streams.find(stream => stream.topic === name)!
      return Array.from({ length: partitions }, (_, partition) => ({ partition, end: 0, waiting: 0 }))
    },
  }

  return { publish, append, lives, recreate, trim, log }
}

function placesIn(event: KafkaEvent): string[] {
  return Object.values(event.records).flatMap(records =>
    records.map(({ partition, offset }) => `${partition}/${offset}`),
  )
}

/** These records as one batch. */
async function eventOf(
  { topic, partitions }: RecordStream,
  records: TopicLife['published'],
): Promise<KafkaEvent | undefined> {
  const log = memoryTopicLog()
  await log.createTopic(topic, partitions)
  await log.place(
    topic,
    records.map(({ offset, record }) => ({ ...record, offset })),
  )
  return (await log.poll(topic, records.length))?.event
}
