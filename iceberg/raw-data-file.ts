/** A data file as manifests hold it. Pure, no I/O. */
import type { ObjectStore } from '../domain/ports.ts'
import { uriOf } from './location.ts'
import type { DataFile, PartitionValue } from './types.ts'

export interface Pair<V> {
  readonly key: number
  readonly value: V
}

/** A data file as a manifest holds it. Further fields that other writers add are dropped when it is rewritten. */
export interface RawDataFile {
  readonly content: number
  readonly file_path: string
  readonly file_format: string
  readonly partition: Readonly<Record<string, PartitionValue>>
  readonly record_count: number
  readonly file_size_in_bytes: number
  readonly column_sizes?: readonly Pair<number>[] | null
  readonly value_counts?: readonly Pair<number>[] | null
  readonly null_value_counts?: readonly Pair<number>[] | null
  readonly lower_bounds?: readonly Pair<Uint8Array>[] | null
  readonly upper_bounds?: readonly Pair<Uint8Array>[] | null
  readonly split_offsets?: readonly number[] | null
  readonly sort_order_id?: number | null
}

/** A data file as manifests hold it. */
export function toRaw(store: Pick<ObjectStore, 'root'>, file: DataFile, sortOrderId: number): RawDataFile {
  return {
    content: 0,
    file_path: uriOf(store, file.key),
    file_format: 'PARQUET',
    partition: file.partition,
    record_count: file.records,
    file_size_in_bytes: file.bytes,
    column_sizes: pairs(file.columnSizes),
    value_counts: pairs(file.valueCounts),
    null_value_counts: pairs(file.nullCounts),
    lower_bounds: boundPairs(file.lowerBounds),
    upper_bounds: boundPairs(file.upperBounds),
    split_offsets: file.splitOffsets.length === 0 ? null : file.splitOffsets,
    sort_order_id: sortOrderId,
  }
}

/** avsc takes bytes only as Buffers. */
function boundPairs(bounds: Readonly<Record<number, Uint8Array>>): Pair<Uint8Array>[] {
  return pairs(bounds).map(({ key, value }) => ({
    key,
    value: Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length),
  }))
}

function pairs<V>(values: Readonly<Record<number, V>>): Pair<V>[] {
  return Object.entries(values).map(([key, value]) => ({ key: Number(key), value }))
}
