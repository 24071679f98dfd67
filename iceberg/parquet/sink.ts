/** A sink gathers the pages of one column; and where PLAIN values begin in a page. */
import { type ColumnData, plainLength } from '../../domain/columns.ts'
import type { ChunkPage } from './chunk.ts'

/** Takes the row group's pages of every leaf of a column (a map has two), in row order. */
export interface ColumnSink {
  /** Whether the column is made of the pages' own bytes, and not of copies. */
  readonly keepsPages?: boolean
  add(leaves: readonly Iterable<ChunkPage>[], maxDefinitions: readonly number[]): void
  /** The column; `rows` have been added. */
  finish(): ColumnData
}

/** Where each of `count` PLAIN values begins, and where the last ends. @throws Error where the bytes end before */
export function plainStarts(plain: Uint8Array, count: number): Int32Array {
  const starts = new Int32Array(count + 1)
  let at = 0
  for (let i = 0; i < count; i++) {
    at += 4 + plainLength(plain, at)
    starts[i + 1] = at
  }
  if (!(at <= plain.length)) throw new Error(`${count} values take ${at} of ${plain.length} bytes`)
  return starts
}
