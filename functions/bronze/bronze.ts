/**
 * Bronze: an event-source batch becomes one file of raw records, and in one transaction the checkpoints of its partitions
 * move on and the file becomes pending for its table and, where it holds trades, for Silver. Nothing is decoded, so no
 * record can block it.
 */
import { advanceCheckpoint, type Checkpoint, gapOffsets, readCheckpoint } from '../../domain/checkpoint.ts'
import { sumOf } from '../../domain/counts.ts'
import { Fenced } from '../../domain/errors.ts'
import type { KafkaEvent, KafkaEventRecord } from '../../domain/events.ts'
import type { BronzeObject } from '../../domain/handover.ts'
import { producePending } from '../../domain/pending.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { Ports } from '../../domain/ports.ts'
import { commit, type Plan } from '../../domain/protocol.ts'
import type { RecordStream } from '../../domain/streams.ts'
import { dayOfMs } from '../../domain/time.ts'
import { produceAdded } from '../../iceberg/added-files.ts'
import { writeDataFile } from '../../iceberg/data-file.ts'
import { acceptRecords } from './accept.ts'
import { bronzeColumns } from './columns.ts'
import { bronzeLookUp } from './stored.ts'

/** Each partition takes a write and a file two more; DynamoDB takes 100. */
const PARTITIONS_PER_COMMIT = 90

export interface BronzeResult {
  /** Rows written. */
  readonly ingested: number
  /** Records that Bronze held already. */
  readonly repeats: number
  /** Kafka times outside 1970-9999. */
  readonly clamped: number
  /** Offsets newly found missing (positive) or filled (negative). */
  readonly gapOffsets: number
  readonly newEpochs: number
  /** Highest Kafka time ingested, milliseconds since 1970; undefined where nothing was. */
  readonly newestMillis: number | undefined
}

interface PartitionRecords {
  readonly topic: string
  readonly partition: number
  readonly records: readonly KafkaEventRecord[]
}

/**
 * Stores every record of the event that Bronze does not hold yet, unless the invocation's end (milliseconds since 1970)
 * has passed.
 * @throws Fenced, and what the ports throw; the event source then sends the batch again
 */
export async function ingest(
  ports: Ports,
  stream: RecordStream,
  event: KafkaEvent,
  end: number = Number.POSITIVE_INFINITY,
): Promise<BronzeResult> {
  const partitions = Object.values(event.records)
    .filter(records => records.length > 0)
    .map(records => ({ topic: records[0].topic, partition: records[0].partition, records }))
  const results: BronzeResult[] = []
  for (const some of piecesOf(partitions, PARTITIONS_PER_COMMIT)) {
    const epochs = new Map<string, number>()
    results.push(await commit(ports, () => plan(ports, stream, some, epochs, end)))
  }
  return sum(results)
}

async function plan(
  ports: Ports,
  stream: RecordStream,
  partitions: readonly PartitionRecords[],
  epochs: Map<string, number>,
  end: number,
): Promise<Plan<BronzeResult>> {
  const lookUp = bronzeLookUp(ports, stream.table)
  const accepted = await Promise.all(
    partitions.map(async ({ topic, partition, records }) => {
      const before = await readCheckpoint(ports.state, topic, partition)
      requireSameEpoch(epochs, before)
      requireInTime(ports, end, before)
      return acceptRecords(before, records, lookUp)
    }),
  )
  const runs = accepted.flatMap(acceptance => acceptance.runs)
  const started = ports.clock.now()
  const { batch, clamped } = bronzeColumns(runs, BigInt(started) * 1000n, stream.decode)
  const result: BronzeResult = {
    ingested: batch.rows,
    repeats: sumOf(accepted, acceptance => acceptance.repeats),
    clamped,
    gapOffsets: sumOf(accepted, ({ before, after }) => gapOffsets(after.gaps) - gapOffsets(before.gaps)),
    newEpochs: sumOf(accepted, acceptance => acceptance.newEpochs),
    newestMillis: newest(runs.flatMap(run => run.records.at(-1) ?? [])),
  }
  if (batch.rows === 0) return { writes: [], result }
  const { table, next } = stream
  const day = dayOfMs(started)
  const file = await writeDataFile(ports, table, { ingestion_date_day: day }, batch)
  const object: BronzeObject = { bytes: file.bytes, records: file.records, crc32: file.crc32 }
  return {
    writes: [
      ...accepted.filter(({ runs }) => runs.length > 0).map(({ before, after }) => advanceCheckpoint(before, after)),
      ...(next === undefined ? [] : [await producePending(ports, next, object, file.key)]),
      await produceAdded(ports, table.name, [file]),
    ],
    result,
    oldestFile: started,
  }
}

/**
 * After a conflict the checkpoint may belong to a topic that was recreated while this batch came from the old one: its
 * records must not be taken for the new topic's. The event source sends again what still exists.
 */
function requireSameEpoch(epochs: Map<string, number>, { topic, partition, epoch }: Checkpoint): void {
  const key = `${topic}-${partition}`
  const first = epochs.get(key) ?? epoch
  epochs.set(key, first)
  if (first !== epoch)
    throw new Fenced(
      `${key} began epoch ${epoch} while a batch of epoch ${first} was being stored; the batch must come again.`,
    )
}

/**
 * A timed-out invocation that wakes later may hold a batch of a topic that was recreated since: its records would
 * pass for the new topic's. Nobody else gets the partition before the invocation's time is over.
 */
function requireInTime({ clock }: Ports, end: number, { topic, partition }: Checkpoint): void {
  if (clock.steady() > end)
    throw new Fenced(
      `The invocation's time was over before ${topic}-${partition} could be stored; the batch must come again.`,
    )
}

function newest(records: readonly KafkaEventRecord[]): number | undefined {
  return records.length === 0 ? undefined : Math.max(...records.map(record => record.timestamp))
}

function sum(results: readonly BronzeResult[]): BronzeResult {
  const total = (field: 'ingested' | 'repeats' | 'clamped' | 'gapOffsets' | 'newEpochs') =>
    sumOf(results, result => result[field])
  const times = results.flatMap(result => result.newestMillis ?? [])
  return {
    ingested: total('ingested'),
    repeats: total('repeats'),
    clamped: total('clamped'),
    gapOffsets: total('gapOffsets'),
    newEpochs: total('newEpochs'),
    newestMillis: times.length === 0 ? undefined : Math.max(...times),
  }
}
