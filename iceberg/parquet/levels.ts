/** What a page of a leaf column is, and its Dremel levels, run-length encoded (parquet-format, "Nested Encoding"). */
import { encodeHybrid, encodeRun } from './hybrid.ts'
import type { Leaf } from './schema.ts'

export interface LeafPage {
  readonly rows: number
  /** Values including nulls, empty lists and empty maps. */
  readonly valueCount: number
  readonly nullCount: number
  readonly repetitionLevels: Uint8Array
  readonly definitionLevels: Uint8Array
  /** Uncompressed: PLAIN values, or the dictionary indexes with their bit width before them. */
  readonly values: Uint8Array
  readonly dictionary?: { readonly plain: Uint8Array; readonly entries: number }
  readonly min?: number | bigint | Uint8Array
  readonly max?: number | bigint | Uint8Array
  /** For byte columns: where the next group's values begin. */
  readonly position?: number
}

export const NONE = new Uint8Array(0)

/** How many of rows [from, to) are null. */
export function countNulls(valid: Uint8Array, from: number, to: number): number {
  let nulls = 0
  for (let row = from; row < to; row++) nulls += 1 - valid[row]
  return nulls
}

/**
 * Definition levels of a flat column; empty where it is required.
 * @throws RangeError where a required column has nulls
 */
export function validityLevels(
  leaf: Leaf,
  valid: Uint8Array | undefined,
  from: number,
  to: number,
  nulls: number,
): Uint8Array {
  if (leaf.maxDefinition === 0) {
    if (nulls > 0) throw new RangeError(`Required column ${leaf.column.name} has ${nulls} nulls`)
    return NONE
  }
  if (nulls === 0) return encodeRun(1, to - from, 1)
  return levels((valid as Uint8Array).subarray(from, to), 1)
}

/** Levels from 0 to `max`. */
export function levels(values: Uint8Array, max: number): Uint8Array {
  return encodeHybrid(values, 32 - Math.clz32(max))
}
