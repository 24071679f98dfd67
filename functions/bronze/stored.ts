/** Finds out what Bronze holds at given offsets: the rare path, taken when a batch comes again. */
import type { RowGroup } from 'hyparquet'
import type { Batch, BytesColumn, DictionaryColumn, Int32Column, Int64Column } from '../../domain/columns.ts'
import type { KafkaEventRecord } from '../../domain/events.ts'
import type { Ports } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { rowStarts } from '../../domain/take.ts'
import { listAdded } from '../../iceberg/added-files.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { type ByteSource, readGroups, sourceOf } from '../../iceberg/parquet/batch.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { LookUp, Stored } from './accept.ts'
import { clampedMillis } from './columns.ts'

const COLUMNS = ['raw_bytes', 'topic', 'partition', 'offset', 'topic_epoch', 'kafka_timestamp']
const PLAIN = new Set(['raw_bytes'])
const WHOLE_BYTES = 8 * 1024 * 1024

/** A lookup over the pending files of a Bronze table and the files of its current snapshot. */
export function bronzeLookUp(ports: Ports, table: TableDefinition): LookUp {
  return async (topic, partition, epoch, records) => {
    const answers: Stored[] = records.map(() => 'nothing')
    // A batch may hold an offset twice.
    const wanted = Map.groupBy(records.keys(), i => records[i].offset)
    const { lower, upper } = offsetsOf(records)
    const keep = (group: RowGroup) =>
      mayHold(group, 'partition', BigInt(partition), BigInt(partition)) && mayHold(group, 'offset', lower, upper)
    for (const [key, bytes] of await candidateFiles(ports, table, partition, records))
      for await (const batch of readGroups(table, await sourceAt(ports, key, bytes), {
        columns: COLUMNS,
        plain: PLAIN,
        keep,
      })) {
        const { sameLog, epochs, offsets, times, value } = stored(batch, { topic, partition })
        for (let row = 0; row < batch.rows; row++) {
          if (!sameLog(row) || epochs[row] > epoch) continue
          for (const index of wanted.get(Number(offsets[row])) ?? []) {
            const { timestamp, value: expected } = records[index]
            const isSame = BigInt(clampedMillis(timestamp)) * 1000n === times[row] && sameValue(value(row), expected)
            if (isSame) answers[index] = 'same'
            else if (epochs[row] === epoch && answers[index] === 'nothing') answers[index] = 'other'
          }
        }
      }
    return answers
  }
}

/** A batch's rows: whether they belong to this partition of the topic, and what they hold. */
function stored({ rows, columns }: Batch, log: { topic: string; partition: number }) {
  const topic = columns.topic as DictionaryColumn<string>
  const partitions = (columns.partition as Int32Column).values
  const epochs = (columns.topic_epoch as Int32Column).values
  const raw = columns.raw_bytes as BytesColumn
  const starts = rowStarts(raw, rows)
  return {
    sameLog: (row: number) => partitions[row] === log.partition && topic.entries[topic.indexes[row]] === log.topic,
    epochs,
    offsets: (columns.offset as Int64Column).values,
    times: (columns.kafka_timestamp as Int64Column).values,
    value: (row: number) => (raw.valid?.[row] === 0 ? null : raw.plain.subarray(starts[row] + 4, starts[row + 1])),
  }
}

/** A small file, as Bronze writes them, is read at once; of a joined one only the footer and the row groups needed. */
async function sourceAt({ store }: Pick<Ports, 'store'>, key: string, bytes: number): Promise<ByteSource> {
  if (bytes <= WHOLE_BYTES) return sourceOf(key, await store.get(key))
  return { name: key, bytes, read: (start, end) => store.getRange(key, start, end) }
}

/** Whether a row group's statistics leave room for values from `lower` to `upper`. */
function mayHold(group: RowGroup, column: string, lower: bigint, upper: bigint): boolean {
  const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column)
  const { min_value: min, max_value: max } = chunk?.meta_data?.statistics ?? {}
  const isWhole = (value: unknown) => typeof value === 'number' || typeof value === 'bigint'
  if (!isWhole(min) || !isWhole(max)) return true
  return BigInt(min as bigint) <= upper && BigInt(max as bigint) >= lower
}

function offsetsOf(records: readonly KafkaEventRecord[]): { lower: bigint; upper: bigint } {
  const offsets = records.map(record => record.offset)
  return { lower: BigInt(Math.min(...offsets)), upper: BigInt(Math.max(...offsets)) }
}

/** Sizes by key. Pending files are read before the table: a file moves from the one to the other, so none is missed. */
async function candidateFiles(
  ports: Ports,
  table: TableDefinition,
  partition: number,
  records: readonly KafkaEventRecord[],
): Promise<Map<string, number>> {
  const pending = await listAdded(ports, table.name)
  const files = new Map(pending.flatMap(item => item.payload.files.map(file => [file.key, file.bytes] as const)))
  const loaded = await openTable(ports, table)
  if (loaded) {
    const where = [
      { column: 'partition', ranges: [{ lower: partition, upper: partition }] },
      { column: 'offset', ranges: [offsetsOf(records)] },
    ]
    for (const file of await planFiles(ports, loaded, { where })) files.set(file.key, file.bytes)
  }
  return files
}

function sameValue(stored: Uint8Array | null, base64: string | null | undefined): boolean {
  if (stored === null || base64 === null || base64 === undefined) return stored === null && (base64 ?? null) === null
  return Buffer.from(base64, 'base64').equals(stored)
}
