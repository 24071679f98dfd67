/**
 * Parquet's hybrid of run-length encoding and bit-packing, for levels and dictionary indexes (parquet-format, Encodings.md, "RLE"). Eight
 * values or more that are the same are a run; the others are packed in eights.
 */

/** Packed values lie in a 32-bit buffer behind up to seven bits of the one before. */
const MAX_WIDTH = 24
const LEAST_RUN = 8
/** What the length of a run, or of packed groups, may take. */
const MAX_VARINT_BYTES = 5

let scratch = new Uint8Array(64 * 1024)

/** `width` bits a value; `head` bytes are left free before the first run. @throws RangeError where the width is over 24 */
export function encodeHybrid(values: Int32Array | Uint8Array, width: number, head = 0): Uint8Array {
  if (width > MAX_WIDTH) throw new RangeError(`${width} bits a value are more than ${MAX_WIDTH}`)
  const { length } = values
  const most = head + ((length >> 3) + 1) * (width + 2 * MAX_VARINT_BYTES)
  if (most > scratch.length) scratch = new Uint8Array(most)
  const bytes = scratch
  bytes.fill(0, 0, head)
  let at = head
  let packedFrom = -1
  for (let from = 0; from < length; ) {
    const value = values[from]
    let to = from + 1
    while (to < length && values[to] === value) to++
    if (to - from >= LEAST_RUN) {
      if (packedFrom >= 0) at = pack(bytes, at, values, packedFrom, from, width)
      packedFrom = -1
      at = putRun(bytes, at, value, to - from, width)
      from = to
    } else {
      if (packedFrom < 0) packedFrom = from
      from += LEAST_RUN
    }
  }
  if (packedFrom >= 0) at = pack(bytes, at, values, packedFrom, length, width)
  return bytes.slice(0, at)
}

/** The same value so many times. */
export function encodeRun(value: number, length: number, width: number): Uint8Array {
  const bytes = new Uint8Array(MAX_VARINT_BYTES + 4)
  return bytes.slice(0, length === 0 ? 0 : putRun(bytes, 0, value, length, width))
}

function putRun(bytes: Uint8Array, at: number, value: number, length: number, width: number): number {
  let next = putVarint(bytes, at, length * 2)
  for (let bit = 0; bit < width; bit += 8) bytes[next++] = value >> bit
  return next
}

/** The last group is filled up with zeros. */
function pack(
  bytes: Uint8Array,
  at: number,
  values: Int32Array | Uint8Array,
  from: number,
  to: number,
  width: number,
): number {
  const groups = (to - from + 7) >> 3
  let next = putVarint(bytes, at, groups * 2 + 1)
  const end = next + groups * width
  let buffer = 0
  let bits = 0
  for (let i = from; i < to; i++) {
    buffer |= values[i] << bits
    bits += width
    while (bits >= 8) {
      bytes[next++] = buffer
      buffer >>>= 8
      bits -= 8
    }
  }
  if (bits > 0) bytes[next++] = buffer
  bytes.fill(0, next, end)
  return end
}

function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let left = value
  let next = at
  for (; left > 127; left = Math.floor(left / 128)) bytes[next++] = (left & 127) | 128
  bytes[next++] = left
  return next
}
