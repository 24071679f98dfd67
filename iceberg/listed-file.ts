/** A data file that a manifest lists, as the stages see it. Pure, no I/O. */
import type { ObjectStore } from '../domain/ports.ts'
import { keyOf } from './location.ts'
import { PackedFile } from './packed-files.ts'
import type { Pair, RawDataFile } from './raw-data-file.ts'
import type { DataFile } from './types.ts'

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

function record<V>(values: readonly Pair<V>[] | null | undefined): Record<number, V> {
  return Object.fromEntries((values ?? []).map(({ key, value }) => [key, value]))
}
