/**
 * A Parquet file's own checksum, so that a flipped byte anywhere is found: pages have their CRCs (parquet.thrift, PageHeader.crc), which any
 * reader may verify; page headers and the footer have none in the format. The footer's key-value metadata holds two CRC-32s
 * in hexadecimal: that of all bytes before the footer, and that of the footer with these digits as zeros.
 */
import { crc32 } from 'node:zlib'
import { footerBytes, TRAILER_BYTES } from './footer-thrift.ts'

export const CHECKSUM_KEY = 'tradelake.crc32'
/** The `crc` of a page header (a signed 32-bit integer), from all that follows the header in the file. */
export function pageCrc(...parts: readonly Uint8Array[]): number {
  return parts.reduce((crc, part) => crc32(part, crc), 0) | 0
}

/** What a writer puts under the key until the file is complete. */
export const NO_CHECKSUM = '0'.repeat(16)
/** In Thrift's compact protocol: the key, then the header of a string of 16 bytes. */
const MARK = Buffer.concat([Buffer.from(CHECKSUM_KEY), Buffer.from([0x18, NO_CHECKSUM.length])])

/** One flipped byte leaves one of these in a key that is no longer found. */
const PARTS = ['tradelake.', 'crc32']

/** Where the digits begin in the footer; -1 where it has no checksum. */
function digitsAt(footer: Uint8Array): number {
  const at = Buffer.from(footer.buffer, footer.byteOffset, footer.length).lastIndexOf(MARK)
  return at < 0 || at + MARK.length + NO_CHECKSUM.length > footer.length ? -1 : at + MARK.length
}

/**
 * Puts the checksum into a footer (Thrift only, no trailer) that has NO_CHECKSUM under the key; `body` is the CRC-32 of all
 * bytes before the footer. @throws RangeError where the footer has no place for it
 */
export function sealFooter(footer: Uint8Array, body: number): void {
  const at = digitsAt(footer)
  if (at < 0) throw new RangeError(`The footer has no ${CHECKSUM_KEY}`)
  footer.set(Buffer.from(hex(body) + hex(crc32(footer))), at)
}

/** Like `sealFooter`, for a whole file in memory. */
export function sealFile(file: Uint8Array): void {
  const start = file.length - footerBytes(file)
  sealFooter(file.subarray(start, file.length - TRAILER_BYTES), crc32(file.subarray(0, start)))
}

/** Whether a file has a checksum, so that `checksumProblem` vouches for every byte. */
export function isSealed(read: ReadBytes, fileBytes: number): boolean {
  const start = footerStart(read, fileBytes)
  return start !== undefined && digitsAt(read(start, fileBytes - TRAILER_BYTES)) >= 0
}

/** Where a file's footer begins; undefined where it does not end like a Parquet file. */
function footerStart(read: ReadBytes, fileBytes: number): number | undefined {
  const trailer = read(Math.max(0, fileBytes - TRAILER_BYTES), fileBytes)
  const start = fileBytes - footerBytes(trailer)
  return start === fileBytes || start < 4 ? undefined : start
}

/** Reads bytes of a file, start up to but not including end. */
export type ReadBytes = (start: number, end: number) => Uint8Array

const PIECE_BYTES = 8 * 1024 * 1024

/**
 * What is wrong with a file by its checksum, in words that follow the file's name; undefined where it is whole, or was written
 * without one.
 */
export function checksumProblem(read: ReadBytes, fileBytes: number): string | undefined {
  const start = footerStart(read, fileBytes)
  if (start === undefined) return 'does not end like a Parquet file'
  const footer = Uint8Array.from(read(start, fileBytes - TRAILER_BYTES))
  const at = digitsAt(footer)
  if (at < 0) return PARTS.some(part => Buffer.from(footer).includes(part)) ? 'has a damaged checksum' : undefined
  const expected = Buffer.from(footer.subarray(at, at + NO_CHECKSUM.length)).toString('latin1')
  footer.set(Buffer.from(NO_CHECKSUM), at)
  if (expected.slice(8) !== hex(crc32(footer))) return 'has another footer than it was written with'
  let body = 0
  for (let from = 0; from < start; from += PIECE_BYTES)
    body = crc32(read(from, Math.min(from + PIECE_BYTES, start)), body)
  return expected.slice(0, 8) === hex(body) ? undefined : 'has other bytes than it was written with'
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}
