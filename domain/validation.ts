/** The rules that a decoded trade must pass; the first that fails names the DLQ row's error_type. */
import { formatDecimal, PRICE_SCALE, QUANTITY_SCALE } from './decimal.ts'
import { approximateLong, exactLong, priceOf, quantityOf, type TradeCursor, type TradeDecoder } from './decode.ts'
import { DAY_MICROS, LAST_MICROS, MINUTE_MICROS } from './time.ts'
import { ASSET_CLASSES, TRADE_SIDES } from './trade.ts'

export const ERROR_TYPES = [
  'deserialization_failed_or_null_fields',
  'unknown_schema',
  'price_validation',
  'quantity_validation',
  'timestamp_validation',
  'symbol_validation',
  'side_validation',
  'message_id_validation',
  'asset_class_validation',
  'exchange_validation',
  'unknown_error',
] as const
export type ErrorType = (typeof ERROR_TYPES)[number]

export interface Rejection {
  readonly type: ErrorType
  /** In words, with the value. */
  readonly reason: string
}

/** A trade may be this much after its record's Kafka time (clocks differ), microseconds. */
const MAX_AHEAD = Number(MINUTE_MICROS)
/** And this much before it: 365 days, microseconds. */
const MAX_BEHIND = 365 * Number(DAY_MICROS)

/** Times before the year 2255 are exact as numbers. */
const SAFE_MICROS = Number.MAX_SAFE_INTEGER

const SYMBOL = /^[A-Z0-9]+$/
const CRYPTO = ASSET_CLASSES.indexOf('crypto')
const BUY = TRADE_SIDES.indexOf('BUY')
const SELL = TRADE_SIDES.indexOf('SELL')

export interface Validator {
  /**
   * Checks the trade that the decoder holds. `kafkaMicros` is the record's Kafka time, microseconds since 1970, so that a
   * replay gives the same verdict. Gives undefined where the trade is valid.
   */
  check(bytes: Uint8Array, kafkaMicros: number): Rejection | undefined
}

/** `exchange` is the code that the table's messages must carry. */
export function createValidator({ cursor, texts }: TradeDecoder, exchange: string): Validator {
  // Whether an interned text is a symbol: asked once for each, 1 yes, 2 no.
  let symbols = new Uint8Array(1024)

  function isSymbol(number: number): boolean {
    if (number >= symbols.length) {
      const larger = new Uint8Array(number * 2)
      larger.set(symbols)
      symbols = larger
    }
    if (symbols[number] === 0) symbols[number] = SYMBOL.test(texts.entries[number]) ? 1 : 2
    return symbols[number] === 1
  }

  function check(bytes: Uint8Array, kafkaMicros: number): Rejection | undefined {
    if (!isPositive(cursor.priceLow, cursor.priceHigh, cursor.widePrice))
      return rejected('price_validation', `price ${formatDecimal(priceOf(cursor), PRICE_SCALE)} is not above zero`)
    if (!isPositive(cursor.quantityLow, cursor.quantityHigh, cursor.wideQuantity))
      return rejected(
        'quantity_validation',
        `quantity ${formatDecimal(quantityOf(cursor), QUANTITY_SCALE)} is not above zero`,
      )
    const late = timestampProblem(cursor, kafkaMicros)
    if (late) return rejected('timestamp_validation', late)
    if (!isSymbol(cursor.symbol))
      return rejected('symbol_validation', `symbol ${quoted(texts.entries[cursor.symbol])} is not [A-Z0-9]+`)
    if (cursor.side !== BUY && cursor.side !== SELL)
      return rejected('side_validation', `side ${TRADE_SIDES[cursor.side]} is neither BUY nor SELL`)
    if (!isUuid(bytes, cursor.messageIdStart, cursor.messageIdEnd))
      return rejected(
        'message_id_validation',
        `message_id ${quoted(Buffer.from(bytes.subarray(cursor.messageIdStart, cursor.messageIdEnd)).toString())} is not a UUID`,
      )
    if (cursor.assetClass !== CRYPTO)
      return rejected('asset_class_validation', `asset_class ${ASSET_CLASSES[cursor.assetClass]} is not crypto`)
    if (texts.entries[cursor.exchange] !== exchange)
      return rejected('exchange_validation', `exchange ${quoted(texts.entries[cursor.exchange])} is not ${exchange}`)
    return undefined
  }

  return { check }
}

function rejected(type: ErrorType, reason: string): Rejection {
  return { type, reason }
}

function isPositive(low: number, high: number, wide: bigint | undefined): boolean {
  if (wide !== undefined) return wide > 0n
  return high > 0 || (high === 0 && low !== 0)
}

function timestampProblem({ timestampLow, timestampHigh }: TradeCursor, kafkaMicros: number): string | undefined {
  const timestamp = approximateLong(timestampLow, timestampHigh)
  if (
    timestamp > 0 &&
    timestamp < SAFE_MICROS &&
    timestamp <= kafkaMicros + MAX_AHEAD &&
    timestamp >= kafkaMicros - MAX_BEHIND
  )
    return undefined
  const exact = exactLong(timestampLow, timestampHigh)
  if (exact <= 0n) return `timestamp ${exact} is not above zero`
  if (exact > LAST_MICROS) return `timestamp ${exact} is after the year 9999`
  const distance = exact - BigInt(kafkaMicros)
  if (distance <= MAX_AHEAD && distance >= -MAX_BEHIND) return undefined
  return distance > 0n
    ? `timestamp ${exact} is ${distance / 1_000_000n} s after the record's Kafka time ${kafkaMicros}`
    : `timestamp ${exact} is ${-distance / DAY_MICROS} days before the record's Kafka time ${kafkaMicros}`
}

/** 8-4-4-4-12 hexadecimal digits. */
function isUuid(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 36) return false
  for (let i = 0; i < 36; i++) {
    const byte = bytes[start + i]
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (byte !== 45) return false
    } else if (!((byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70))) return false
  }
  return true
}

/** A value as a reason shows it: short, printable. */
function quoted(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)
}
