/**
 * Gives a Parquet file of another writer (DuckDB, which writes none) its checksums: a CRC in each page header, and the file's own in the
 * footer. Headers grow by a few bytes, so all offsets and sizes in the footer follow. Everything else stays byte for byte.
 */
import { closeSync, fstatSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { type ColumnMetaData, parquetMetadata } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { firstWhere } from '../../domain/order.ts'
import { chunkRange } from './check.ts'
import { pageCrc, sealFooter } from './checksum.ts'
import { footerBytes, TRAILER_BYTES } from './footer-thrift.ts'
import { appendVarint, copyStruct, structEnd, zigzag } from './thrift-copy.ts'

/** Thrift's compact protocol: a field header is the distance from the field before, times 16, plus the type. */
const NEXT_I32 = 0x15
const CRC_FIELD = 4

/** Replaces the file by one with checksums. Its footer must have NO_CHECKSUM under CHECKSUM_KEY. @throws Error where it is not a Parquet file */
export function sealParquetFile(path: string): void {
  const source = openSync(path, 'r')
  const sealed = `${path}.sealed`
  const target = openSync(sealed, 'w')
  try {
    const size = fstatSync(source).size
    const read = (start: number, end: number) => {
      const bytes = Buffer.alloc(end - start)
      if (readSync(source, bytes, 0, bytes.length, start) !== bytes.length) throw new Error(`${path} ends too soon`)
      return bytes
    }
    let body = 0
    const write = (bytes: Uint8Array) => {
      writeSync(target, bytes)
      body = crc32(bytes, body)
    }
    const footerLength = footerBytes(read(Math.max(0, size - TRAILER_BYTES), size))
    if (footerLength === 0) throw new Error(`${path} does not end like a Parquet file`)
    const footerStart = size - footerLength
    const tail = read(footerStart, size)
    const groups = parquetMetadata(tail.buffer.slice(tail.byteOffset, tail.byteOffset + tail.length)).row_groups
    const growth = new Growth()
    const chunkGrowth = new Map<ColumnMetaData, number>()
    let at = 0
    for (const chunk of groups
      .flatMap(group => group.columns.flatMap(({ meta_data }) => meta_data ?? []))
      .sort(byStart)) {
      const { start, end } = chunkRange(chunk)
      if (start > at) write(read(at, start))
      chunkGrowth.set(chunk, writeChunk(read(start, end), start, write, growth))
      at = end
    }
    if (footerStart > at) write(read(at, footerStart))
    const grown = groups.map(group =>
      group.columns.map(({ meta_data }) => (meta_data && chunkGrowth.get(meta_data)) ?? 0),
    )
    const footer = movedFooter(tail.subarray(0, -TRAILER_BYTES), growth, grown)
    sealFooter(footer, body)
    const trailer = Buffer.from(tail.subarray(-TRAILER_BYTES))
    trailer.writeUInt32LE(footer.length)
    writeSync(target, footer)
    writeSync(target, trailer)
  } finally {
    closeSync(source)
    closeSync(target)
  }
  renameSync(sealed, path)
}

function byStart(a: ColumnMetaData, b: ColumnMetaData): number {
  return chunkRange(a).start - chunkRange(b).start
}

/** How far what stood at an offset has moved. */
class Growth {
  private readonly offsets: number[] = []
  private readonly totals: number[] = []

  /** Headers come in the order of the file. */
  add(header: number, bytes: number): void {
    this.offsets.push(header)
    this.totals.push((this.totals.at(-1) ?? 0) + bytes)
  }

  /** By the headers before the offset; one that begins there has grown behind it. */
  before(offset: number): number {
    const first = firstWhere(this.offsets.length, place => this.offsets[place] >= offset)
    return this.totals[first - 1] ?? 0
  }
}

/** Writes the pages of a chunk that begins at `start`, and gives how many bytes it has grown. */
function writeChunk(bytes: Buffer, start: number, write: (bytes: Uint8Array) => void, growth: Growth): number {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 }
  let grown = 0
  while (reader.offset < bytes.length) {
    const begin = reader.offset
    const header = parquetHeader(reader)
    const end = reader.offset + header.compressed_page_size
    const page = bytes.subarray(reader.offset, end)
    const raw = bytes.subarray(begin, reader.offset)
    const sealed = header.crc === undefined ? withCrc(raw, pageCrc(page)) : raw
    write(sealed)
    write(page)
    growth.add(start + begin, sealed.length - raw.length)
    grown += sealed.length - raw.length
    reader.offset = end
  }
  return grown
}

/** The header with a field 4, between the sizes (fields 1 to 3) and what is special to the kind of page. */
function withCrc(header: Uint8Array, crc: number): Uint8Array {
  const sizes = structEnd(header, CRC_FIELD - 1)
  const field: number[] = [NEXT_I32]
  appendVarint(field, zigzag(BigInt(crc)))
  // The next field is now one nearer to the one before it.
  return Buffer.concat([
    header.subarray(0, sizes),
    Buffer.from(field),
    Buffer.from([header[sizes] - 0x10]),
    header.subarray(sizes + 1),
  ])
}

/** Fields of FileMetaData that hold an offset in the file: of ColumnChunk, ColumnMetaData and RowGroup. */
const OFFSETS = new Set(['4.1.2', '4.1.4', '4.1.6', '4.1.3.9', '4.1.3.10', '4.1.3.11', '4.1.3.14', '4.5'])
/** Fields that hold the bytes of a chunk, and of a row group. */
const CHUNK_SIZES = new Set(['4.1.3.6', '4.1.3.7'])
const GROUP_SIZES = new Set(['4.2', '4.6'])

/** `grown`: by row group and column, in the order of the footer. */
function movedFooter(footer: Uint8Array, growth: Growth, grown: readonly (readonly number[])[]): Uint8Array {
  let group = -1
  let column = -1
  return copyStruct(footer, {
    enter(path) {
      if (path === '4') [group, column] = [group + 1, -1]
      if (path === '4.1') column++
    },
    number(path, value) {
      if (OFFSETS.has(path)) return value + BigInt(growth.before(Number(value)))
      if (CHUNK_SIZES.has(path)) return value + BigInt(grown[group][column])
      return GROUP_SIZES.has(path) ? value + BigInt(grown[group].reduce((sum, bytes) => sum + bytes, 0)) : value
    },
  })
}
