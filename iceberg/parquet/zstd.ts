/**
 * zstd with one context for all that a process compresses, and one for all that it decompresses. Node's own functions make a context and
 * an output buffer for each call: for pages of some kilobytes that takes longer than the work itself, and memory that comes and goes
 * makes V8 collect garbage again and again (docs/adr/0028-contexts-that-stay.md).
 *
 * The contexts are those of Node's streams. Their synchronous write is not public, though Node's own functions end in it: where a Node has
 * none, and for what it refuses, the public functions are used.
 */
import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** What a stream of Node's has besides its public side. */
interface Context {
  /** How many bytes of output, and of input, the last write left. */
  readonly _writeState: Uint32Array
  readonly _handle: {
    onerror: (message: string) => void
    writeSync(
      flush: number,
      from: Uint8Array,
      fromAt: number,
      length: number,
      to: Uint8Array,
      toAt: number,
      room: number,
    ): void
  }
}

export interface Zstd {
  /** One frame, at level 1; the next call overwrites it. */
  compress(bytes: Uint8Array): Uint8Array
  /**
   * The content of a frame, which holds `size` bytes; in `room`, where that is larger.
   * @throws Error where it is no frame, or holds more
   */
  decompress(bytes: Uint8Array, size: number, room?: Uint8Array): Uint8Array
}

const COMPRESS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** As large a window as other writers may ask for: 128 MiB. */
const DECOMPRESS = { params: { [constants.ZSTD_d_windowLogMax]: 27 } }

/** A larger buffer for what is compressed is not kept. */
const MAX_SCRATCH_BYTES = 4 * 1024 * 1024

export const zstd: Zstd = zstdOf(
  () => createZstdCompress(COMPRESS),
  () => createZstdDecompress(DECOMPRESS),
)

/** By the streams whose contexts are used. */
export function zstdOf(compressor: () => object, decompressor: () => object): Zstd {
  const [compressing, decompressing] = [contextOf(compressor), contextOf(decompressor)]
  let scratch: Uint8Array = new Uint8Array(0)
  return {
    compress(bytes) {
      const room = mostCompressed(bytes.length)
      const output = room <= scratch.length ? scratch : new Uint8Array(room)
      if (room <= MAX_SCRATCH_BYTES) scratch = output
      const length = compressing.write(bytes, output, room)
      return length === undefined
        ? zstdCompressSync(bytes, { ...COMPRESS, chunkSize: room })
        : output.subarray(0, length)
    },
    decompress(bytes, size, room) {
      // One byte more: a frame that fills it holds too much, and one that does not has given all.
      const output = room && room.length > size ? room : new Uint8Array(size + 1)
      if (decompressing.write(bytes, output, size + 1) === size) return output.subarray(0, size)
      decompressing.forget()
      // In one piece: by default zlib gives its output in buffers of 16 KB. Where the frame is wrong, this says how.
      const pieces = { maxOutputLength: Math.max(1, size), chunkSize: Math.max(64, size) }
      return zstdDecompressSync(bytes, { ...DECOMPRESS, ...pieces })
    },
  }
}

/** What zstd may make of so many bytes at worst (zstd.h, ZSTD_COMPRESSBOUND), and one byte that stays free. */
function mostCompressed(length: number): number {
  return length + (length >> 8) + 1024
}

/** A context that is made when it is first needed, and anew after it has failed. */
function contextOf(make: () => object) {
  let context: Context | undefined
  return {
    /** How many bytes it has put into `output`; undefined where it failed, did not take all, or cannot be used. */
    write(bytes: Uint8Array, output: Uint8Array, room: number): number | undefined {
      context ??= contextIn(make())
      if (!context) return undefined
      let hasFailed = false
      context._handle.onerror = () => {
        hasFailed = true
      }
      context._handle.writeSync(constants.ZSTD_e_end, bytes, 0, bytes.length, output, 0, room)
      const [left, unread] = context._writeState
      if (!hasFailed && left > 0 && unread === 0) return room - left
      context = undefined
      return undefined
    },
    forget() {
      context = undefined
    },
  }
}

function contextIn(stream: object): Context | undefined {
  const { _handle: handle, _writeState: state } = stream as Partial<Context>
  return typeof handle?.writeSync === 'function' && state?.length === 2 ? (stream as Context) : undefined
}
