/** Writes page headers as Thrift (parquet.thrift, PageHeader); footer-write.ts says why not by hyparquet-writer. */
import { Encodings } from 'hyparquet/src/constants.js'
import type { ByteWriter } from 'hyparquet-writer'
import type { LeafPage } from './levels.ts'
import { FALSE, field, int, STRUCT, stop } from './thrift-write.ts'

export function writeDictionaryHeader(
  writer: ByteWriter,
  plainBytes: number,
  storedBytes: number,
  crc: number,
  entries: number,
): void {
  const [PAGE_TYPE, DICTIONARY_FIELD] = [2, 7]
  pageStart(writer, PAGE_TYPE, plainBytes, storedBytes, crc)
  field(writer, DICTIONARY_FIELD - 4, STRUCT)
  int(writer, 1, entries)
  int(writer, 1, Encodings.indexOf('PLAIN'))
  stop(writer)
  stop(writer)
}

/** Header of a data page (v2). Sizes with its levels; `isCompressed` is about the values alone, as levels never are. */
export function writeDataHeader(
  writer: ByteWriter,
  page: LeafPage,
  plainBytes: number,
  storedBytes: number,
  crc: number,
  isCompressed: boolean,
): void {
  const [PAGE_TYPE, DATA_V2_FIELD] = [3, 8]
  pageStart(writer, PAGE_TYPE, plainBytes, storedBytes, crc)
  field(writer, DATA_V2_FIELD - 4, STRUCT)
  int(writer, 1, page.valueCount)
  int(writer, 1, page.nullCount)
  int(writer, 1, page.rows)
  int(writer, 1, Encodings.indexOf(page.dictionary ? 'RLE_DICTIONARY' : 'PLAIN'))
  int(writer, 1, page.definitionLevels.length)
  int(writer, 1, page.repetitionLevels.length)
  if (!isCompressed) field(writer, 1, FALSE)
  stop(writer)
  stop(writer)
}

function pageStart(writer: ByteWriter, type: number, plainBytes: number, storedBytes: number, crc: number): void {
  int(writer, 1, type)
  int(writer, 1, plainBytes)
  int(writer, 1, storedBytes)
  int(writer, 1, crc)
}
