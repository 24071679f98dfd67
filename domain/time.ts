/** Time as the tables hold it: microseconds since 1970, UTC, and days since 1970. */

export const MINUTE_MICROS = 60_000_000n
export const HOUR_MICROS = 60n * MINUTE_MICROS
export const DAY_MICROS = 24n * HOUR_MICROS

/** The date of a number of days since 1970: `2026-11-20`. */
export function dayName(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}

/** The day, since 1970, of a time in microseconds since 1970. */
export function dayOf(micros: bigint): number {
  return Number(floorDiv(micros, DAY_MICROS))
}

/** Integer division that rounds towards minus infinity. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}
