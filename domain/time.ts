/**
 * Time as the tables hold it, in microseconds (bigint) and days since 1970, UTC; and as clocks and Kafka tell it, in
 * milliseconds (number) since 1970.
 */

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export const MINUTE_MICROS = 60_000_000n
export const HOUR_MICROS = 60n * MINUTE_MICROS
export const DAY_MICROS = 24n * HOUR_MICROS

/** The last moment of the year 9999, itself a valid time: other engines hold no later one. */
export const LAST_MS = 253_402_300_799_999
export const LAST_MICROS = 253_402_300_799_999_999n

/** The date of a number of days since 1970: `2026-11-20`. */
export function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** The day, since 1970, of a time in microseconds since 1970. */
export function dayOf(micros: bigint): number {
  return Number(floorDiv(micros, DAY_MICROS))
}

/** The day, since 1970, of a time in milliseconds since 1970. */
export function dayOfMs(milliseconds: number): number {
  return Math.floor(milliseconds / DAY_MS)
}

/** Integer division that rounds towards minus infinity. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}
