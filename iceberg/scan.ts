/**
 * Planning a scan: which live data files may hold rows in given ranges (spec, "Scan Planning"). Manifests are skipped by
 * their partition summaries, files by their partition and column bounds. A file that may match is never left out.
 * Only a condition on a partition's source column skips manifests: a query for a time in Gold must give its dates as
 * well.
 */
import type { PrimitiveType } from '../domain/column-types.ts'
import { TradelakeError } from '../domain/errors.ts'
import type { Ports } from '../domain/ports.ts'
import { compareEncoded, encodeValue, type ScalarValue } from './bounds.ts'
import type { LoadedTable } from './catalog.ts'
import { fromRaw } from './listed-file.ts'
import { DELETED } from './manifest.ts'
import type { ManifestFile } from './manifest-list.ts'
import { currentSchema, readEntries, readManifests, shapeOf } from './manifest-store.ts'
import { liveFiles } from './merge.ts'
import { currentSnapshot, snapshotById } from './metadata.ts'
import type { PackedEntry, PackedFile } from './packed-files.ts'
import { applyTransform, type BoundField, encodePartitionValue } from './partitions.ts'
import type { RawDataFile } from './raw-data-file.ts'
import { primitiveOf } from './schema.ts'
import type { DataFile } from './types.ts'

/**
 * Both ends belong to the range; a missing end is open. Dates are days and timestamptz microseconds since 1970, decimals
 * units of 10^-scale.
 */
export interface Range {
  readonly lower?: ScalarValue
  readonly upper?: ScalarValue
}

/** Rows whose value lies in one of the ranges; a null lies in none. No ranges: no rows. */
export interface ColumnRanges {
  readonly column: string
  readonly ranges: readonly Range[]
}

export interface ScanOptions {
  /** A snapshot that the metadata still holds; the current one by default. */
  readonly snapshotId?: number
  /** Conditions that all hold. */
  readonly where?: readonly ColumnRanges[]
}

export interface ScanPlan {
  readonly files: DataFile[]
  /** Manifests of the snapshot that list live files, and how many of them had to be looked into. */
  readonly manifests: number
  readonly manifestsRead: number
}

/**
 * Data files that may hold matching rows.
 * @throws TradelakeError where there is no such snapshot or column; RangeError where a range's end is not of the column's type; Corrupt
 */
export async function planFiles(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable,
  options: ScanOptions = {},
): Promise<DataFile[]> {
  return (await planScan(ports, table, options)).files
}

/** Like `planFiles`, and says how much of the metadata it read. */
export async function planScan(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable,
  options: ScanOptions = {},
): Promise<ScanPlan> {
  const { metadata } = table
  const snapshot =
    options.snapshotId === undefined ? currentSnapshot(metadata) : snapshotById(metadata, options.snapshotId)
  if (!snapshot) {
    if (options.snapshotId === undefined) return { files: [], manifests: 0, manifestsRead: 0 }
    throw new TradelakeError(`Table ${table.name} holds no snapshot ${options.snapshotId}.`)
  }
  const tests = (options.where ?? []).map(condition => columnTest(table, condition))
  const live = (await readManifests(ports.store, snapshot)).filter(manifest => liveFiles(manifest) > 0)
  const chosen = live.filter(manifest => tests.every(test => test.manifest(manifest)))
  const contents = await Promise.all(chosen.map(manifest => readEntries(ports.store, manifest)))
  const files = contents
    .flatMap(partitionsOf)
    .filter(part => tests.every(test => test.partition(part[0].partition)))
    .flatMap(part => part.filter(file => tests.every(test => test.file(file))))
    .map(file => dataFile(ports.store, file))
  return { files, manifests: live.length, manifestsRead: chosen.length }
}

/**
 * Live files of a manifest by their partition: thousands of files lie in a few partitions, and a cached manifest is
 * asked often.
 */
const partitions = new WeakMap<readonly PackedEntry[], readonly (readonly PackedFile[])[]>()

function partitionsOf(entries: readonly PackedEntry[]): readonly (readonly PackedFile[])[] {
  let parts = partitions.get(entries)
  if (!parts) {
    const live = entries.filter(entry => entry.status !== DELETED).map(entry => entry.data_file)
    // Files of a manifest share the objects of their partitions.
    parts = [...Map.groupBy(live, file => file.partition).values()]
    partitions.set(entries, parts)
  }
  return parts
}

/** Converted files, as long as the cache of manifests keeps what they were made from. */
const converted = new WeakMap<RawDataFile, DataFile>()

function dataFile(store: Ports['store'], raw: RawDataFile): DataFile {
  let file = converted.get(raw)
  if (!file) {
    file = fromRaw(store, raw)
    converted.set(raw, file)
  }
  return file
}

interface ColumnTest {
  manifest(manifest: ManifestFile): boolean
  partition(partition: RawDataFile['partition']): boolean
  file(file: PackedFile): boolean
}

interface EncodedRange {
  readonly lower?: Uint8Array
  readonly upper?: Uint8Array
}

function columnTest(table: LoadedTable, { column, ranges }: ColumnRanges): ColumnTest {
  const field = currentSchema(table.metadata).fields.find(candidate => candidate.name === column)
  const type = field && primitiveOf(field.type)
  if (!type) throw new TradelakeError(`Table ${table.name} has no column ${column} that a range can be asked for.`)
  const encoded = ranges.map(range => encodeRange(range, value => encodeValue(type, value)))
  const parts = shapeOf(table.metadata).fields.flatMap((part, index) =>
    part.sourceId === field.id ? [{ part, index, ranges: ranges.map(range => projectRange(part, range)) }] : [],
  )
  return {
    manifest: manifest =>
      parts.every(({ part, index, ranges: projected }) => {
        const summary = manifest.partitions?.[index]
        if (!summary?.lower_bound || !summary.upper_bound) return true
        return overlapsAny(part.type, projected, summary.lower_bound, summary.upper_bound)
      }),
    partition: partition =>
      parts.every(({ part, ranges: projected }) => {
        const value = partition[part.name] ?? null
        // A null partition holds rows whose source is null, which lie in no range.
        if (value === null) return false
        const bytes = encodePartitionValue(part, value)
        return overlapsAny(part.type, projected, bytes, bytes)
      }),
    file: file => mayMatch(file, field.id, type, encoded),
  }
}

/**
 * The partition values of the rows in the range: transforms keep order (spec, "Scan Planning": inclusive projection).
 */
function projectRange(part: BoundField, range: Range): EncodedRange {
  return encodeRange(range, value => {
    const transformed = applyTransform(part.transform, part.sourceType, value)
    return encodePartitionValue(part, transformed!)
  })
}

function encodeRange(range: Range, encode: (value: ScalarValue) => Uint8Array): EncodedRange {
  return {
    ...(range.lower !== undefined && { lower: encode(range.lower) }),
    ...(range.upper !== undefined && { upper: encode(range.upper) }),
  }
}

function mayMatch(file: PackedFile, id: number, type: PrimitiveType, ranges: readonly EncodedRange[]): boolean {
  const values = file.count('value_counts', id)
  if (values !== undefined && values > 0 && file.count('null_value_counts', id) === values) return false
  return overlapsAny(type, ranges, file.bound('lower_bounds', id), file.bound('upper_bounds', id))
}

/** Whether a range may share a value with what lies between the bounds; an unknown bound or order excludes nothing. */
function overlapsAny(
  type: PrimitiveType,
  ranges: readonly EncodedRange[],
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): boolean {
  return ranges.some(range => {
    const below = upper && range.lower && (compareEncoded(type, upper, range.lower) ?? 0) < 0
    const above = lower && range.upper && (compareEncoded(type, lower, range.upper) ?? 0) > 0
    return !below && !above
  })
}
