/** Whether a Parquet file on the local disk is as it was written, from its first byte to its last. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { checksumProblem } from './checksum.ts'

/** What is wrong with the file by its checksum, in words that follow its name; undefined where it is whole, or has none. */
export function damageOf(path: string): string | undefined {
  const file = openSync(path, 'r')
  try {
    return checksumProblem((start, end) => {
      const bytes = Buffer.alloc(end - start)
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start))
    }, fstatSync(file).size)
  } finally {
    closeSync(file)
  }
}
