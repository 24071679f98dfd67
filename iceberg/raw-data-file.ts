/** A data file in the two forms it has: as manifests hold it, and as the stages see it. Pure, no I/O. */
import type { ObjectStore } from '../domain/ports.ts'
import { keyOf, uriOf } from './location.ts'
import { PackedFile } from './packed-files.ts'
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

/** A data file as the stages see it, its maps made when they are asked for. @throws Corrupt where it lies outside the store */
export function fromRaw(store: Pick<ObjectStore, 'root'>, raw: RawDataFile): DataFile {
  const file: WithRaw = {
    key: keyOf(store, raw.file_path),
    partition: raw.partition,
    records: raw.record_count,
    bytes: raw.file_size_in_bytes,
    [RAW]: raw,
  }
  return Object.defineProperties(file, LAZY) as WithRaw & DataFile
}

/** Where a file has what its maps are made from; copies have the maps instead. */
const RAW = Symbol('raw')

interface WithRaw extends Pick<DataFile, 'key' | 'partition' | 'records' | 'bytes'> {
  readonly [RAW]: RawDataFile
}

const MAPS: { readonly [name in Exclude<keyof DataFile, keyof WithRaw | 'crc32'>]: (raw: RawDataFile) => unknown } = {
  columnSizes: raw => record(raw.column_sizes),
  valueCounts: raw => record(raw.value_counts),
  nullCounts: raw => record(raw.null_value_counts),
  lowerBounds: raw => record(raw.lower_bounds),
  upperBounds: raw => record(raw.upper_bounds),
  splitOffsets: raw => [...(raw.split_offsets ?? [])],
}

/** Own properties, so that a copy of the object is a copy of the file. */
const LAZY: PropertyDescriptorMap = {
  [RAW]: { enumerable: false },
  ...Object.fromEntries(
    Object.entries(MAPS).map(([name, make]) => [
      name,
      {
        enumerable: true,
        get(this: WithRaw) {
          return make(this[RAW])
        },
      },
    ]),
  ),
}

/** One column's bounds in a file, without those of all others; undefined where the manifest has none. */
export function boundsOf(file: DataFile, id: number): { readonly [side in 'lower' | 'upper']: Uint8Array | undefined } {
  const raw = (file as Partial<WithRaw>)[RAW]
  if (raw instanceof PackedFile) return { lower: raw.bound('lower_bounds', id), upper: raw.bound('upper_bounds', id) }
  return { lower: file.lowerBounds[id], upper: file.upperBounds[id] }
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

function record<V>(values: readonly Pair<V>[] | null | undefined): Record<number, V> {
  return Object.fromEntries((values ?? []).map(({ key, value }) => [key, value]))
}
