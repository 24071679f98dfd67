/**
 * Reads the Avro binary of TradeV2 without making an object or a string a row: a cursor holds where each field lies in
 * the bytes, small numbers of interned values, and longs as two 32-bit halves.
 *
 * It accepts what an Avro decoder accepts of TRADE_SCHEMA and is strict where a lossless reading needs it: text must be
 * UTF-8, a varint must fit 64 bits, a decimal must fit decimal(18,8), and no byte may be left over.
 */
import { isUtf8 } from 'node:buffer'
import { makeList, makeMap, textOf } from './avro-blocks.ts'
import { createInterner, type Interner } from './interner.ts'
import { ASSET_CLASSES, TRADE_SIDES } from './trade.ts'

/** The fields of the trade that was decoded last. Positions point into the bytes that were given. */
export interface TradeCursor {
  messageIdStart: number
  messageIdEnd: number
  tradeIdStart: number
  tradeIdEnd: number
  /** Numbers in the decoder's interners. */
  symbol: number
  exchange: number
  currency: number
  conditions: number
  /** -1 for null. */
  vendorData: number
  /** Index into ASSET_CLASSES and TRADE_SIDES. */
  assetClass: number
  side: number
  timestampLow: number
  timestampHigh: number
  priceLow: number
  priceHigh: number
  quantityLow: number
  quantityHigh: number
  hasSourceSequence: boolean
  sourceSequenceLow: number
  sourceSequenceHigh: number
  ingestionLow: number
  ingestionHigh: number
  hasPlatformSequence: boolean
  platformSequenceLow: number
  platformSequenceHigh: number
}

export interface TradeDecoder {
  readonly cursor: TradeCursor
  readonly texts: Interner<string>
  readonly lists: Interner<readonly string[]>
  readonly maps: Interner<ReadonlyMap<string, string>>
  /** Decodes bytes[start, end) into the cursor. Gives undefined, or in words why the bytes are no trade. */
  decode(bytes: Uint8Array, start: number, end: number): string | undefined
}

/** A long that is given as halves, as a number; exact up to 2^53. */
export function approximateLong(low: number, high: number): number {
  return high * 4294967296 + (low >>> 0)
}

/** A long that is given as halves. */
export function exactLong(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0)
}

export function createTradeDecoder(): TradeDecoder {
  const cursor: TradeCursor = {
    messageIdStart: 0,
    messageIdEnd: 0,
    tradeIdStart: 0,
    tradeIdEnd: 0,
    symbol: 0,
    exchange: 0,
    currency: 0,
    conditions: 0,
    vendorData: -1,
    assetClass: 0,
    side: 0,
    timestampLow: 0,
    timestampHigh: 0,
    priceLow: 0,
    priceHigh: 0,
    quantityLow: 0,
    quantityHigh: 0,
    hasSourceSequence: false,
    sourceSequenceLow: 0,
    sourceSequenceHigh: 0,
    ingestionLow: 0,
    ingestionHigh: 0,
    hasPlatformSequence: false,
    platformSequenceLow: 0,
    platformSequenceHigh: 0,
  }
  const texts = createInterner(textOf)
  const lists = createInterner(makeList)
  const maps = createInterner(makeMap)

  let bytes: Uint8Array = new Uint8Array(0)
  let at = 0
  let end = 0
  // The long that was read last, as halves.
  let low = 0
  let high = 0

  /** Reads a zigzag varint into low and high; false where it is cut off or does not fit 64 bits (Avro, "Primitive Types"). */
  function readLong(): boolean {
    let l = 0
    let h = 0
    let shift = 0
    let byte = 0
    do {
      if (at >= end) return false
      byte = bytes[at++]
      if (shift < 28) l |= (byte & 127) << shift
      else if (shift === 28) {
        l |= (byte & 127) << 28
        h = (byte & 127) >> 4
      } else if (shift < 63) h |= (byte & 127) << (shift - 32)
      else if (byte > 1) return false
      else h |= byte << 31
      shift += 7
    } while (byte > 127)
    const sign = -(l & 1)
    low = ((l >>> 1) | (h << 31)) ^ sign
    high = (h >>> 1) ^ sign
    return true
  }

  /** Reads a length or count that must lie inside what is left; -1 where it does not. */
  function readLength(): number {
    if (at >= end) return -1
    const byte = bytes[at]
    if (byte < 128) {
      at++
      if ((byte & 1) === 1) return -1
      low = byte >> 1
    } else {
      if (!readLong() || high !== 0 || low < 0) return -1
    }
    return low <= end - at ? low : -1
  }

  /** Reads an enum or union index below `limit`; -1 otherwise. */
  function readIndex(limit: number): number {
    if (!readLong() || high !== 0 || low < 0 || low >= limit) return -1
    return low
  }

  /** Reads a string as its number, -1 where it is cut off or no UTF-8. */
  function readText(): number {
    const length = readLength()
    if (length < 0) return -1
    const start = at
    at += length
    return texts.intern(bytes, start, at)
  }

  /** Reads a big-endian two's complement that must fit decimal(18,8) into low and high. */
  function readDecimal(): 'ok' | 'cut off' | 'empty' | 'too wide' {
    const length = readLength()
    if (length < 0) return 'cut off'
    if (length === 0) return 'empty'
    const first = at
    at += length
    const sign: number = bytes[first] > 127 ? -1 : 0
    let l = sign
    let h = sign
    for (let i = first; i < at; i++) {
      // Bytes before the last eight may only repeat the sign.
      if (at - i > 8) {
        if (bytes[i] !== (sign & 255)) return 'too wide'
        continue
      }
      h = (h << 8) | (l >>> 24)
      l = (l << 8) | bytes[i]
    }
    if (h >> 31 !== sign) return 'too wide'
    low = l
    high = h
    // |value| < 10^18 = 0x0DE0B6B3A7640000, on the halves of the absolute value.
    const absoluteLow = sign === 0 ? l >>> 0 : -l >>> 0
    const absoluteHigh = sign === 0 ? h >>> 0 : (~h + (l === 0 ? 1 : 0)) >>> 0
    const fits = absoluteHigh < 0x0de0b6b3 || (absoluteHigh === 0x0de0b6b3 && absoluteLow < 0xa7640000)
    return fits ? 'ok' : 'too wide'
  }

  /** Steps over the blocks of an array or map of strings (`texts` strings an item); false where they are cut off. */
  function skipBlocks(textsPerItem: number): boolean {
    for (;;) {
      if (!readLong()) return false
      const negative = high === -1
      if (low === 0 && high === 0) return true
      if (negative) {
        // A negative count has the block's size in bytes behind it.
        const count = -low
        if (count <= 0) return false
        if (!readLong() || high !== 0 || low < 0) return false
        low = count
      } else if (high !== 0 || low < 0) return false
      for (let left = low * textsPerItem; left > 0; left--) {
        const length = readLength()
        if (length < 0) return false
        at += length
      }
    }
  }

  function decode(source: Uint8Array, start: number, stop: number): string | undefined {
    bytes = source
    at = start
    end = stop
    let length = readLength()
    if (length < 0) return 'message_id is cut off'
    cursor.messageIdStart = at
    cursor.messageIdEnd = at += length
    length = readLength()
    if (length < 0) return 'trade_id is cut off'
    cursor.tradeIdStart = at
    cursor.tradeIdEnd = at += length
    if ((cursor.symbol = readText()) < 0) return 'symbol is cut off or not UTF-8'
    if ((cursor.exchange = readText()) < 0) return 'exchange is cut off or not UTF-8'
    if ((cursor.assetClass = readIndex(ASSET_CLASSES.length)) < 0) return 'asset_class is cut off or unknown'
    if (!readLong()) return 'timestamp is cut off or no long'
    cursor.timestampLow = low
    cursor.timestampHigh = high
    let decimal = readDecimal()
    if (decimal !== 'ok') return `price is ${decimal} for decimal(18,8)`
    cursor.priceLow = low
    cursor.priceHigh = high
    decimal = readDecimal()
    if (decimal !== 'ok') return `quantity is ${decimal} for decimal(18,8)`
    cursor.quantityLow = low
    cursor.quantityHigh = high
    if ((cursor.currency = readText()) < 0) return 'currency is cut off or not UTF-8'
    if ((cursor.side = readIndex(TRADE_SIDES.length)) < 0) return 'side is cut off or unknown'
    let from = at
    if (!skipBlocks(1)) return 'trade_conditions are cut off'
    if ((cursor.conditions = lists.intern(bytes, from, at)) < 0) return 'trade_conditions are not UTF-8'
    let branch = readIndex(2)
    if (branch < 0 || (branch === 1 && !readLong())) return 'source_sequence is cut off or no long'
    cursor.hasSourceSequence = branch === 1
    cursor.sourceSequenceLow = low
    cursor.sourceSequenceHigh = high
    if (!readLong()) return 'ingestion_timestamp is cut off or no long'
    cursor.ingestionLow = low
    cursor.ingestionHigh = high
    branch = readIndex(2)
    if (branch < 0 || (branch === 1 && !readLong())) return 'platform_sequence is cut off or no long'
    cursor.hasPlatformSequence = branch === 1
    cursor.platformSequenceLow = low
    cursor.platformSequenceHigh = high
    branch = readIndex(2)
    if (branch < 0) return 'vendor_data is cut off'
    cursor.vendorData = -1
    if (branch === 1) {
      from = at
      if (!skipBlocks(2)) return 'vendor_data is cut off'
      if ((cursor.vendorData = maps.intern(bytes, from, at)) < 0) return 'vendor_data is not UTF-8'
    }
    if (at !== end) return `${end - at} bytes are left over after the trade`
    // The two texts that are not interned: most are ASCII, which needs no call.
    if (!isText(cursor.messageIdStart, cursor.messageIdEnd)) return 'message_id is not UTF-8'
    if (!isText(cursor.tradeIdStart, cursor.tradeIdEnd)) return 'trade_id is not UTF-8'
    return undefined
  }

  function isText(start: number, stop: number): boolean {
    for (let i = start; i < stop; i++) if (bytes[i] > 127) return isUtf8(bytes.subarray(start, stop))
    return true
  }

  return { cursor, texts, lists, maps, decode }
}
