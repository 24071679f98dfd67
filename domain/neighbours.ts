/**
 * Neighbouring fields of a trade that are mostly the same from trade to trade: those that say what is traded (symbol, exchange, asset
 * class), and those that say how (currency, side, conditions). Looked up by the bytes of all three, they cost one look-up.
 */
import {
  type AvroReader,
  createReader,
  readIndex,
  readLength,
  skipBlocks,
  smallBlocksEnd,
  smallTextEnd,
} from './avro-reader.ts'
import { createInterner, type Interner } from './interner.ts'
import { ASSET_CLASSES, TRADE_SIDES } from './trade.ts'

/** Numbers in the decoder's interners, and an index into ASSET_CLASSES. */
export interface Instrument {
  readonly symbol: number
  readonly exchange: number
  readonly assetClass: number
}

/** Likewise, and an index into TRADE_SIDES. */
export interface Terms {
  readonly currency: number
  readonly side: number
  readonly conditions: number
}

/** Reads three fields, or says in words why they are not there. */
export type ReadFields<T> = (reader: AvroReader) => T | string

/** The reader's next three fields; where it is then does not matter if it gives words. */
export function instrumentReader(texts: Interner<string>): ReadFields<Instrument> {
  return remembering(instrumentEnd, reader => {
    const symbol = readText(reader, texts)
    if (symbol < 0) return 'symbol is cut off or not UTF-8'
    const exchange = readText(reader, texts)
    if (exchange < 0) return 'exchange is cut off or not UTF-8'
    const assetClass = readIndex(reader, ASSET_CLASSES.length)
    return assetClass < 0 ? 'asset_class is cut off or unknown' : { symbol, exchange, assetClass }
  })
}

export function termsReader(texts: Interner<string>, lists: Interner<readonly string[]>): ReadFields<Terms> {
  return remembering(termsEnd, reader => {
    const currency = readText(reader, texts)
    if (currency < 0) return 'currency is cut off or not UTF-8'
    const side = readIndex(reader, TRADE_SIDES.length)
    if (side < 0) return 'side is cut off or unknown'
    const from = reader.at
    if (!skipBlocks(reader, 1)) return 'trade_conditions are cut off'
    const conditions = lists.intern(reader.bytes, from, reader.at)
    return conditions < 0 ? 'trade_conditions are not UTF-8' : { currency, side, conditions }
  })
}

/** Looks up what lies up to `endOf`, and reads it only where it is new. */
function remembering<T extends object>(
  endOf: (bytes: Uint8Array, at: number, end: number) => number,
  read: ReadFields<T>,
): ReadFields<T> {
  const part = createReader()
  const known = createInterner((bytes, start, end) => {
    part.bytes = bytes
    part.at = start
    part.end = end
    const fields = read(part)
    return typeof fields === 'string' ? undefined : fields
  })
  return reader => {
    const to = endOf(reader.bytes, reader.at, reader.end)
    const number = to < 0 ? -1 : known.intern(reader.bytes, reader.at, to)
    // Words for what is wrong need a reading of its own, as do lengths of more than a byte.
    if (number < 0) return read(reader)
    reader.at = to
    return known.entries[number]
  }
}

/** Behind two texts and an index, each of whose lengths is one byte; -1 where they are not. */
function instrumentEnd(bytes: Uint8Array, at: number, end: number): number {
  return indexEnd(bytes, smallTextEnd(bytes, smallTextEnd(bytes, at, end), end), end)
}

/** Behind a text, an index and blocks of texts, likewise. */
function termsEnd(bytes: Uint8Array, at: number, end: number): number {
  return smallBlocksEnd(bytes, indexEnd(bytes, smallTextEnd(bytes, at, end), end), end, 1)
}

function indexEnd(bytes: Uint8Array, at: number, end: number): number {
  return at < 0 || at >= end || bytes[at] > 127 ? -1 : at + 1
}

/** Reads a string as its number in the interner, -1 where it is cut off or not UTF-8. */
function readText(reader: AvroReader, texts: Interner<string>): number {
  const length = readLength(reader)
  if (length < 0) return -1
  const start = reader.at
  reader.at += length
  return texts.intern(reader.bytes, start, reader.at)
}
