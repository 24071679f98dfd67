/**
 * Memory that is used again: pieces one behind the other, until its owner empties it. What does not fit is made anew, and there is room
 * for it the next time (docs/adr/0028-contexts-that-stay.md).
 */
export interface Room {
  bytes: Uint8Array
  used: number
  /** What did not fit. */
  lacking: number
}

/** Pieces begin where longs may lie. */
const ALIGNMENT = 8
/** One that is larger is not kept. */
const MOST_BYTES = 128 * 1024 * 1024

export function newRoom(): Room {
  return { bytes: new Uint8Array(0), used: 0, lacking: 0 }
}

/** Makes all of it free. Nobody may read its pieces any more: the next ones are written over them. */
export function emptied(room: Room): Room {
  if (room.lacking > 0) room.bytes = new Uint8Array(Math.min(room.used + room.lacking, MOST_BYTES))
  room.used = room.lacking = 0
  return room
}

/** So many bytes, in which anything may stand; in memory of their own where there is no room. */
export function bytesIn(room: Room | undefined, length: number): Uint8Array {
  if (!room) return new Uint8Array(length)
  const start = Math.ceil(room.used / ALIGNMENT) * ALIGNMENT
  if (start + length <= room.bytes.length) {
    room.used = start + length
    return room.bytes.subarray(start, start + length)
  }
  const bytes = new Uint8Array(length)
  room.lacking += length + ALIGNMENT
  return bytes
}

/** So many 32-bit integers. */
export function intsIn(room: Room | undefined, length: number): Int32Array {
  const { buffer, byteOffset } = bytesIn(room, length * Int32Array.BYTES_PER_ELEMENT)
  return new Int32Array(buffer, byteOffset, length)
}

/** So many floating-point numbers. */
export function floatsIn(room: Room | undefined, length: number): Float64Array {
  const { buffer, byteOffset } = bytesIn(room, length * Float64Array.BYTES_PER_ELEMENT)
  return new Float64Array(buffer, byteOffset, length)
}

/** So many longs. */
export function longsIn(room: Room | undefined, length: number): BigInt64Array {
  const { buffer, byteOffset } = bytesIn(room, length * BigInt64Array.BYTES_PER_ELEMENT)
  return new BigInt64Array(buffer, byteOffset, length)
}
