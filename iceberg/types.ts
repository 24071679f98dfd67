/** What passes between the stages and the table format. */

/** A partition value: days or months since 1970, a date as days, or an int; null for a null source. */
export type PartitionValue = number | string | null

/**
 * A data file as a manifest entry describes it (Iceberg spec, "Data file fields"), maps keyed by field id.
 */
export interface DataFile {
  /** Key in the object store; manifests hold it as an absolute URI. */
  readonly key: string
  /** By partition field name. */
  readonly partition: Readonly<Record<string, PartitionValue>>
  readonly records: number
  readonly bytes: number
  readonly columnSizes: Readonly<Record<number, number>>
  /** Values including nulls and repeated ones. */
  readonly valueCounts: Readonly<Record<number, number>>
  readonly nullCounts: Readonly<Record<number, number>>
  /** Single-value serialization (spec appendix D); strings and binaries cut to 16. */
  readonly lowerBounds: Readonly<Record<number, Uint8Array>>
  readonly upperBounds: Readonly<Record<number, Uint8Array>>
  /** Where the row groups begin. */
  readonly splitOffsets: readonly number[]
  /** CRC-32 of the whole file, where it was made in memory; travels in pending items, manifests have no place for it. */
  readonly crc32?: number
}
