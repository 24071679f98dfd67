/**
 * Checks the pages of column chunks before they are decoded: hyparquet trusts their headers, and a damaged one can make
 * it run for ever or ask for all memory. Where a header has a CRC, the page's bytes must have it.
 */
import type { ColumnMetaData, FileMetaData, PageHeader } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { pageCrc } from './checksum.ts'

/** A page is at most this large when it is decompressed. */
export const MAX_PAGE_BYTES = 1 << 30

const DICTIONARY_ENCODINGS = new Set(['RLE_DICTIONARY', 'PLAIN_DICTIONARY'])

/** @throws Error in words where a page of these flat columns is not as it can have been written */
export function checkPages(bytes: Uint8Array, metadata: FileMetaData, columns: readonly string[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const group of metadata.row_groups)
    for (const { meta_data: chunk } of group.columns)
      if (chunk && columns.includes(chunk.path_in_schema[0])) checkChunk(view, chunk, Number(group.num_rows))
}

/** Where a chunk lies in its file. */
export function chunkRange(chunk: ColumnMetaData): { start: number; end: number } {
  const { dictionary_page_offset: dictionary, data_page_offset: data } = chunk
  // Some writers note 0 where there is no dictionary.
  const start = Number(dictionary && dictionary < data ? dictionary : data)
  return { start, end: start + Number(chunk.total_compressed_size) }
}

function checkChunk(view: DataView, chunk: ColumnMetaData, rows: number): void {
  const name = chunk.path_in_schema.join('.')
  const { start, end } = chunkRange(chunk)
  if (!(start >= 4 && end <= view.byteLength && start < end)) throw new Error(`column ${name} lies outside the file`)
  const reader = { view: new DataView(view.buffer, view.byteOffset, end), offset: start }
  let values = 0
  let hasDictionary = false
  while (reader.offset < end && values < rows) {
    const header = parquetHeader(reader)
    const problem = pageProblem(header, end - reader.offset, rows - values, hasDictionary)
    if (problem) throw new Error(`a page of column ${name} ${problem}`)
    const page = new Uint8Array(view.buffer, view.byteOffset + reader.offset, header.compressed_page_size)
    if (header.crc !== undefined && header.crc !== pageCrc(page))
      throw new Error(`a page of column ${name} has other bytes than its CRC says`)
    hasDictionary ||= header.type === 'DICTIONARY_PAGE'
    values += header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0
    reader.offset += header.compressed_page_size
  }
  if (values !== rows) throw new Error(`column ${name} has ${values} of ${rows} values`)
}

function pageProblem(header: PageHeader, room: number, rows: number, hasDictionary: boolean): string | undefined {
  const { compressed_page_size: compressed, uncompressed_page_size: size } = header
  if (!(compressed >= 0 && compressed <= room)) return `takes ${compressed} of ${room} bytes`
  if (!(size >= 0 && size <= MAX_PAGE_BYTES)) return `is ${size} bytes large`
  if (header.type === 'DICTIONARY_PAGE') {
    const entries = header.dictionary_page_header?.num_values ?? -1
    return entries >= 0 && entries <= size ? undefined : `has ${entries} dictionary entries`
  }
  const v2 = header.type === 'DATA_PAGE_V2' ? header.data_page_header_v2 : undefined
  const page = v2 ?? (header.type === 'DATA_PAGE' ? header.data_page_header : undefined)
  if (!page) return `is of an unknown kind`
  if (!(page.num_values >= 0 && page.num_values <= rows)) return `has ${page.num_values} of ${rows} values`
  // Levels are run-length encoded, values of these types never are.
  if (page.encoding === 'RLE' || page.encoding === 'BIT_PACKED' || page.encoding === undefined)
    return `has values in ${page.encoding} encoding`
  if (DICTIONARY_ENCODINGS.has(page.encoding) && !hasDictionary) return `lacks its dictionary`
  if (!v2) return undefined
  const levels = v2.definition_levels_byte_length
  if (v2.num_rows !== v2.num_values || v2.repetition_levels_byte_length !== 0) return `is of a list`
  if (!(levels >= 0 && levels <= compressed && levels <= size)) return `has ${levels} bytes of levels`
  return v2.is_compressed === false && compressed !== size ? `is ${compressed} bytes and says ${size}` : undefined
}
