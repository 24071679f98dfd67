/**
 * Seeded randomness without state: every tick has a stream of its own, so that any tick can be made without the ones
 * before it. Integer arithmetic only, so that the same seed gives the same numbers everywhere.
 */

/** Mixes integers into 32 well-spread bits (the finalizer of MurmurHash3 after each). */
export function mix(...parts: readonly number[]): number {
  let hash = 0x9e3779b9
  for (const part of parts) {
    hash = scramble(hash ^ scramble(part | 0))
    // The part of a large seed that a 32-bit integer does not hold.
    const high = Math.floor(part / 0x1_0000_0000)
    if (high !== 0) hash = scramble(hash ^ scramble(high | 0) ^ 0x5bd1e995)
  }
  return hash
}

function scramble(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** Numbers from 0 up to but not including 1, in steps of 2^-32 (mulberry32 by Tommy Ettinger). */
export type Random = () => number

export function randomStream(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** Numbers that look like chance when the text is fresh (a UUID). */
export function randomOf(text: string): Random {
  return randomStream(mix(...new TextEncoder().encode(text)))
}
