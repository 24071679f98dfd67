/** What a file holds, as hashes: of all its bytes, and of each column of a Parquet file. */
import { hash } from 'node:crypto'
import { type FileMetaData, parquetMetadata } from 'hyparquet'
import { byContent, contentHash } from './by-content.ts'

export interface FilePrint {
  readonly all: string
  readonly rows: number
  /** By top-level name; empty where the file is not a Parquet file. */
  readonly columns: ReadonlyMap<string, string>
}

const printsByContent = byContent<FilePrint>(8_000)

export function printOf(bytes: Uint8Array): FilePrint {
  return printsByContent('', bytes, () => ({ all: contentHash(bytes), ...columnHashes(bytes) }))
}

function columnHashes(bytes: Uint8Array): Omit<FilePrint, 'all'> {
  const columns = new Map<string, string>()
  const metadata = footerOf(bytes)
  if (!metadata) return { rows: 0, columns }
  for (const group of metadata.row_groups)
    for (const { meta_data: chunk } of group.columns) {
      if (!chunk) continue
      const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)
      const print = hash('sha1', bytes.subarray(start, start + Number(chunk.total_compressed_size)), 'base64')
      const [name] = chunk.path_in_schema
      columns.set(name, `${columns.get(name) ?? ''}${print}`)
    }
  return { rows: Number(metadata.num_rows), columns }
}

function footerOf(bytes: Uint8Array): FileMetaData | undefined {
  if (Buffer.from(bytes.subarray(-4)).toString('latin1') !== 'PAR1') return undefined
  try {
    return parquetMetadata(Uint8Array.from(bytes).buffer)
  } catch {
    // It only ends like one.
    return undefined
  }
}
