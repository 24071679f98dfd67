/**
 * Frames as JSON whose numbers stay text: ids may pass 2^53, and Kraken's v2 writes prices as JSON numbers,
 * which a float would not hold exactly.
 */
import { PRICE_SCALE, parseDecimal, QUANTITY_SCALE } from '../domain/decimal.ts'
import { messageOf } from '../domain/errors.ts'
import { symbolOf } from '../domain/pairs.ts'
import { LAST_MS } from '../domain/time.ts'
import {
  type DecodedTrade,
  type Decoder,
  type FeedTrade,
  MalformedFrame,
  type OnUnreadable,
  safeNumber,
  tradeOf,
  type Unreadable,
} from './decoder.ts'

/** A number as it was written. */
class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
  toJSON(): unknown {
    return rawJson(this.text)
  }
}

export type Fields = Readonly<Record<string, unknown>>

// Source text access (ECMA-262, JSON.parse source text access); TypeScript's types do not know it yet.
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown

// ECMA-262, JSON.parse source text access: text that JSON.stringify writes as it is.
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

/**
 * The most JSON that is read: the largest real frame has some 100 KB, the largest list of markets 2 MB. What is parsed takes
 * 60 bytes for each value, so it is the values that count: 40 MB of `[1,1,…]` would take 2.4 GB.
 */
const MAX_CHARACTERS = 32 * 1024 * 1024
const MAX_VALUES = 500_000

/** Whether the text would take too much memory when it is parsed. */
function isTooLarge(text: string): boolean {
  if (text.length <= MAX_VALUES) return false
  let values = 0
  for (let at = 0; at < text.length && values <= MAX_VALUES; at++) {
    const code = text.charCodeAt(at)
    if (code === COMMA || code === BRACKET || code === BRACE) values++
  }
  return values > MAX_VALUES || text.length > MAX_CHARACTERS
}

const [COMMA, BRACKET, BRACE] = [...',[{'].map(character => character.charCodeAt(0))

/** @throws MalformedFrame where the text is not JSON, or too much of it */
export function parseFrame(text: string): unknown {
  if (isTooLarge(text)) throw new MalformedFrame(`A frame is too large: ${text.length} characters.`)
  try {
    return parseWithSource(text, (_, value, context) =>
      typeof value === 'number' ? new NumberText(context.source ?? String(value)) : value,
    )
  } catch (error) {
    throw new MalformedFrame(`A frame is not JSON: ${messageOf(error)}`)
  }
}

/** A decoder, from what it makes of a parsed message; `ignores` as in Decoder. */
export function decoderOf(mapMessage: Decoder['mapMessage'], ...ignores: readonly string[]): Decoder {
  const ignored: ReadonlySet<string> = new Set(ignores)
  return {
    *map(frame, receivedAt, unreadable) {
      if (!ignored.has(frame)) yield* mapMessage(parseFrame(frame), receivedAt, unreadable)
    },
    mapMessage,
    ignores: ignored,
  }
}

/** Where a row of trades has what names the trade, by the exchange's own names of its fields. */
export interface TradeNames {
  readonly market: string
  /** The number, where the exchange numbers the trades of a market. */
  readonly number?: string
}

/**
 * The trades of a list, each read by itself. One that cannot be read is told of and the next follows; without
 * `unreadable` its error is thrown.
 */
export function* tradesOf(
  rows: readonly unknown[],
  read: (row: unknown) => DecodedTrade,
  receivedAt: bigint,
  names: TradeNames,
  unreadable?: OnUnreadable,
): Generator<FeedTrade> {
  for (const row of rows) {
    let trade: FeedTrade
    try {
      trade = tradeOf(read(row), receivedAt)
    } catch (error) {
      if (!(error instanceof MalformedFrame) || !unreadable) throw error
      unreadable({ problem: messageOf(error), raw: textOf(row), ...identityOf(row, names) })
      continue
    }
    yield trade
  }
}

function identityOf(row: unknown, { market, number }: TradeNames): Pick<Unreadable, 'symbol' | 'number'> {
  const fields = isObject(row) ? row : {}
  const name = fields[market]
  const id = number === undefined ? '' : String(fields[number])
  return {
    symbol: typeof name === 'string' && name !== '' ? symbolOf(name) : undefined,
    number: /^\d{1,19}$/.test(id) ? safeNumber(BigInt(id)) : undefined,
  }
}

/** A part of a parsed frame as JSON, its numbers with the digits that they came with. */
function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
}

/** Reads the fields of one trade; each failure names the exchange and the field. */
export interface FieldReader {
  /** Whether the field is there and not null. */
  has(name: string | number): boolean
  /** Text that is not empty. */
  text(name: string | number): string
  /** Text, or the empty text where the field is missing or null. */
  optionalText(name: string | number): string
  boolean(name: string | number): boolean
  /** A whole number from 0 that fits a signed 64-bit integer, written as a number or as text. */
  integer(name: string | number): bigint
  /** A decimal number, written as a number or as text, in units of 10^-scale. */
  decimal(name: string | number, scale: number): bigint
  /** A price in units of 10^-10. */
  price(name: string | number): bigint
  /** A quantity in units of 10^-8. */
  quantity(name: string | number): bigint
  /** A time in whole milliseconds since 1970, in microseconds. */
  milliseconds(name: string | number): bigint
  /** An ISO 8601 time in UTC, microseconds since 1970. Digits beyond the sixth are cut. */
  isoTime(name: string | number): bigint
  fail(name: string | number, expected: string): never
}

/** `what` completes "… has no". */
export function fieldsOf(what: string, value: unknown): FieldReader {
  if (typeof value !== 'object' || value === null || value instanceof NumberText)
    throw new MalformedFrame(`${what} is ${show(value)}, not a list or object of fields.`)
  const fields = value as Fields

  function fail(name: string | number, expected: string): never {
    throw new MalformedFrame(`${what} has no ${expected} in '${name}' but ${show(at(name))}.`)
  }
  const at = (name: string | number) => (Object.hasOwn(fields, name) ? fields[name] : undefined)
  const numeral = (name: string | number) => {
    const found = at(name)
    return found instanceof NumberText ? found.text : typeof found === 'string' ? found : ''
  }

  function integer(name: string | number): bigint {
    const text = numeral(name)
    if (!/^\d{1,19}$/.test(text)) return fail(name, 'whole number')
    const number = BigInt(text)
    return BigInt.asIntN(64, number) === number ? number : fail(name, 'whole number of 64 bits')
  }

  const decimal = (name: string | number, scale: number) =>
    parseDecimal(numeral(name), scale) ?? fail(name, 'decimal number')

  return {
    has: name => at(name) !== undefined && at(name) !== null,
    fail,
    integer,
    milliseconds(name) {
      const time = integer(name)
      return time > BigInt(LAST_MS) ? fail(name, 'time in milliseconds') : time * 1000n
    },
    text(name) {
      const found = at(name)
      return typeof found === 'string' && found !== '' ? found : fail(name, 'text')
    },
    optionalText(name) {
      const found = at(name)
      return typeof found === 'string' ? found : found === undefined || found === null ? '' : fail(name, 'text')
    },
    boolean(name) {
      const found = at(name)
      return typeof found === 'boolean' ? found : fail(name, 'boolean')
    },
    decimal,
    price: name => decimal(name, PRICE_SCALE),
    quantity: name => decimal(name, QUANTITY_SCALE),
    isoTime(name) {
      const found = at(name)
      return (typeof found === 'string' ? isoMicros(found) : undefined) ?? fail(name, 'time')
    },
  }
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/

function isoMicros(text: string): bigint | undefined {
  const match = ISO.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction = ''] = match
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  // Date.UTC reads the 31st of February as a day of March, and years before 100 as other years.
  if (new Date(ms).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined
  return BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
}

/** The value for a one-line message. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = value instanceof NumberText ? value.text : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
