/** Kafka event records as Bronze columns: base64 is decoded straight into the column's page layout. */
import { isUtf8 } from 'node:buffer'
import {
  type Batch,
  constantInt32,
  constantInt64,
  halvesOf,
  type PlainWriter,
  reservePlain,
  setLong,
} from '../../domain/columns.ts'
import { sumOf } from '../../domain/counts.ts'
import type { KafkaEventRecord } from '../../domain/events.ts'
import type { RecordStream } from '../../domain/streams.ts'
import { dayOf, LAST_MS } from '../../domain/time.ts'

/** Records of one partition that have to be stored, with the epoch that they belong to. */
export interface AcceptedRun {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly records: readonly KafkaEventRecord[]
}

/** Kafka's CreateTime as stored, milliseconds since 1970: one outside 1970-9999 becomes the nearest that is inside. */
export function clampedMillis(timestamp: number): number {
  return timestamp < 0 ? 0 : Math.min(timestamp, LAST_MS)
}

/** The key as text; one that is not UTF-8 is kept as `\x` and hexadecimal digits. */
function keyText(base64: string): string {
  const bytes = Buffer.from(base64, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : `\\x${bytes.toString('hex')}`
}

/**
 * The columns of a Bronze file, and how many Kafka times had to be clamped. `nowMicros`: when they were ingested; `decode`
 * makes more columns of the values.
 */
export function bronzeColumns(
  runs: readonly AcceptedRun[],
  nowMicros: bigint,
  decode: RecordStream['decode'],
): { batch: Batch; clamped: number } {
  const rows = sumOf(runs, run => run.records.length)
  const values: PlainWriter = { bytes: Buffer.allocUnsafe(sumOf(runs, plainBytes)), length: 0 }
  const valid = new Uint8Array(rows)
  const partitions = new Int32Array(rows)
  const epochs = new Int32Array(rows)
  const offsets = new BigInt64Array(rows)
  const times = new BigInt64Array(rows)
  const offsetHalves = halvesOf(offsets)
  const timeHalves = halvesOf(times)
  const topicNames = [...new Set(runs.map(run => run.topic))]
  const topics = new Int32Array(rows)
  const keys = new Int32Array(rows)
  // Keys are symbols: each is decoded once.
  const keyTexts: string[] = []
  const keyIds = new Map<string, number>()
  let clamped = 0
  let row = 0
  for (const { topic, partition, epoch, records } of runs) {
    topics.fill(topicNames.indexOf(topic), row, row + records.length)
    for (const { key, value, offset, timestamp } of records) {
      if (typeof value === 'string') {
        appendBase64(values, value)
        valid[row] = 1
      }
      keys[row] = typeof key === 'string' ? keyId(key) : -1
      partitions[row] = partition
      epochs[row] = epoch
      setLong(offsetHalves, row, offset)
      const millis = clampedMillis(timestamp)
      if (millis !== timestamp) clamped++
      // A year beyond 2255 passes 2^53 microseconds.
      if (millis < 9e12) setLong(timeHalves, row, millis * 1000)
      else times[row] = BigInt(millis) * 1000n
      row++
    }
  }
  const batch: Batch = {
    rows,
    columns: {
      message_key: { kind: 'dictionary', entries: keyTexts, indexes: keys },
      raw_bytes: { kind: 'bytes', plain: values.bytes.subarray(0, values.length), valid },
      topic: { kind: 'dictionary', entries: topicNames, indexes: topics },
      partition: { kind: 'int32', values: partitions },
      offset: { kind: 'int64', values: offsets },
      kafka_timestamp: { kind: 'int64', values: times },
      ingestion_timestamp: constantInt64(nowMicros, rows),
      ingestion_date: constantInt32(dayOf(nowMicros), rows),
      topic_epoch: { kind: 'int32', values: epochs },
      ...decode?.(runs.flatMap(run => run.records.map(bytesOfValue))),
    },
  }
  return { batch, clamped }

  function keyId(base64: string): number {
    let id = keyIds.get(base64)
    if (id === undefined) {
      id = keyTexts.push(keyText(base64)) - 1
      keyIds.set(base64, id)
    }
    return id
  }
}

/** What the values of a run take in PLAIN layout, and a few bytes more. */
function plainBytes({ records }: AcceptedRun): number {
  return sumOf(records, ({ value }) => (typeof value === 'string' ? roomFor(value) : 0))
}

function bytesOfValue({ value }: KafkaEventRecord): Uint8Array | null {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : null
}

/** For a value with its length before it. */
function roomFor(base64: string): number {
  return 4 + ((base64.length * 3) >> 2) + 3
}

function appendBase64(writer: PlainWriter, base64: string): void {
  reservePlain(writer, roomFor(base64))
  const length = writer.bytes.write(base64, writer.length + 4, 'base64')
  writer.bytes.writeUInt32LE(length, writer.length)
  writer.length += 4 + length
}
