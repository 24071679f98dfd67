/**
 * The pages of a column chunk as they lie in the file: levels, and values that are PLAIN or indexes into the chunk's
 * dictionary (parquet-format, Encodings.md). They stay bytes and typed arrays, where hyparquet would make arrays of
 * objects.
 */
import { gunzipSync } from 'node:zlib'
import type { ColumnMetaData, Compressors, Encoding, PageHeader } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage } from 'hyparquet/src/datapage.js'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import { bytesIn, intsIn, type Room } from '../../domain/room.ts'
import { MAX_PAGE_BYTES } from './check.ts'
import { pageCrc } from './checksum.ts'
import { zstd } from './zstd.ts'

/**
 * The levels that a file's own schema gives a leaf: engines write columns as optional even where the table requires
 * them.
 */
export interface LeafLevels {
  readonly maxDefinition: number
  readonly maxRepetition: number
}

export interface ChunkPage {
  /** Values including nulls, empty lists and empty maps. */
  readonly slots: number
  /** Values that are not null. */
  readonly present: number
  /** A level for each slot; undefined where all are the same: 0 for repetition, the highest for definition. */
  readonly repetition: Uint8Array | undefined
  readonly definition: Uint8Array | undefined
  /** The present values: PLAIN, or each an index into `dictionary`. */
  readonly values: Uint8Array | Int32Array
  /** Length of a value of fixed-length bytes; undefined for values of any other layout. */
  readonly valueBytes?: number
  /** The chunk's dictionary page, PLAIN, and its entries. */
  readonly dictionary: { readonly plain: Uint8Array; readonly entries: number } | undefined
}

export const parquetCompressors: Compressors = {
  ZSTD: (input, size) => zstd.decompress(input, sizeOf(size)),
  GZIP: (input, size) => gunzipSync(input, { maxOutputLength: Math.min(Math.max(size, 1), MAX_PAGE_BYTES) }),
}

/** Where pages are decompressed that are copied at once; a row group's rarely takes more. */
const scratch = new Uint8Array(1024 * 1024)
const passing: Compressors = {
  ...parquetCompressors,
  ZSTD: (input, size) => zstd.decompress(input, sizeOf(size), scratch),
}

/** Pages lie one directly behind the other. */
function keptIn(room: Room): Compressors {
  return {
    ...parquetCompressors,
    ZSTD(input, size) {
      const page = zstd.decompress(input, sizeOf(size), room.bytes.subarray(room.used))
      if (page.buffer === room.bytes.buffer) room.used += page.length
      else room.lacking += page.length + 1
      return page
    },
  }
}

function sizeOf(size: number): number {
  return Math.min(Math.max(size, 0), MAX_PAGE_BYTES)
}

/**
 * The data pages of a chunk, from nothing but its bytes. They lie in `room` where one is given; values that are not kept pass: the next
 * page of whatever chunk is written over them.
 * @throws Error in words where they are not what the chunk says
 */
export function* readPages(
  bytes: Uint8Array,
  chunk: ColumnMetaData,
  leaf: LeafLevels,
  areKept: boolean,
  room?: Room,
): Generator<ChunkPage> {
  const compressors = !areKept ? passing : room ? keptIn(room) : parquetCompressors
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
  const total = Number(chunk.num_values)
  let dictionary: ChunkPage['dictionary']
  let slots = 0
  while (slots < total) {
    const header = parquetHeader(reader)
    const { compressed_page_size: size, uncompressed_page_size: plainSize } = header
    if (!(size >= 0 && size <= bytes.length - reader.offset)) throw new Error(`a page takes ${size} bytes`)
    if (!(plainSize >= 0 && plainSize <= MAX_PAGE_BYTES)) throw new Error(`a page is ${plainSize} bytes large`)
    const body = bytes.subarray(reader.offset, reader.offset + size)
    reader.offset += size
    if (header.crc !== undefined && header.crc !== pageCrc(body))
      throw new Error('a page has other bytes than its CRC says')
    if (header.type === 'DICTIONARY_PAGE') {
      const plain = decompressPage(body, plainSize, chunk.codec, parquetCompressors)
      dictionary = { plain, entries: header.dictionary_page_header?.num_values ?? 0 }
      continue
    }
    const page = dataPage(header, body, chunk, leaf, compressors, room)
    if (page.slots <= 0 || page.slots > total - slots) throw new Error(`a page has ${page.slots} of ${total} values`)
    if (page.values instanceof Int32Array && !dictionary) throw new Error('a page lacks its dictionary')
    slots += page.slots
    yield { ...page, dictionary }
  }
}

function dataPage(
  header: PageHeader,
  body: Uint8Array,
  { codec }: ColumnMetaData,
  leaf: LeafLevels,
  compressors: Compressors,
  room: Room | undefined,
): Omit<ChunkPage, 'dictionary'> {
  const { data_page_header: v1, data_page_header_v2: v2 } = header
  if (v2) {
    const { repetition_levels_byte_length: first, definition_levels_byte_length: second, num_values: slots } = v2
    const levels = first + second
    if (!(first >= 0 && second >= 0 && levels <= body.length)) throw new Error(`a page has ${levels} bytes of levels`)
    const compressed = body.subarray(levels)
    const size = header.uncompressed_page_size - levels
    const values = v2.is_compressed === false ? compressed : decompressPage(compressed, size, codec, compressors)
    const repetition = readLevels(body.subarray(0, first), slots, leaf.maxRepetition, room)
    const definition =
      second === 0 ? undefined : readLevels(body.subarray(first, levels), slots, leaf.maxDefinition, room)
    return withValues(slots, repetition, definition, values, v2.encoding, leaf, room)
  }
  if (!v1) throw new Error(`a page is of the unknown kind ${header.type}`)
  const bytes = decompressPage(body, header.uncompressed_page_size, codec, compressors)
  let at = 0
  // Version 1 puts the levels before the values, each with its length in 4 bytes.
  const next = (max: number): Uint8Array | undefined => {
    if (max === 0) return undefined
    const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true)
    const levels = readLevels(bytes.subarray(at + 4, at + 4 + length), v1.num_values, max, room)
    at += 4 + length
    return levels
  }
  const repetition = next(leaf.maxRepetition)
  const definition = next(leaf.maxDefinition)
  return withValues(v1.num_values, repetition, definition, bytes.subarray(at), v1.encoding, leaf, room)
}

function readLevels(bytes: Uint8Array, slots: number, max: number, room: Room | undefined): Uint8Array | undefined {
  if (max === 0) return undefined
  const levels = bytesIn(room, slots).fill(0)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  readRleBitPackedHybrid({ view, offset: 0 }, 32 - Math.clz32(max), levels as unknown as number[], bytes.length)
  return levels
}

function withValues(
  slots: number,
  repetition: Uint8Array | undefined,
  definition: Uint8Array | undefined,
  bytes: Uint8Array,
  encoding: Encoding,
  leaf: LeafLevels,
  room: Room | undefined,
): Omit<ChunkPage, 'dictionary'> {
  let present = slots
  if (definition) for (let i = 0; i < slots; i++) if (definition[i] !== leaf.maxDefinition) present--
  const levels = { slots, present, repetition, definition: present === slots ? undefined : definition }
  if (encoding === 'PLAIN') return { ...levels, values: bytes }
  if (encoding !== 'RLE_DICTIONARY' && encoding !== 'PLAIN_DICTIONARY')
    throw new Error(`a page has values in ${encoding} encoding`)
  const indexes = intsIn(room, present).fill(0)
  const width = bytes[0]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (present > 0 && width > 0)
    readRleBitPackedHybrid({ view, offset: 1 }, width, indexes as unknown as number[], bytes.length - 1)
  return { ...levels, values: indexes }
}
