/**
 * Sums of products of two 64-bit numbers that are not below zero, exactly and without a bigint for each: in limbs of 22 bits, whole
 * numbers below 2^53. The numbers are given by their 32-bit halves.
 */

const LIMB_BITS = 22
const LIMB = 2 ** LIMB_BITS
const MASK = LIMB - 1
/** Limbs of a sum, the lowest first; the last one takes all that is above the others. */
export const LIMBS = 6
/** A product adds at most three products below 2^44 to a limb: with 128 of them it stays below 2^53. */
export const CARRY_MASK = 127

/** Adds a product to the sum whose limbs begin at `at`. */
export function addProduct(sums: Float64Array, at: number, al: number, ah: number, bl: number, bh: number): void {
  const a0 = al & MASK
  const a1 = ((al >>> LIMB_BITS) | (ah << (32 - LIMB_BITS))) & MASK
  const a2 = ah >>> (2 * LIMB_BITS - 32)
  const b0 = bl & MASK
  const b1 = ((bl >>> LIMB_BITS) | (bh << (32 - LIMB_BITS))) & MASK
  const b2 = bh >>> (2 * LIMB_BITS - 32)
  sums[at] += a0 * b0
  sums[at + 1] += a0 * b1 + a1 * b0
  sums[at + 2] += a0 * b2 + a1 * b1 + a2 * b0
  sums[at + 3] += a1 * b2 + a2 * b1
  sums[at + 4] += a2 * b2
}

/** Brings all but the highest limb of a sum below the limit of each; due whenever `CARRY_MASK` and the number of products have no bit in common. */
export function carryLimbs(sums: Float64Array, at: number): void {
  for (let limb = at; limb < at + LIMBS - 1; limb++) {
    const above = Math.floor(sums[limb] / LIMB)
    sums[limb] -= above * LIMB
    sums[limb + 1] += above
  }
}

export function limbsTotal(sums: Float64Array, at: number): bigint {
  let total = 0n
  for (let limb = LIMBS - 1; limb >= 0; limb--) total = (total << BigInt(LIMB_BITS)) + BigInt(sums[at + limb])
  return total
}

/** A sum of products that takes as many as there are. */
export interface ProductSum {
  /** Adds the product of two numbers, by their halves, low before high. */
  add(al: number, ah: number, bl: number, bh: number): void
  total(): bigint
}

export function productSum(): ProductSum {
  const limbs = new Float64Array(LIMBS)
  let count = 0
  return {
    add(al, ah, bl, bh) {
      addProduct(limbs, 0, al, ah, bl, bh)
      if ((++count & CARRY_MASK) === 0) carryLimbs(limbs, 0)
    },
    total: () => limbsTotal(limbs, 0),
  }
}
