/** Collects the records that are not valid trades, as columns of the dead-letter table (DLQ). */
import {
  type Batch,
  bytesOf,
  constantInt32,
  constantInt64,
  constantString,
  dictionaryOf,
} from '../../domain/columns.ts'
import { dayOf } from '../../domain/time.ts'
import type { Rejection } from '../../domain/validation.ts'
import type { Lineage } from './columns.ts'

export interface DeadLetters {
  /** `schemaId` is null where the record does not even have one. */
  add(value: Uint8Array | null, rejection: Rejection, lineage: Lineage, schemaId: number | null): void
  readonly rows: number
  /** `source`: the Bronze table; `exchange`: its code; `nowMicros`: when they were found. */
  finish(source: string, exchange: string, nowMicros: bigint): Batch
}

export function createDeadLetters(): DeadLetters {
  const values: (Uint8Array | null)[] = []
  const rejections: Rejection[] = []
  const schemaIds: (number | null)[] = []
  const epochs: number[] = []
  const partitions: number[] = []
  const offsets: bigint[] = []
  return {
    add(value, rejection, lineage, schemaId) {
      values.push(value)
      rejections.push(rejection)
      schemaIds.push(schemaId)
      epochs.push(lineage.epoch)
      partitions.push(lineage.partition)
      offsets.push(BigInt(lineage.offset))
    },
    get rows() {
      return values.length
    },
    finish(source, exchange, nowMicros) {
      const rows = values.length
      return {
        rows,
        columns: {
          raw_record: bytesOf(values),
          error_reason: dictionaryOf(rejections.map(rejection => rejection.reason)),
          error_type: dictionaryOf(rejections.map(rejection => rejection.type)),
          error_timestamp: constantInt64(nowMicros, rows),
          bronze_source: constantString(source, rows),
          kafka_offset: { kind: 'int64', values: BigInt64Array.from(offsets) },
          schema_id: {
            kind: 'int32',
            values: Int32Array.from(schemaIds, id => id ?? 0),
            valid: Uint8Array.from(schemaIds, id => (id === null ? 0 : 1)),
          },
          dlq_date: constantInt32(dayOf(nowMicros), rows),
          exchange: constantString(exchange, rows),
          topic_epoch: { kind: 'int32', values: Int32Array.from(epochs) },
          kafka_partition: { kind: 'int32', values: Int32Array.from(partitions) },
        },
      }
    },
  }
}
