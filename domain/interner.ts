/** Gives equal byte ranges the same small number, and makes the value of each only once. */

export interface Interner<T> {
  /** Values by number, in order of appearance. */
  readonly entries: readonly T[]
  /** The number of bytes[start, end), or -1 where they are not a value (`make` is then asked again each time). */
  intern(bytes: Uint8Array, start: number, end: number): number
}

/** `make` gives the value of bytes[start, end), or undefined where they are not a value. */
export function createInterner<T>(make: (bytes: Uint8Array, start: number, end: number) => T | undefined): Interner<T> {
  const entries: T[] = []
  // Copies of the bytes of every entry, one after the other; starts has one entry more than there are values.
  let arena = new Uint8Array(256)
  let starts = new Int32Array(33)
  // Open addressing: slots hold entry number + 1, hashes the full hash of the entry there.
  let mask = 63
  let slots = new Int32Array(mask + 1)
  let hashes = new Int32Array(mask + 1)

  function intern(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end)
    let slot = hash & mask
    for (;;) {
      const number = slots[slot] - 1
      if (number < 0) break
      if (hashes[slot] === hash && equalBytes(arena, starts[number], starts[number + 1], bytes, start, end))
        return number
      slot = (slot + 1) & mask
    }
    const value = make(bytes, start, end)
    if (value === undefined) return -1
    const number = entries.length
    entries.push(value)
    keep(bytes, start, end, number)
    slots[slot] = number + 1
    hashes[slot] = hash
    if (entries.length * 2 > mask) grow()
    return number
  }

  function keep(bytes: Uint8Array, start: number, end: number, number: number): void {
    const from = starts[number]
    const to = from + end - start
    if (to > arena.length) {
      const larger = new Uint8Array(Math.max(arena.length * 2, to))
      larger.set(arena)
      arena = larger
    }
    if (number + 2 > starts.length) {
      const larger = new Int32Array(starts.length * 2)
      larger.set(starts)
      starts = larger
    }
    arena.set(bytes.subarray(start, end), from)
    starts[number + 1] = to
  }

  function grow(): void {
    const oldSlots = slots
    const oldHashes = hashes
    mask = mask * 2 + 1
    slots = new Int32Array(mask + 1)
    hashes = new Int32Array(mask + 1)
    for (let i = 0; i < oldSlots.length; i++) {
      if (oldSlots[i] === 0) continue
      let slot = oldHashes[i] & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = oldSlots[i]
      hashes[slot] = oldHashes[i]
    }
  }

  return { entries, intern }
}

/**
 * A 32-bit hash of bytes[start, end), four bytes at a time. `words` are the same bytes as 32-bit words, little-endian, where
 * they are aligned (see `wordsOf`): reading words takes a quarter of the time.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number, words?: Int32Array): number {
  let hash = end - start
  let at = start
  if (words !== undefined && (start & 3) === 0)
    for (; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ words[at >> 2], 0x85ebca6b)
      hash ^= hash >>> 13
    }
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    hash = Math.imul(hash ^ word, 0x85ebca6b)
    hash ^= hash >>> 13
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at], 16777619)
  return hash ^ (hash >>> 16)
}

/** The bytes as 32-bit words, without what is left over at the end; undefined where they are not aligned. */
export function wordsOf(bytes: Uint8Array): Int32Array | undefined {
  return (bytes.byteOffset & 3) === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : undefined
}

export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false
  for (let i = aStart, j = bStart; i < aEnd; i++, j++) if (a[i] !== b[j]) return false
  return true
}
