/** A data file in the two forms it has: as manifests hold it, and as the stages see it. Pure, no I/O. */
import type { ObjectStore } from '../domain/ports.ts'
import { keyOf, uriOf } from './location.ts'
import type { DataFile, PartitionValue } from './types.ts'

interface Pair<V> {
  readonly key: number
  readonly value: V
}

/** A data file as a manifest holds it. What other writers add beyond these fields is dropped on rewriting. */
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
  const bytes = (value: string) => Buffer.from(value, 'base64')
  const same = (value: number) => value
  return {
    content: 0,
    file_path: uriOf(store, file.key),
    file_format: 'PARQUET',
    partition: file.partition,
    record_count: file.records,
    file_size_in_bytes: file.bytes,
    column_sizes: pairs(file.columnSizes, same),
    value_counts: pairs(file.valueCounts, same),
    null_value_counts: pairs(file.nullCounts, same),
    lower_bounds: pairs(file.lowerBounds, bytes),
    upper_bounds: pairs(file.upperBounds, bytes),
    split_offsets: file.splitOffsets.length === 0 ? null : file.splitOffsets,
    sort_order_id: sortOrderId,
  }
}

/** A data file as the stages see it. @throws Corrupt where it stands outside the store */
export function fromRaw(store: Pick<ObjectStore, 'root'>, raw: RawDataFile): DataFile {
  const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64')
  const same = (value: number) => value
  return {
    key: keyOf(store, raw.file_path),
    partition: { ...raw.partition },
    records: raw.record_count,
    bytes: raw.file_size_in_bytes,
    columnSizes: record(raw.column_sizes, same),
    valueCounts: record(raw.value_counts, same),
    nullCounts: record(raw.null_value_counts, same),
    lowerBounds: record(raw.lower_bounds, base64),
    upperBounds: record(raw.upper_bounds, base64),
    splitOffsets: [...(raw.split_offsets ?? [])],
  }
}

function pairs<A, B>(values: Readonly<Record<number, A>>, convert: (value: A) => B): Pair<B>[] {
  return Object.entries(values).map(([key, value]) => ({ key: Number(key), value: convert(value) }))
}

function record<A, B>(values: readonly Pair<A>[] | null | undefined, convert: (value: A) => B): Record<number, B> {
  return Object.fromEntries((values ?? []).map(({ key, value }) => [key, convert(value)]))
}
