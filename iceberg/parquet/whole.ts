/** Whether a Parquet file on the local disk is as it was written, from its first byte to its last. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { checksumProblem, isSealed, type ReadBytes } from './checksum.ts'

/** What is wrong with the file by its checksum, in words that follow its name; undefined where it is whole, or has none. */
export function damageOf(path: string): string | undefined {
  return withFile(path, checksumProblem)
}

/** Whether the file has a checksum: then one without damage is byte for byte what was written. */
export function hasChecksum(path: string): boolean {
  return withFile(path, isSealed)
}

function withFile<T>(path: string, look: (read: ReadBytes, bytes: number) => T): T {
  const file = openSync(path, 'r')
  try {
    return look((start, end) => {
      const bytes = Buffer.alloc(end - start)
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start))
    }, fstatSync(file).size)
  } finally {
    closeSync(file)
  }
}
