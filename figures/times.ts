/** Times in words: instants in UTC, lengths, ages; and the timeframes that the chart has. */

export interface Timeframe {
  readonly name: string
  readonly ms: number
}

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]

export const TIMEFRAMES: readonly Timeframe[] = [
  { name: '1m', ms: MINUTE },
  { name: '5m', ms: 5 * MINUTE },
  { name: '15m', ms: 15 * MINUTE },
  { name: '30m', ms: 30 * MINUTE },
  { name: '1h', ms: HOUR },
  { name: '4h', ms: 4 * HOUR },
  { name: '1d', ms: DAY },
]

/** How much time the chart shows. */
export const RANGES: readonly Timeframe[] = [
  { name: '1h', ms: HOUR },
  { name: '6h', ms: 6 * HOUR },
  { name: '1d', ms: DAY },
  { name: '1w', ms: 7 * DAY },
  { name: '1M', ms: 30 * DAY },
  { name: '1y', ms: 365 * DAY },
]

/** How far back coverage looks: a part of time in buckets of an hour or a day. */
export const HEAT_RANGES: readonly (Timeframe & { readonly bucket: '1h' | '1d' })[] = [
  { name: '1d', ms: DAY, bucket: '1h' },
  { name: '2d', ms: 2 * DAY, bucket: '1h' },
  { name: '1w', ms: 7 * DAY, bucket: '1h' },
  { name: '1M', ms: 30 * DAY, bucket: '1d' },
  { name: '1y', ms: 365 * DAY, bucket: '1d' },
]

/** More windows than this cannot be told apart, even on the widest screen. */
const MOST_WINDOWS = 4_000

export const timeframeNamed = (name: string): Timeframe | undefined => TIMEFRAMES.find(each => each.name === name)

/** The wanted timeframe, or the shortest longer one in which a range has few enough windows. */
export function timeframeFor(wanted: Timeframe, rangeMs: number): Timeframe {
  const fits = (each: Timeframe) => rangeMs <= longestOf(each)
  return TIMEFRAMES.find(each => each.ms >= wanted.ms && fits(each)) ?? TIMEFRAMES[TIMEFRAMES.length - 1]
}

/** The longest part of time that is shown in candles of a timeframe, milliseconds. */
export const longestOf = ({ ms }: Timeframe): number => ms * MOST_WINDOWS

export const startOfDay = (ms: number): number => Math.floor(ms / DAY) * DAY

/** `2026-11-20 10:00:00`, in UTC; with milliseconds where they are wanted. */
export function instantText(ms: number, withMs = false): string {
  const text = new Date(ms).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, withMs ? 23 : 19)}`
}

/** The time of day in UTC to the microsecond, of a time as the API writes it. */
export function timeOfDay(iso: string): string {
  const [, hours, fraction = ''] = /T([\d:]+)(?:\.(\d+))?/.exec(iso) ?? []
  return `${hours}.${fraction.padEnd(6, '0')}`
}

/** A length in its two largest units: `1 d 4 h`, `12 s`; tenths below ten seconds. */
export function lengthText(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min${seconds % 60 && minutes < 10 ? ` ${seconds % 60} s` : ''}`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`
  const days = Math.floor(hours / 24)
  return `${days} d${hours % 24 ? ` ${hours % 24} h` : ''}`
}

/** How long ago, in words that do not flicker. */
export const ageText = (ms: number): string => (ms < 1000 ? 'now' : `${lengthText(ms).replace(/\.\d/, '')} ago`)

/**
 * A time as a person types it, `2026-11-20 14:03`, `14:03` of today, an ISO text (UTC where it names no zone), or a number since 1970;
 * milliseconds since 1970. Undefined where it is none, and where the calendar has no such day: 30 February is no 2 March.
 */
export function parseInstant(text: string, now: number): number | undefined {
  const trimmed = text.trim()
  const isOfToday = /^\d{1,2}:\d{2}(?::\d{2})?$/.test(trimmed)
  const micros = parseMicros(isOfToday ? `${instantText(now).slice(0, 10)} ${trimmed.replace(/^\d:/, '0$&')}` : trimmed)
  return micros === undefined ? undefined : Number(micros / 1000n)
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:\.(\d{1,6})\d*)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i
/** Numbers of so many digits are seconds since 2001; as milliseconds they would be of 1970. */
const SECONDS = /^[1-9]\d{9,10}$/
/** Milliseconds have 13 digits until the year 2286, and microseconds had 15 since 1973. */
const MOST_DIGITS_OF_MILLISECONDS = 14
/** The first moment behind the year 9999, microseconds. */
const LAST = 253_402_300_800_000_000n

/** The same without a time of today, to the microsecond: microseconds since 1970. */
export function parseMicros(text: string): bigint | undefined {
  const trimmed = text.trim()
  if (SECONDS.test(trimmed)) return undefined
  if (/^\d{1,18}$/.test(trimmed)) {
    const micros = trimmed.length <= MOST_DIGITS_OF_MILLISECONDS ? BigInt(trimmed) * 1000n : BigInt(trimmed)
    return micros < LAST ? micros : undefined
  }
  // A plus in a query is a space.
  const [, date, time = '00:00', fraction = '', zone = 'Z'] =
    INSTANT.exec(
      trimmed.replace(/ (\d{2}:?\d{2})$/, (zoned, offset: string, at: number) => (at > 10 ? `+${offset}` : zoned)),
    ) ?? []
  if (date === undefined || isNoDay(date)) return undefined
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`)
  return ms >= 0 ? BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0')) : undefined
}

/** A reason with the times in it as people read them: rules tell them in microseconds since 1970. */
export const reasonWithTimes = (reason: string): string =>
  reason.replaceAll(/\b(timestamp|time) (\d{14,17})\b/g, (_, name: string, micros: string) =>
    Number(micros) / 1000 <= LAST_MS ? `${name} ${instantText(Number(micros) / 1000, true)} UTC` : `${name} ${micros}`,
  )

/** The last moment of the year 9999. */
const LAST_MS = 253_402_300_799_999

/** Why a text is no time: the API, the page and the commands say it with this alone. */
export function instantProblem(text: string): string {
  const trimmed = text.trim()
  const [, date] = INSTANT.exec(trimmed) ?? []
  if (date !== undefined && isNoDay(date)) return `There is no day ${date}.`
  if (SECONDS.test(trimmed)) return `${trimmed} looks like seconds: give milliseconds or microseconds since 1970.`
  return `${trimmed} is no time: write it as 2026-11-20 14:03, in UTC.`
}

/** What is said of a range that has no time in it; both by their names. */
export const emptyRangeText = (from: string, to: string): string => `The range is empty: ${from} is not before ${to}.`

/** Engines take 2026-02-30 for the second of March. */
function isNoDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00Z`)
  return Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(date)
}
