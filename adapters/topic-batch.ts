/**
 * What both topic logs share: the rules of records, and how an event is filled from the waiting records.
 * A chunk is a run of records at consecutive offsets that all wait; an acknowledgement only ever shortens it from the front.
 */
import { AlreadyExists, BadInput, NotFound } from '../domain/errors.ts'
import { draftKafkaEvent } from '../domain/events.ts'
import type { LogRecord, PlacedRecord, PolledBatch } from '../domain/ports.ts'
import { MAX_MESSAGE_BYTES } from '../domain/topics.ts'

/** Records taken from one partition before the next has its turn. */
const TURN_RECORDS = 32
const SOURCE = {
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:local:000000000000:cluster/tradelake/embedded',
  bootstrapServers: 'embedded:9092',
}

export interface WaitingRecord {
  readonly chunk: number
  readonly offset: number
  readonly record: LogRecord
}

/** All records of one chunk up to and including this offset. */
export interface Taken {
  readonly chunk: number
  readonly partition: number
  readonly through: number
}

export function unknownTopic(topic: string): NotFound {
  return new NotFound(`There is no topic ${topic} in the log: create it first.`)
}

/** @throws BadInput where Kafka would refuse the record */
export function checkRecord(topic: string, partitions: number, record: LogRecord): void {
  const { partition, key, value, timestamp } = record
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw new BadInput(`Topic ${topic} has no partition ${partition}: it has ${partitions}.`)
  if (!Number.isSafeInteger(timestamp))
    throw new BadInput(`A record for ${topic}-${partition} has the timestamp ${timestamp}: give whole milliseconds.`)
  const bytes = (key?.length ?? 0) + (value?.length ?? 0)
  if (bytes > MAX_MESSAGE_BYTES)
    throw new BadInput(`A record for ${topic}-${partition} has ${bytes} bytes: the topic takes ${MAX_MESSAGE_BYTES}.`)
}

/** @throws BadInput where the topic cannot have an offset like that */
export function checkPlaced(topic: string, partitions: number, record: PlacedRecord): void {
  checkRecord(topic, partitions, record)
  if (!Number.isSafeInteger(record.offset) || record.offset < 0)
    throw new BadInput(`Offset ${record.offset} of ${topic}-${record.partition} is none: give a whole number from 0.`)
}

/** @throws BadInput where the count is none */
export function checkPartitions(topic: string, partitions: number): void {
  if (!Number.isSafeInteger(partitions) || partitions < 1)
    throw new BadInput(`Topic ${topic} cannot have ${partitions} partitions: give at least 1.`)
}

/** The placed records by partition and offset, each offset once. @throws AlreadyExists where two differ at one offset */
export function sortPlaced(topic: string, records: readonly PlacedRecord[]): PlacedRecord[] {
  const sorted = [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset)
  return sorted.filter((record, index) => {
    const before = sorted[index - 1]
    if (before?.partition !== record.partition || before.offset !== record.offset) return true
    if (!sameRecord(before, record)) throw takenOffset(topic, record)
    return false
  })
}

export function takenOffset(topic: string, record: PlacedRecord): AlreadyExists {
  return new AlreadyExists(
    `Offset ${record.offset} of ${topic}-${record.partition} is taken by other bytes: replay into an empty lake.`,
  )
}

export function sameRecord(a: LogRecord, b: LogRecord): boolean {
  return a.timestamp === b.timestamp && sameBytes(a.key, b.key) && sameBytes(a.value, b.value)
}

/** What `compare` says of a record where `there` waits. */
export function compareRecords(there: LogRecord | undefined, record: LogRecord): 'nothing' | 'same' | 'other' {
  if (there === undefined) return 'nothing'
  return sameRecord(there, record) ? 'same' : 'other'
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0
}

/** Runs of consecutive offsets in one partition, each at most `limit` records. */
export function* runsOf(records: readonly PlacedRecord[], limit: number): Generator<PlacedRecord[]> {
  let run: PlacedRecord[] = []
  for (const record of records) {
    const last = run.at(-1)
    const goesOn = last?.partition === record.partition && last.offset + 1 === record.offset && run.length < limit
    if (!goesOn && run.length > 0) {
      yield run
      run = []
    }
    run.push(record)
  }
  if (run.length > 0) yield run
}

/**
 * Fills an event by turns, so that no partition waits behind another's backlog: 32 records each, beginning with
 * `first`, until `maxRecords` or 6 MB are reached. `waiting` gives a partition's records in ascending offset.
 */
export function fillBatch(
  topic: string,
  partitions: readonly number[],
  first: number,
  maxRecords: number,
  waiting: (partition: number) => Iterator<WaitingRecord>,
): PolledBatch | undefined {
  const begin = Math.max(
    0,
    partitions.findIndex(partition => partition >= first),
  )
  let turns = [...partitions.slice(begin), ...partitions.slice(0, begin)].map(partition => ({
    partition,
    records: waiting(partition),
    taken: [] as Taken[],
  }))
  const all = turns
  const draft = draftKafkaEvent(topic, SOURCE)
  let isFull = false
  while (turns.length > 0 && !isFull) {
    turns = turns.filter(turn => {
      for (let i = 0; i < TURN_RECORDS && !isFull; i++) {
        const next = turn.records.next()
        if (next.done) return false
        const { chunk, offset, record } = next.value
        if (!draft.add({ ...record, partition: turn.partition, offset })) {
          // Going on with smaller records of other partitions would starve this one.
          isFull = true
          return false
        }
        isFull = draft.records >= maxRecords
        const last = turn.taken.at(-1)
        if (last?.chunk === chunk) turn.taken[turn.taken.length - 1] = { ...last, through: offset }
        else turn.taken.push({ chunk, partition: turn.partition, through: offset })
      }
      return true
    })
  }
  const filled = all.filter(turn => turn.taken.length > 0)
  if (filled.length === 0) return undefined
  return {
    event: draft.event(),
    records: draft.records,
    receipt: JSON.stringify({ topic, next: filled[0].partition + 1, taken: filled.flatMap(turn => turn.taken) }),
  }
}

/** What a batch's receipt says was delivered, and the partition that the next batch begins with. */
export function readReceipt(batch: PolledBatch): { topic: string; next: number; taken: Taken[] } {
  return JSON.parse(batch.receipt)
}
