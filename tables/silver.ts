/** Files that Silver hands to Gold. */
import { crc32 } from 'node:zlib'
import { Corrupt } from '../domain/errors.ts'
import type { SilverFile } from '../domain/handover.ts'
import type { Ports } from '../domain/ports.ts'
import { type ByteSource, sourceOf } from '../iceberg/parquet/batch.ts'

/** A Silver file, as Silver wrote it. @throws Corrupt where it was changed */
export async function readSilverFile(
  ports: Pick<Ports, 'store'>,
  { key, bytes, crc32: expected }: SilverFile,
): Promise<ByteSource> {
  const found = await ports.store.get(key)
  if (found.length !== bytes || (expected !== undefined && crc32(found) !== expected))
    throw new Corrupt(
      `${key} is not as Silver wrote it (${found.length} bytes, ${bytes} expected, or another checksum): restore the object.`,
    )
  return sourceOf(key, found)
}
