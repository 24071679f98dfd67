/** A batch as the bytes of a data file and as what a manifest says of them. Pure, no I/O. */
import { crc32 } from 'node:zlib'
import type { Batch } from '../domain/columns.ts'
import type { TableDefinition } from '../domain/tables.ts'
import { type EncodedFile, encodeFile } from './parquet/encode.ts'
import { describeFooter, type ParquetDescription } from './parquet/footer.ts'

export interface DescribedFile {
  readonly bytes: Uint8Array
  readonly description: ParquetDescription & { readonly crc32: number }
}

/** @throws RangeError where the batch does not fit the table */
export function describedFile(table: TableDefinition, batch: Batch): DescribedFile {
  return described(table, encodeFile(table, batch))
}

export function described(table: TableDefinition, { bytes, footer }: EncodedFile): DescribedFile {
  return { bytes, description: { ...describeFooter(table, footer, bytes.length), crc32: crc32(bytes) } }
}
