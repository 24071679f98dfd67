/** Windows of candles of any length that people ask for, and which stored timeframe they are made of. Pure. */
import { windowOf } from './candles.ts'
import { DAY_MICROS, HOUR_MICROS, MINUTE_MICROS } from './time.ts'
import { TIMEFRAMES, type Timeframe } from './timeframes.ts'

export interface Windows {
  /** As it was asked for: `7m`, `1w`. */
  readonly name: string
  /** Whole candles of it add up to one of these. */
  readonly base: Timeframe
  /** Start of the window that a time lies in; both microseconds since 1970. */
  startOf(micros: bigint): bigint
  /** End of the window that starts there: the start of the next. */
  endOf(start: bigint): bigint
}

/** What a name may be, in words. */
export const WINDOW_NAMES = 'a whole number of m, h or d up to 366d, as 5m, 2h, 3d; or 1w (from Monday) or 1M'

const UNITS: Readonly<Record<string, bigint>> = { m: MINUTE_MICROS, h: HOUR_MICROS, d: DAY_MICROS }
const LONGEST = 366n * DAY_MICROS
const WEEK = 7n * DAY_MICROS
/** 1970 began on a Thursday. */
const FIRST_MONDAY = 4n * DAY_MICROS

/** Windows by their name; undefined where there are none of it. Those of minutes, hours and days are counted from 1970 on. */
export function parseWindows(name: string): Windows | undefined {
  if (name === '1M')
    return { name, base: dividing(DAY_MICROS), startOf: micros => month(micros, 0), endOf: start => month(start, 1) }
  if (name === '1w') {
    const startOf = (micros: bigint) => windowOf(micros - FIRST_MONDAY, WEEK) + FIRST_MONDAY
    return { name, base: dividing(DAY_MICROS), startOf, endOf: start => start + WEEK }
  }
  const [, number, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(name) ?? []
  if (number === undefined) return undefined
  const length = BigInt(number) * UNITS[unit]
  if (length > LONGEST) return undefined
  return { name, base: dividing(length), startOf: micros => windowOf(micros, length), endOf: start => start + length }
}

/** The same windows by the clocks of a zone that is so many microseconds ahead of UTC, or behind it where that is negative. */
export function windowsInZone(windows: Windows, ahead: bigint): Windows {
  return {
    name: windows.name,
    base: dividing(windows.base.length, ahead),
    startOf: micros => windows.startOf(micros + ahead) - ahead,
    endOf: start => windows.endOf(start + ahead) - ahead,
  }
}

/** The longest stored timeframe of which some lengths are multiples: the fewest candles to add up, and those that are kept longest. */
function dividing(...lengths: readonly bigint[]): Timeframe {
  const divides = (timeframe: Timeframe) => lengths.every(length => length % timeframe.length === 0n)
  return TIMEFRAMES.findLast(divides) ?? TIMEFRAMES[0]
}

/** Start of the month that a time lies in, or of one so many months later; microseconds since 1970. */
function month(micros: bigint, later: number): bigint {
  const date = new Date(Number(micros / 1000n))
  return BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later)) * 1000n
}
