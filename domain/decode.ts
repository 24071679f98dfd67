/**
 * Reads the Avro binary of trades without making an object or a string for each row: a cursor holds where each field
 * lies in the bytes, small numbers of interned values, and longs as two 32-bit halves.
 *
 * It accepts what an Avro decoder accepts of TRADE_SCHEMA or WIDE_TRADE_SCHEMA and is strict where a lossless reading needs it: text
 * must be UTF-8, a varint must fit 64 bits, a decimal its precision, and no byte may be left over.
 */
import { isUtf8 } from 'node:buffer'
import { makeList, makeMap, textOf } from './avro-blocks.ts'
import { createReader, readDecimal, readIndex, readLength, readLong, skipBlocks } from './avro-reader.ts'
import { PRICE_SCALE } from './decimal.ts'
import { createInterner, type Interner } from './interner.ts'
import { instrumentReader, termsReader } from './neighbours.ts'
import { NARROW, type TradeLayout } from './trade.ts'
import { isUuidAt } from './uuid.ts'

/** The fields of the trade that was decoded last. Positions point into the bytes that were given. */
export type TradeCursor = ReturnType<typeof createCursor>

function createCursor() {
  return {
    messageIdStart: 0,
    messageIdEnd: 0,
    // Whether it has a UUID's form, as all valid ones do.
    messageIdIsUuid: false,
    tradeIdStart: 0,
    tradeIdEnd: 0,
    // Whether it has nothing but printable ASCII, as nearly all do.
    tradeIdIsPlain: false,
    // Numbers in the decoder's interners; a vendorData of -1 is null.
    symbol: 0,
    exchange: 0,
    currency: 0,
    conditions: 0,
    vendorData: -1,
    // Indexes into ASSET_CLASSES and TRADE_SIDES.
    assetClass: 0,
    side: 0,
    // Longs as halves.
    timestampLow: 0,
    timestampHigh: 0,
    // Units of 10^-10 and 10^-8; halves that do not hold them have no meaning where there is a wide value.
    priceLow: 0,
    priceHigh: 0,
    widePrice: undefined as bigint | undefined,
    quantityLow: 0,
    quantityHigh: 0,
    wideQuantity: undefined as bigint | undefined,
    hasSourceSequence: false,
    sourceSequenceLow: 0,
    sourceSequenceHigh: 0,
    ingestionLow: 0,
    ingestionHigh: 0,
    hasPlatformSequence: false,
    platformSequenceLow: 0,
    platformSequenceHigh: 0,
  }
}

export interface TradeDecoder {
  readonly cursor: TradeCursor
  readonly texts: Interner<string>
  readonly lists: Interner<readonly string[]>
  readonly maps: Interner<ReadonlyMap<string, string>>
  /** Decodes bytes[start, end) into the cursor. Gives undefined, or in words why the bytes are not a trade of this layout. */
  decode(bytes: Uint8Array, start: number, end: number, layout?: TradeLayout): string | undefined
}

/** A long, given as its two halves, as a number; exact up to 2^53. */
export function approximateLong(low: number, high: number): number {
  return high * 4294967296 + (low >>> 0)
}

/** Prices of TradeV2 in the tables' units: 64 bits hold the product of anything whose upper half is below the limit. */
const PRICE_FACTOR = 10 ** (PRICE_SCALE - NARROW.price.scale)
const PRICE_HIGH_LIMIT = Math.floor(2 ** 31 / PRICE_FACTOR) - 1

/** A long, given as its two halves, as a bigint. */
export function exactLong(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0)
}

/** The price that the cursor holds. */
export function priceOf({ widePrice, priceLow, priceHigh }: TradeCursor): bigint {
  return widePrice ?? exactLong(priceLow, priceHigh)
}

/** And the quantity. */
export function quantityOf({ wideQuantity, quantityLow, quantityHigh }: TradeCursor): bigint {
  return wideQuantity ?? exactLong(quantityLow, quantityHigh)
}

export function createTradeDecoder(): TradeDecoder {
  const cursor = createCursor()
  const texts = createInterner(textOf)
  const lists = createInterner(makeList)
  const maps = createInterner(makeMap)
  const reader = createReader()
  const [readInstrument, readTerms] = [instrumentReader(texts), termsReader(texts, lists)]

  /** The fields up to the conditions and with them, in the schema's order. */
  function decodeTrade(layout: TradeLayout): string | undefined {
    let length = readLength(reader)
    if (length < 0) return 'message_id is cut off'
    cursor.messageIdStart = reader.at
    cursor.messageIdEnd = reader.at += length
    length = readLength(reader)
    if (length < 0) return 'trade_id is cut off'
    cursor.tradeIdStart = reader.at
    cursor.tradeIdEnd = reader.at += length
    const instrument = readInstrument(reader)
    if (typeof instrument === 'string') return instrument
    cursor.symbol = instrument.symbol
    cursor.exchange = instrument.exchange
    cursor.assetClass = instrument.assetClass
    if (!readLong(reader)) return 'timestamp is cut off or not a long'
    cursor.timestampLow = reader.low
    cursor.timestampHigh = reader.high
    let decimal = readDecimal(reader, layout.price.precision)
    if (decimal !== 'ok') return `price is ${decimal} for ${decimalName(layout.price)}`
    takePrice(layout)
    decimal = readDecimal(reader, layout.quantity.precision)
    if (decimal !== 'ok') return `quantity is ${decimal} for ${decimalName(layout.quantity)}`
    cursor.quantityLow = reader.low
    cursor.quantityHigh = reader.high
    cursor.wideQuantity = reader.wide
    const terms = readTerms(reader)
    if (typeof terms === 'string') return terms
    cursor.currency = terms.currency
    cursor.side = terms.side
    cursor.conditions = terms.conditions
    return undefined
  }

  /** The price that was read, in the tables' units. */
  function takePrice({ price }: TradeLayout): void {
    const { low, high } = reader
    if (price.scale === PRICE_SCALE) {
      cursor.priceLow = low
      cursor.priceHigh = high
      cursor.widePrice = reader.wide
      return
    }
    const product = (low >>> 0) * PRICE_FACTOR
    cursor.priceLow = product | 0
    cursor.priceHigh = high * PRICE_FACTOR + Math.floor(product / 4294967296)
    const fits = high < PRICE_HIGH_LIMIT && high > -PRICE_HIGH_LIMIT
    cursor.widePrice = fits ? undefined : exactLong(low, high) * BigInt(PRICE_FACTOR)
  }

  /** The fields behind the conditions, most of which may be null. */
  function decodeRest(): string | undefined {
    let branch = readIndex(reader, 2)
    if (branch < 0 || (branch === 1 && !readLong(reader))) return 'source_sequence is cut off or not a long'
    cursor.hasSourceSequence = branch === 1
    cursor.sourceSequenceLow = reader.low
    cursor.sourceSequenceHigh = reader.high
    if (!readLong(reader)) return 'ingestion_timestamp is cut off or not a long'
    cursor.ingestionLow = reader.low
    cursor.ingestionHigh = reader.high
    branch = readIndex(reader, 2)
    if (branch < 0 || (branch === 1 && !readLong(reader))) return 'platform_sequence is cut off or not a long'
    cursor.hasPlatformSequence = branch === 1
    cursor.platformSequenceLow = reader.low
    cursor.platformSequenceHigh = reader.high
    branch = readIndex(reader, 2)
    if (branch < 0) return 'vendor_data is cut off'
    cursor.vendorData = -1
    if (branch === 0) return undefined
    const from = reader.at
    if (!skipBlocks(reader, 2)) return 'vendor_data is cut off'
    if ((cursor.vendorData = maps.intern(reader.bytes, from, reader.at)) < 0) return 'vendor_data is not UTF-8'
    return undefined
  }

  return {
    cursor,
    texts,
    lists,
    maps,
    decode(bytes, start, end, layout = NARROW) {
      reader.bytes = bytes
      reader.at = start
      reader.end = end
      const problem = decodeTrade(layout) ?? decodeRest()
      if (problem !== undefined) return problem
      if (reader.at !== end) return `${end - reader.at} bytes are left over after the trade`
      // The two texts that are not interned.
      cursor.messageIdIsUuid = isUuidAt(bytes, cursor.messageIdStart, cursor.messageIdEnd)
      if (!cursor.messageIdIsUuid && !isUtf8(bytes.subarray(cursor.messageIdStart, cursor.messageIdEnd)))
        return 'message_id is not UTF-8'
      cursor.tradeIdIsPlain = isPlain(bytes, cursor.tradeIdStart, cursor.tradeIdEnd)
      if (!cursor.tradeIdIsPlain && !isUtf8(bytes.subarray(cursor.tradeIdStart, cursor.tradeIdEnd)))
        return 'trade_id is not UTF-8'
      return undefined
    },
  }
}

function decimalName({ precision, scale }: TradeLayout['price']): string {
  return `decimal(${precision},${scale})`
}

/** Whether bytes[start, end) are printable ASCII. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] < 32 || bytes[i] > 126) return false
  return true
}
