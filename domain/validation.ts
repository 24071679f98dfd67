/** The rules that a decoded trade must pass; the first that fails names the DLQ row's error_type. */
import { formatDecimal, PRICE_SCALE, QUANTITY_SCALE, QUOTE_SCALE } from './decimal.ts'
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
  'notional_validation',
  'text_validation',
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

/** Letters and digits of any script: Binance lists 币安人生USDT and BTCUSD_PERP, Kraken ETH2.S/ETH. */
const SYMBOL = /^[\p{L}\p{M}\p{N}_.-]{1,64}$/u
const CONTROL = /\p{Cc}/u
/** Longest trade id and currency, and longest conditions and vendor data, all their texts together; UTF-16 units. */
const MAX_IDENTIFIER = 128
const MAX_TEXTS = 16_384

/**
 * Price times quantity of a trade is below a trillion of the quote asset: no market reaches that, in any currency, and a candle
 * holds a hundred million such trades (quote_volume has room for 10^20). Units of 10^-18.
 */
const NOTIONAL_LIMIT = 10n ** BigInt(12 + QUOTE_SCALE)
/** Below it a product of floating point is surely below the limit. */
const SURELY_BELOW = Number(NOTIONAL_LIMIT) * 0.999_999

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
export function createValidator({ cursor, texts, lists, maps }: TradeDecoder, exchange: string): Validator {
  // Asked once for each interned value.
  const isSymbol = remembered(number => isSymbolText(texts.entries[number]))
  const isIdentifier = remembered(number => isIdentifierText(texts.entries[number]))
  const areShort = remembered(number => lengthOf(lists.entries[number]) <= MAX_TEXTS)
  const isShortMap = remembered(number => lengthOf([...maps.entries[number]].flat()) <= MAX_TEXTS)

  /** Why the texts cannot be in a table: their length, or a character that is not text. */
  function textProblem(bytes: Uint8Array): string | undefined {
    const length = cursor.tradeIdEnd - cursor.tradeIdStart
    const isShort = cursor.tradeIdIsPlain && length <= MAX_IDENTIFIER
    if (!isShort && !isIdentifierText(textOf(bytes, cursor.tradeIdStart, cursor.tradeIdEnd)))
      return `trade_id ${quoted(textOf(bytes, cursor.tradeIdStart, cursor.tradeIdEnd))} ${NO_IDENTIFIER}`
    if (!isIdentifier(cursor.currency)) return `currency ${quoted(texts.entries[cursor.currency])} ${NO_IDENTIFIER}`
    if (!areShort(cursor.conditions)) return `trade_conditions have over ${MAX_TEXTS} characters`
    if (cursor.vendorData >= 0 && !isShortMap(cursor.vendorData)) return `vendor_data has over ${MAX_TEXTS} characters`
    return undefined
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
      return rejected(
        'symbol_validation',
        `symbol ${quoted(texts.entries[cursor.symbol])} is not 1 to 64 letters and digits in upper case, _ . or -`,
      )
    if (!isWithinNotional(cursor)) return rejected('notional_validation', notionalProblem(cursor))
    const text = textProblem(bytes)
    if (text) return rejected('text_validation', text)
    const received = ingestionProblem(cursor)
    if (received) return rejected('timestamp_validation', received)
    if (cursor.side !== BUY && cursor.side !== SELL)
      return rejected('side_validation', `side ${TRADE_SIDES[cursor.side]} is neither BUY nor SELL`)
    if (!cursor.messageIdIsUuid)
      return rejected(
        'message_id_validation',
        `message_id ${quoted(textOf(bytes, cursor.messageIdStart, cursor.messageIdEnd))} is not a UUID`,
      )
    if (cursor.assetClass !== CRYPTO)
      return rejected('asset_class_validation', `asset_class ${ASSET_CLASSES[cursor.assetClass]} is not crypto`)
    if (texts.entries[cursor.exchange] !== exchange)
      return rejected('exchange_validation', `exchange ${quoted(texts.entries[cursor.exchange])} is not ${exchange}`)
    return undefined
  }

  return { check }
}

const NO_IDENTIFIER = `is longer than ${MAX_IDENTIFIER} characters or has a control character`

/** A question about an interned value, asked once for each. */
function remembered(ask: (number: number) => boolean): (number: number) => boolean {
  // 1 yes, 2 no.
  let answers = new Uint8Array(1024)
  return number => {
    if (number >= answers.length) {
      const larger = new Uint8Array(number * 2)
      larger.set(answers)
      answers = larger
    }
    if (answers[number] === 0) answers[number] = ask(number) ? 1 : 2
    return answers[number] === 1
  }
}

/** A letter that has an upper case is in it. */
function isSymbolText(text: string): boolean {
  return SYMBOL.test(text) && text === text.toUpperCase()
}

function isIdentifierText(text: string): boolean {
  return text.length <= MAX_IDENTIFIER && !CONTROL.test(text)
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString()
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((length, text) => length + text.length, 0)
}

function isWithinNotional(cursor: TradeCursor): boolean {
  const price = approximateLong(cursor.priceLow, cursor.priceHigh)
  const quantity = approximateLong(cursor.quantityLow, cursor.quantityHigh)
  const isNarrow = cursor.widePrice === undefined && cursor.wideQuantity === undefined
  return (isNarrow && price * quantity < SURELY_BELOW) || priceOf(cursor) * quantityOf(cursor) < NOTIONAL_LIMIT
}

function notionalProblem(cursor: TradeCursor): string {
  const [price, quantity] = [priceOf(cursor), quantityOf(cursor)]
  return `price ${formatDecimal(price, PRICE_SCALE)} times quantity ${formatDecimal(quantity, QUANTITY_SCALE)} is not below ${formatDecimal(NOTIONAL_LIMIT, QUOTE_SCALE).slice(0, -QUOTE_SCALE - 1)}`
}

/** ingestion_timestamp is for people: it only has to be a time that every engine can hold. */
function ingestionProblem({ ingestionLow, ingestionHigh }: TradeCursor): string | undefined {
  if (ingestionHigh >= 0 && approximateLong(ingestionLow, ingestionHigh) < SAFE_MICROS) return undefined
  const exact = exactLong(ingestionLow, ingestionHigh)
  if (exact < 0n) return `ingestion_timestamp ${exact} is before 1970`
  return exact > LAST_MICROS ? `ingestion_timestamp ${exact} is after the year 9999` : undefined
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

/** A value as a reason shows it: short, printable. */
function quoted(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)
}
