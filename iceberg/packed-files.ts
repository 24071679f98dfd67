/**
 * Data files of a manifest as a process keeps them: what is said of their columns lies in one piece of memory for all files together, and
 * takes a tenth of what it takes as objects. A server keeps thousands of files. Pure, no I/O.
 */
import { sumOf } from '../domain/counts.ts'
import type { Weighed } from './cache.ts'
import type { ManifestEntry } from './manifest.ts'
import type { Pair, RawDataFile } from './raw-data-file.ts'

/** In the order in which they lie there, each with the number of its pairs (-1: none was given) before them. */
const COUNTS = ['column_sizes', 'value_counts', 'null_value_counts'] as const
const BOUNDS = ['lower_bounds', 'upper_bounds'] as const
/** A key and a number as a double; a key and the length of the bytes behind them. */
const [INT_BYTES, COUNT_BYTES, BOUND_BYTES] = [4, 12, 8]

/** A data file as manifests hold it, whose lists are made when they are asked for. */
export class PackedFile implements RawDataFile {
  readonly content: number
  readonly file_path: string
  readonly file_format: string
  readonly partition: RawDataFile['partition']
  readonly record_count: number
  readonly file_size_in_bytes: number
  readonly split_offsets: readonly number[] | null
  readonly sort_order_id: number | null
  readonly #memory: Buffer
  readonly #at: number

  constructor(raw: RawDataFile, partition: RawDataFile['partition'], memory: Buffer, at: number) {
    this.content = raw.content
    this.file_path = raw.file_path
    this.file_format = raw.file_format
    this.partition = partition
    this.record_count = raw.record_count
    this.file_size_in_bytes = raw.file_size_in_bytes
    this.split_offsets = raw.split_offsets ?? null
    this.sort_order_id = raw.sort_order_id ?? null
    this.#memory = memory
    this.#at = at
  }

  get column_sizes() {
    return countsAt(this.#memory, this.#list(0))
  }
  get value_counts() {
    return countsAt(this.#memory, this.#list(1))
  }
  get null_value_counts() {
    return countsAt(this.#memory, this.#list(2))
  }
  get lower_bounds() {
    return boundsAt(this.#memory, this.#list(3))
  }
  get upper_bounds() {
    return boundsAt(this.#memory, this.#list(4))
  }

  /** What is said of one column, by its field id; undefined where nothing is. Scans ask this of every file. */
  count(name: 'value_counts' | 'null_value_counts', id: number): number | undefined {
    return countOf(this.#memory, this.#list(COUNTS.indexOf(name)), id)
  }
  bound(name: (typeof BOUNDS)[number], id: number): Uint8Array | undefined {
    return boundOf(this.#memory, this.#list(COUNTS.length + BOUNDS.indexOf(name)), id)
  }

  /** Where the list of that number begins. */
  #list(number: number): number {
    let at = this.#at
    for (let i = 0; i < Math.min(number, COUNTS.length); i++) at += INT_BYTES + COUNT_BYTES * lengthAt(this.#memory, at)
    for (let i = COUNTS.length; i < number; i++) at = endOfBounds(this.#memory, at)
    return at
  }
}

/** An entry whose file is packed. */
export interface PackedEntry extends ManifestEntry {
  readonly data_file: PackedFile
}

/** What an entry's own objects take besides its path and its columns. */
const ENTRY_BYTES = 400

/** The same entries, their files packed together; their weight is about what they take, in bytes. */
export function packed(entries: readonly ManifestEntry[]): Weighed<readonly PackedEntry[]> {
  // Memory of its own: what stays must not keep Node's pool, where it would lie between what goes.
  const memory = Buffer.allocUnsafeSlow(sumOf(entries, ({ data_file: file }) => sizeOf(file)))
  const partitions = new Map<string, RawDataFile['partition']>()
  let end = 0
  const value = entries.map(entry => {
    const { data_file: file } = entry
    const name = JSON.stringify(file.partition)
    const partition = partitions.get(name) ?? file.partition
    partitions.set(name, partition)
    const begin = end
    end = write(memory, begin, file)
    return { ...entry, data_file: new PackedFile(file, partition, memory, begin) }
  })
  return { value, weight: memory.length + sumOf(value, each => ENTRY_BYTES + each.data_file.file_path.length) }
}

function sizeOf(file: RawDataFile): number {
  return (
    sumOf(COUNTS, name => INT_BYTES + COUNT_BYTES * (file[name]?.length ?? 0)) +
    sumOf(BOUNDS, name => INT_BYTES + sumOf(file[name] ?? [], ({ value }) => BOUND_BYTES + value.length))
  )
}

/** Gives the end of what it wrote. */
function write(memory: Buffer, begin: number, file: RawDataFile): number {
  let at = begin
  for (const name of COUNTS) {
    at = memory.writeInt32LE(file[name]?.length ?? -1, at)
    for (const { key, value } of file[name] ?? []) at = memory.writeDoubleLE(value, memory.writeInt32LE(key, at))
  }
  for (const name of BOUNDS) {
    at = memory.writeInt32LE(file[name]?.length ?? -1, at)
    for (const { key, value } of file[name] ?? []) {
      at = memory.writeInt32LE(value.length, memory.writeInt32LE(key, at))
      memory.set(value, at)
      at += value.length
    }
  }
  return at
}

/** How many pairs a list has. */
const lengthAt = (memory: Buffer, at: number) => Math.max(0, memory.readInt32LE(at))

function endOfBounds(memory: Buffer, begin: number): number {
  let at = begin + INT_BYTES
  for (let left = lengthAt(memory, begin); left > 0; left--) at += BOUND_BYTES + memory.readInt32LE(at + INT_BYTES)
  return at
}

function countsAt(memory: Buffer, begin: number): Pair<number>[] | null {
  if (memory.readInt32LE(begin) < 0) return null
  return Array.from({ length: lengthAt(memory, begin) }, (_, i) => {
    const at = begin + INT_BYTES + COUNT_BYTES * i
    return { key: memory.readInt32LE(at), value: memory.readDoubleLE(at + INT_BYTES) }
  })
}

function countOf(memory: Buffer, begin: number, key: number): number | undefined {
  const end = begin + INT_BYTES + COUNT_BYTES * lengthAt(memory, begin)
  for (let at = begin + INT_BYTES; at < end; at += COUNT_BYTES)
    if (memory.readInt32LE(at) === key) return memory.readDoubleLE(at + INT_BYTES)
  return undefined
}

function boundsAt(memory: Buffer, begin: number): Pair<Uint8Array>[] | null {
  if (memory.readInt32LE(begin) < 0) return null
  let at = begin + INT_BYTES
  return Array.from({ length: lengthAt(memory, begin) }, () => {
    const [key, value] = [memory.readInt32LE(at), bytesAt(memory, at)]
    at += BOUND_BYTES + value.length
    return { key, value }
  })
}

function boundOf(memory: Buffer, begin: number, key: number): Uint8Array | undefined {
  let at = begin + INT_BYTES
  for (let left = lengthAt(memory, begin); left > 0; left--) {
    if (memory.readInt32LE(at) === key) return bytesAt(memory, at)
    at += BOUND_BYTES + memory.readInt32LE(at + INT_BYTES)
  }
  return undefined
}

/** The bytes of a pair. */
const bytesAt = (memory: Buffer, pair: number): Buffer =>
  memory.subarray(pair + BOUND_BYTES, pair + BOUND_BYTES + memory.readInt32LE(pair + INT_BYTES))
