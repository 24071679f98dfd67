/** Binance's parameters, each read by its type and refused in Binance's words. */
import { DAY_MICROS, HOUR_MICROS, LAST_MS, MINUTE_MICROS } from '../../domain/time.ts'
import { parseWindows, type Windows, windowsInZone } from '../../domain/windows.ts'
import { illegal, invalidInterval, missing, notValid, Refusal } from './refusals.ts'

export type Parameters = ReturnType<typeof parametersOf>

const SYMBOL = '[A-Z0-9-_.]{1,20}'
const LONG = '^[0-9]{1,20}$'
const DEFAULT_LIMIT = 500
const MAX_LIMIT = 1000
const INTERVALS = ['1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M']

/** `known`: the names that the route reads. @throws Refusal where there is another one, or one twice */
export function parametersOf(query: URLSearchParams, known: readonly string[]) {
  const sent = [...query.keys()]
  if (new Set(sent).size < sent.length) throw new Refusal(-1101, 'Duplicate values for a parameter detected.')
  const read = sent.filter(name => known.includes(name)).length
  if (read < sent.length)
    throw new Refusal(
      -1104,
      `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent.length}'.`,
    )

  const text = (name: string): string | undefined => query.get(name) || undefined
  function long(name: string): number | undefined {
    const value = text(name)
    if (value === undefined) return undefined
    if (!/^\d{1,20}$/.test(value)) throw illegal(name, LONG)
    return Number(value)
  }
  /** Milliseconds since 1970 as microseconds; `later` milliseconds are added. */
  function time(name: string, later = 0): bigint | undefined {
    const value = long(name)
    return value === undefined ? undefined : BigInt(Math.min(value, LAST_MS) + later) * 1000n
  }
  function symbol(): string | undefined {
    const value = text('symbol')
    if (value !== undefined && !new RegExp(`^${SYMBOL}$`).test(value)) throw illegal('symbol', `^${SYMBOL}$`)
    return value
  }

  return {
    text,
    long,
    /** @throws Refusal where there is none */
    symbol(): string {
      const value = symbol()
      if (value === undefined) throw missing('symbol')
      return value
    },
    /** Of `symbol` or `symbols`; undefined: all. */
    symbols(): { readonly names: readonly string[]; readonly isOne: boolean } | undefined {
      const [one, several] = [symbol(), text('symbols')]
      if (one !== undefined && several !== undefined)
        throw new Refusal(-1128, 'Combination of optional parameters invalid.')
      if (one !== undefined) return { names: [one], isOne: true }
      if (several === undefined) return undefined
      const list = `\\[("${SYMBOL}"(,"${SYMBOL}"){0,}){0,1}\\]`
      if (!new RegExp(`^${list}$`).test(several)) throw illegal('symbols', `^${list}$`)
      const names = JSON.parse(several) as string[]
      if (new Set(names).size < names.length) throw new Refusal(-1151, 'Symbol is present multiple times in the list.')
      return { names, isOne: false }
    },
    /** More than 1000 are 1000. */
    limit(): number {
      const value = long('limit') ?? DEFAULT_LIMIT
      if (value === 0) throw notValid('limit')
      return Math.min(value, MAX_LIMIT)
    },
    /** Microseconds since 1970: Binance's end is part of the range, ours is not. */
    range(): { readonly from: bigint | undefined; readonly to: bigint | undefined } {
      return { from: time('startTime'), to: time('endTime', 1) }
    },
    /** Of `interval` and `timeZone`. */
    windows(): Windows {
      const name = text('interval')
      if (name === undefined) throw missing('interval')
      const windows = intervalWindows(name)
      const zone = text('timeZone')
      return zone === undefined ? windows : windowsInZone(windows, zoneOf(zone))
    },
    choice<T extends string>(name: string, choices: readonly T[], refusal: Refusal): T {
      const value = text(name) ?? choices[0]
      const found = choices.find(choice => choice === value)
      if (!found) throw refusal
      return found
    },
  }
}

/** Windows of an interval that Binance has. @throws Refusal */
export function intervalWindows(name: string): Windows {
  const windows = INTERVALS.includes(name) ? parseWindows(name) : undefined
  if (!windows) throw invalidInterval(name === '1s' ? 'The lake has no candles of less than a minute.' : '')
  return windows
}

/** `-1:00`, `05:45`, `8`: microseconds ahead of UTC, from 12 hours behind to 14 ahead. */
function zoneOf(text: string): bigint {
  // A plus in a query is a space.
  const [, sign, hours, minutes = '0'] = /^([+ -]?)(\d{1,2})(?::([0-5]\d))?$/.exec(text) ?? []
  if (hours === undefined) throw notValid('timeZone')
  const size = BigInt(hours) * HOUR_MICROS + BigInt(minutes) * MINUTE_MICROS
  const ahead = sign === '-' ? -size : size
  if (ahead < -DAY_MICROS / 2n || ahead > 14n * HOUR_MICROS) throw notValid('timeZone')
  return ahead
}
