/** Reads the values of options: durations, numbers and times. */
import { BadInput } from '../domain/errors.ts'
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts'
import { instantProblem, parseMicros } from '../figures/times.ts'

/** What `read` makes of an option's text; undefined where the option was not given. */
export function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text)
}

/** A duration like `60s`, `5m`, `1h`, `250ms` in milliseconds. @throws BadInput */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (!match) throw new BadInput(`${text} is not a duration: write 60s, 5m or 1h.`)
  return Number(match[1]) * { ms: 1, s: 1000, m: MINUTE_MS, h: HOUR_MS }[match[2] as 'ms' | 's' | 'm' | 'h']
}

/** A number of at least `least`. @throws BadInput naming the option */
export function parseNumber(option: string, text: string, least: number, whole = false): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least || (whole && !Number.isSafeInteger(value)))
    throw new BadInput(`--${option} ${text} is not a ${whole ? 'whole number' : 'number'} of at least ${least}.`)
  return value
}

/** A time like `2026-11-20T10:00:00Z` in microseconds since 1970. @throws BadInput naming the option */
export function parseTime(option: string, text: string): bigint {
  const micros = parseMicros(text)
  if (micros === undefined) throw new BadInput(`--${option}: ${instantProblem(text)}`)
  return micros
}
