/**
 * One gzip member made of parts that were compressed separately, so that a part which comes again is compressed only
 * once (RFC 1951: deflate blocks follow each other, and a full flush ends one at a byte and forgets what came before;
 * RFC 1952: the frame).
 */
import { constants, crc32, deflateRawSync, gunzipSync } from 'node:zlib'
import { sumOf } from '../domain/counts.ts'

/** Both in buffers of their own: those of Node's Buffer and zlib are pieces of larger ones, which would be kept with them. */
export interface GzipPart {
  readonly plain: Uint8Array
  readonly deflated: Uint8Array
}

/** Magic, method deflate, no flags, no time, fastest, system unknown. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255)
/** The last block of a deflate stream, empty. */
const LAST_BLOCK = Uint8Array.of(3, 0)
const encoder = new TextEncoder()
/** Checksum and length of what was compressed. */
const TRAILER_BYTES = 8

export function gzipPart(text: string): GzipPart {
  const plain = encoder.encode(text)
  // In one piece: by default zlib gives its output in buffers of 16 KB.
  const chunkSize = plain.length + 1024
  const options = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_FULL_FLUSH, chunkSize }
  return { plain, deflated: new Uint8Array(deflateRawSync(plain, options)) }
}

/** The parts as one member, in a buffer of its own too: a small one of Buffer's would keep 64 KB for as long as it is kept. */
export function joinGzip(parts: readonly GzipPart[]): Uint8Array {
  const trailer = Buffer.alloc(TRAILER_BYTES)
  trailer.writeUInt32LE(parts.reduce((crc, { plain }) => crc32(plain, crc), 0))
  trailer.writeUInt32LE(sumOf(parts, ({ plain }) => plain.length) >>> 0, 4)
  const pieces = [HEADER, ...parts.map(part => part.deflated), LAST_BLOCK, trailer]
  const joined = new Uint8Array(sumOf(pieces, ({ length }) => length))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** What `joinGzip` made as one part, to be joined to others without compressing it again. */
export function partOf(joined: Uint8Array): GzipPart {
  const deflated = joined.subarray(HEADER.length, -LAST_BLOCK.length - TRAILER_BYTES)
  return { plain: new Uint8Array(gunzipSync(joined)), deflated: new Uint8Array(deflated) }
}
