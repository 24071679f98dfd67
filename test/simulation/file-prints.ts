/** What a file holds, as hashes: of all its bytes, and of each column of a Parquet file. Kept for files that come again. */
import { createHash } from 'node:crypto'
import { type FileMetaData, parquetMetadata } from 'hyparquet'

export interface FilePrint {
  readonly all: string
  readonly rows: number
  /** By top-level name; empty where the file is not a Parquet file. */
  readonly columns: ReadonlyMap<string, string>
}

const MAX_PRINTS = 8_000
const prints = new Map<string, FilePrint>()

export function printOf(bytes: Uint8Array): FilePrint {
  const all = hashOf(bytes)
  const known = prints.get(all)
  if (known) return known
  const print = { all, ...columnHashes(bytes) }
  if (prints.size >= MAX_PRINTS) prints.delete(prints.keys().next().value as string)
  prints.set(all, print)
  return print
}

function columnHashes(bytes: Uint8Array): Omit<FilePrint, 'all'> {
  const columns = new Map<string, string>()
  const metadata = footerOf(bytes)
  if (!metadata) return { rows: 0, columns }
  for (const group of metadata.row_groups)
    for (const { meta_data: chunk } of group.columns) {
      if (!chunk) continue
      const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)
      const hash = hashOf(bytes.subarray(start, start + Number(chunk.total_compressed_size)))
      const [name] = chunk.path_in_schema
      columns.set(name, `${columns.get(name) ?? ''}${hash}`)
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

function hashOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64')
}
