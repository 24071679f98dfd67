/**
 * The bridge: a local stand-in for Lambda's Kafka event source mapping, which no free emulator has. For a mapping it reads the topic in
 * the mapping's own consumer group, fills an event (by number, by time since its first record, by 6 MB), invokes the function
 * with it, and commits the offsets only when that succeeded; a failed event comes again, for ever. One event at a time, so
 * each partition is worked off in order. After a rebalance whatever was not committed is read again.
 *
 * Source: Lambda developer guide, "Using Lambda with self-managed Apache Kafka" and "How Lambda processes records".
 */
import { Consumer, type Message, MessagesStreamFallbackModes, MessagesStreamModes } from '@platformatic/kafka'
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { messageOf } from '../domain/errors.ts'
import { draftKafkaEvent, type EventRecord, type KafkaEvent, type KafkaEventRecord } from '../domain/events.ts'
import type { Clock, Log } from '../domain/ports.ts'

/** The settings of an event source mapping that the bridge needs. */
export interface KafkaMapping {
  readonly topic: string
  readonly functionName: string
  readonly groupId: string
  readonly batchRecords: number
  readonly windowMs: number
}

export interface BridgeOptions {
  readonly mapping: KafkaMapping
  readonly bootstrap: string
  /** Resolves when the function has succeeded; rejects where it failed. */
  readonly invoke: (functionName: string, event: KafkaEvent) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export interface Bridge {
  readonly delivered: { events: number; records: number; failures: number }
  /** Ends after the invocation under way. */
  stop(): Promise<void>
}

type KafkaMessage = Message<Buffer, Buffer, Buffer, Buffer>

const BACKOFF: Backoff = { firstMs: 200, lastMs: 10_000 }
/** How long the broker may hold an answer back for more records. */
const FETCH_WAIT_MS = 100

/** Starts polling; while the broker is down it keeps trying. */
export function startBridge({ mapping, bootstrap, invoke, clock, log }: BridgeOptions): Bridge {
  const delivered = { events: 0, records: 0, failures: 0 }
  let running = true
  const ended = run()

  async function run(): Promise<void> {
    while (running) {
      const consumer = newConsumer()
      try {
        await poll(consumer)
      } catch (error) {
        log.warn('bridge joins again', { topic: mapping.topic, problem: messageOf(error) })
        await clock.sleep(BACKOFF.firstMs)
      } finally {
        // Leaving fails while the broker is down, and that does not matter.
        await consumer.close(true).catch(error => log.warn('bridge left', { problem: messageOf(error) }))
      }
    }
  }

  function newConsumer(): Consumer {
    return new Consumer({
      clientId: `bridge-${mapping.functionName}`,
      groupId: mapping.groupId,
      bootstrapBrokers: [bootstrap],
      autocommit: false,
      maxWaitTime: FETCH_WAIT_MS,
    })
  }

  async function poll(consumer: Consumer): Promise<void> {
    // Each assignment of partitions has a number: records that came under an earlier assignment are read again.
    const assignment = { number: 0 }
    consumer.on('consumer:group:join', () => {
      assignment.number++
    })
    const stream = await consumer.consume({
      topics: [mapping.topic],
      mode: MessagesStreamModes.COMMITTED,
      // TRIM_HORIZON
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    })
    const messages = stream[Symbol.asyncIterator]()
    let next = messages.next()
    while (running) {
      const batch: KafkaMessage[] = []
      const draft = draftKafkaEvent(mapping.topic, { eventSource: 'SelfManagedKafka', bootstrapServers: bootstrap })
      let end = Number.POSITIVE_INFINITY
      const under = assignment.number
      for (;;) {
        const left = end - clock.steady()
        if (batch.length >= mapping.batchRecords || left <= 0 || !running) break
        const waited = await Promise.race([next, clock.sleep(Math.min(left, FETCH_WAIT_MS)).then(() => undefined)])
        if (waited === undefined) continue
        if (waited.done) return
        if (!draft.add(recordOf(waited.value), headersOf(waited.value))) break
        batch.push(waited.value)
        if (batch.length === 1) end = clock.steady() + mapping.windowMs
        next = messages.next()
      }
      if (batch.length > 0) await deliver(draft.event(), batch, () => running && under === assignment.number)
    }
  }

  /** Invokes until it succeeds, or as long as the partitions are this bridge's. */
  async function deliver(event: KafkaEvent, batch: readonly KafkaMessage[], mine: () => boolean): Promise<void> {
    let failures = 0
    while (mine()) {
      try {
        await invoke(mapping.functionName, event)
      } catch (error) {
        delivered.failures++
        log.warn('event comes again', { function: mapping.functionName, problem: messageOf(error) })
        await clock.sleep(pauseMs(BACKOFF, failures++))
        continue
      }
      await commitBatch(batch)
      delivered.events++
      delivered.records += batch.length
      return
    }
  }

  return {
    delivered,
    async stop() {
      running = false
      await ended
    },
  }
}

/** The last record of each partition stands for those before it. */
async function commitBatch(batch: readonly KafkaMessage[]): Promise<void> {
  const last = new Map(batch.map(message => [message.partition, message]))
  await Promise.all([...last.values()].map(message => message.commit()))
}

function recordOf({ partition, offset, timestamp, key, value }: KafkaMessage): EventRecord {
  // A missing key is undefined here, and so is a tombstone's value.
  return { partition, offset: Number(offset), timestamp: Number(timestamp), key: key ?? null, value: value ?? null }
}

function headersOf({ headers }: KafkaMessage): KafkaEventRecord['headers'] {
  return [...headers].map(([name, bytes]) => ({ [name.toString()]: [...bytes] }))
}
