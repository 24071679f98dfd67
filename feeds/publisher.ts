/**
 * Sends a feed's records to Kafka in batches, one at a time and in order. Nothing waits longer than the flush interval for
 * its batch. While Kafka is down, records wait in memory up to a limit, then on disk up to another; beyond both the
 * feed must stop reading. A record is forgotten only when Kafka has it.
 */
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { sumOf } from '../domain/counts.ts'
import { messageOf } from '../domain/errors.ts'
import type { FeedRecord, RecordSink, Spill, Timers } from '../domain/feed-ports.ts'
import type { Log } from '../domain/ports.ts'
import type { Random } from './random.ts'
import { createTimeouts } from './timeouts.ts'

export interface PublisherOptions {
  readonly sink: RecordSink
  readonly spill: Spill
  readonly timers: Timers
  readonly random: Random
  readonly log: Log
  /** Limit for records in memory: about what their keys and values take. */
  readonly memoryBytes: number
  readonly spillBytes: number
}

export interface PublisherEvents {
  /** A batch is in Kafka; how long it took, and how long its oldest record had waited before, milliseconds. */
  sent(records: number, bytes: number, tookMs: number): void
  failed(problem: string): void
  /** Whether there is room: once full, false until enough has been sent. */
  room(isThere: boolean): void
}

export interface Publisher {
  publish(record: FeedRecord): void
  /** Resolves when everything published before is in Kafka. */
  barrier(): Promise<void>
  readonly hasRoom: boolean
  /** Whether Kafka keeps up: little waits in memory, and nothing on disk. */
  readonly isQuick: boolean
  readonly waiting: { readonly records: number; readonly bytes: number; readonly spillBytes: number }
  /**
   * Sends what waits, for this many milliseconds at most; the rest goes to disk. Gives how many records that is.
   * @throws TradelakeError where the disk does not take them; the next start finds their trades missing
   */
  close(milliseconds: number): Promise<number>
}

const FLUSH_MS = 100
const BATCH_RECORDS = 10_000
const BATCH_BYTES = 1024 * 1024
const BACKOFF: Backoff = { firstMs: 100, lastMs: 5_000 }
/** There is room again when this share of the spill's limit is free. */
const ROOM_AGAIN = 0.5
/** The share of the memory for records that may be taken while trades of the past are fetched. */
const QUICK = 0.5
/** What a record takes in memory besides its bytes. */
const OVERHEAD_BYTES = 200

export function createPublisher(options: PublisherOptions, events: PublisherEvents): Publisher {
  const { sink, spill, timers, random, log } = options
  const timeouts = createTimeouts(timers)
  let queue: FeedRecord[] = []
  let queueBytes = 0
  /** The batch that is being sent, and whether it came from the spill. */
  let sending: { readonly records: readonly FeedRecord[]; readonly spilled: boolean } | undefined
  /** Records on their way to the spill: written some at a time. */
  let toSpill: FeedRecord[] = []
  /** Counted in the order of publishing, which is the order of sending. */
  let published = spill.records
  let sent = 0
  let spilling = spill.bytes > 0
  let hasRoom = true
  let failures = 0
  let cancelFlush: (() => void) | undefined
  /** A flush was due while another batch was under way. */
  let flushDue = false
  let closing = false
  let closed = false
  let barriers: { readonly at: number; readonly done: () => void }[] = []
  if (spilling) later(0)

  function publish(record: FeedRecord): void {
    published++
    if (spilling) toSpill.push(record)
    else {
      queue.push(record)
      queueBytes += sizeOf(record)
    }
    if (!spilling && queueBytes > options.memoryBytes) beginSpilling()
    if (toSpill.length >= 1_000) writeSpill()
    if (queue.length >= BATCH_RECORDS || queueBytes >= BATCH_BYTES) flush()
    else later(FLUSH_MS)
  }

  function later(milliseconds: number): void {
    cancelFlush ??= timeouts.after(milliseconds, () => {
      cancelFlush = undefined
      flush()
    })
  }

  function beginSpilling(): void {
    spilling = true
    log.warn('Kafka takes no records: what comes now goes to disk', { records: queue.length, bytes: queueBytes })
  }

  function writeSpill(): void {
    if (toSpill.length === 0) return
    try {
      spill.append(toSpill)
      toSpill = []
    } catch (error) {
      // They stay in memory, and the feed reads no more.
      log.error('the disk takes no more records', { problem: messageOf(error), waiting: toSpill.length })
      setRoom(false)
    }
    if (spill.bytes > options.spillBytes) setRoom(false)
  }

  function setRoom(isThere: boolean): void {
    if (hasRoom === isThere) return
    hasRoom = isThere
    events.room(isThere)
  }

  /** Sends the next batch unless one is under way. */
  function flush(): void {
    if (spilling) writeSpill()
    flushDue = sending !== undefined
    if (sending) return
    sending = nextBatch()
    if (sending) void send(sending.records)
  }

  function nextBatch(): typeof sending {
    if (queue.length > 0) {
      const records = queue.length <= BATCH_RECORDS ? queue : queue.slice(0, BATCH_RECORDS)
      queue = records === queue ? [] : queue.slice(BATCH_RECORDS)
      queueBytes -= bytesOf(records)
      return { records, spilled: false }
    }
    if (!spilling) return undefined
    const records = spill.next(BATCH_BYTES)
    if (records.length > 0) return { records, spilled: true }
    if (toSpill.length > 0) {
      // The disk did not take them, but Kafka does.
      const left = toSpill
      toSpill = []
      return { records: left, spilled: false }
    }
    spilling = false
    setRoom(true)
    log.info('everything that was on disk is in Kafka', {})
    return undefined
  }

  async function send(records: readonly FeedRecord[]): Promise<void> {
    const began = timers.steady()
    try {
      await sink.send(records)
    } catch (error) {
      if (closed) return
      events.failed(messageOf(error))
      const retryMs = pauseMs(BACKOFF, failures++)
      log.warn('Kafka did not take a batch', { records: records.length, problem: messageOf(error), retryMs })
      // The same records again: Kafka may then have some of them twice, but Gold keeps each once.
      timeouts.after(retryMs * (0.5 + random() / 2), () => void send(records))
      if (spilling) writeSpill()
      return
    }
    // Closed meanwhile: the batch has gone to disk, and may come twice.
    if (closed) return
    failures = 0
    const fromSpill = sending?.spilled === true
    sending = undefined
    if (fromSpill) spill.taken()
    if (!hasRoom && spill.bytes < options.spillBytes * ROOM_AGAIN && toSpill.length === 0) setRoom(true)
    sent += records.length
    events.sent(records.length, bytesOf(records), timers.steady() - began)
    settle()
    if (queue.length >= BATCH_RECORDS || queueBytes >= BATCH_BYTES || flushDue || spilling || closing) flush()
    else if (queue.length > 0) later(FLUSH_MS)
  }

  function settle(): void {
    const done = barriers.filter(({ at }) => at <= sent)
    barriers = barriers.filter(({ at }) => at > sent)
    for (const barrier of done) barrier.done()
  }

  return {
    publish,
    barrier() {
      return new Promise(resolve => {
        barriers.push({ at: published, done: resolve })
        settle()
      })
    },
    get hasRoom() {
      return hasRoom
    },
    get isQuick() {
      return !spilling && queueBytes < options.memoryBytes * QUICK
    },
    get waiting() {
      return {
        records: queue.length + toSpill.length + (sending?.records.length ?? 0),
        bytes: queueBytes,
        spillBytes: spill.bytes,
      }
    },
    async close(milliseconds) {
      closing = true
      cancelFlush?.()
      flush()
      await new Promise<void>(resolve => {
        barriers.push({ at: published, done: resolve })
        settle()
        timeouts.after(milliseconds, resolve)
      })
      closed = true
      timeouts.cancelAll()
      const left = [...(sending && !sending.spilled ? sending.records : []), ...queue, ...toSpill]
      try {
        if (left.length > 0) spill.append(left)
      } finally {
        spill.close()
      }
      return left.length
    },
  }
}

function sizeOf(record: FeedRecord): number {
  return OVERHEAD_BYTES + record.key.length + record.value.length
}

function bytesOf(records: readonly FeedRecord[]): number {
  return sumOf(records, record => sizeOf(record))
}
