/**
 * The wire: Confluent framing (byte 0, schema id as 4 bytes big-endian) around the Avro binary of TradeV2.
 * Writing is by hand because it stands on the feeds' hot path; the schema is TRADE_SCHEMA of domain/trade.ts.
 */
import { ASSET_CLASSES, TRADE_SIDES, type Trade } from './trade.ts'

export const MAGIC_BYTE = 0
export const FRAME_BYTES = 5
/** The id that the bundled registry gives TRADE_SCHEMA. */
export const TRADE_SCHEMA_ID = 1

// One scratch long seen as two halves: bigints are split without allocating.
const long = new BigInt64Array(1)
const halves = new Int32Array(long.buffer)

// Values are cut from blocks: an allocation of its own for each costs more than all of the encoding.
const BLOCK_BYTES = 64 * 1024
let buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
/** Begin of the value that is being written, and where its next byte goes. */
let start = 0
let at = 0

/** Encodes a trade as a Kafka value. @throws RangeError where an enum value is unknown */
export function encodeTrade(trade: Trade, schemaId: number = TRADE_SCHEMA_ID): Uint8Array {
  at = start
  reserve(FRAME_BYTES)
  buffer[at++] = MAGIC_BYTE
  at = buffer.writeUInt32BE(schemaId, at)
  writeString(trade.messageId)
  writeString(trade.tradeId)
  writeString(trade.symbol)
  writeString(trade.exchange)
  writeEnum(ASSET_CLASSES, trade.assetClass)
  writeLong(trade.timestamp)
  writeDecimal(trade.price)
  writeDecimal(trade.quantity)
  writeString(trade.currency)
  writeEnum(TRADE_SIDES, trade.side)
  writeStrings(trade.tradeConditions)
  writeOptionalLong(trade.sourceSequence)
  writeLong(trade.ingestionTimestamp)
  writeOptionalLong(trade.platformSequence)
  writeVendorData(trade.vendorData)
  const value = buffer.subarray(start, at)
  start = at
  return value
}

function reserve(bytes: number): void {
  if (at + bytes <= buffer.length) return
  const written = at - start
  const next = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, (written + bytes) * 2))
  buffer.copy(next, 0, start, at)
  buffer = next
  start = 0
  at = written
}

/** Zigzag varint of a small non-negative count or length. */
function writeCount(count: number): void {
  reserve(5)
  let rest = count * 2
  while (rest > 127) {
    buffer[at++] = (rest & 127) | 128
    rest = Math.floor(rest / 128)
  }
  buffer[at++] = rest
}

function writeLong(value: bigint): void {
  reserve(10)
  long[0] = value
  const low = halves[0]
  const high = halves[1]
  const sign = high >> 31
  // Zigzag: (value << 1) ^ (value >> 63), on the halves.
  let zigzagLow = ((low << 1) ^ sign) >>> 0
  let zigzagHigh = (((high << 1) | (low >>> 31)) ^ sign) >>> 0
  while (zigzagHigh !== 0 || zigzagLow > 127) {
    buffer[at++] = (zigzagLow & 127) | 128
    zigzagLow = ((zigzagLow >>> 7) | (zigzagHigh << 25)) >>> 0
    zigzagHigh >>>= 7
  }
  buffer[at++] = zigzagLow
}

function writeOptionalLong(value: bigint | null): void {
  writeCount(value === null ? 0 : 1)
  if (value !== null) writeLong(value)
}

function writeString(text: string): void {
  if (text.length > 60) {
    const bytes = Buffer.byteLength(text)
    writeCount(bytes)
    reserve(bytes)
    at += buffer.write(text, at)
    return
  }
  reserve(1 + text.length * 3)
  const lengthAt = at
  at += 1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) {
      at = lengthAt
      writeCount(Buffer.byteLength(text))
      reserve(text.length * 3)
      at += buffer.write(text, at)
      return
    }
    buffer[at++] = code
  }
  buffer[lengthAt] = text.length * 2
}

function writeEnum(symbols: readonly string[], symbol: string): void {
  const index = symbols.indexOf(symbol)
  if (index < 0) throw new RangeError(`${symbol} is none of ${symbols.join(', ')}`)
  writeCount(index)
}

/** Avro's decimal: minimal big-endian two's complement with its length before it. */
function writeDecimal(units: bigint): void {
  reserve(20)
  if (BigInt.asIntN(64, units) !== units) throw new RangeError(`${units} does not fit decimal(18,8)`)
  long[0] = units
  const sign = halves[1] >> 31
  let length = 8
  // Drop leading bytes that only repeat the sign.
  while (length > 1 && byteOfLong(length - 1) === (sign & 255) && byteOfLong(length - 2) >> 7 === (sign & 1)) length--
  writeCount(length)
  for (let i = length - 1; i >= 0; i--) buffer[at++] = byteOfLong(i)
}

function byteOfLong(index: number): number {
  return (halves[index >> 2] >>> ((index & 3) * 8)) & 255
}

function writeStrings(texts: readonly string[]): void {
  if (texts.length > 0) {
    writeCount(texts.length)
    for (const text of texts) writeString(text)
  }
  writeCount(0)
}

function writeVendorData(data: Trade['vendorData']): void {
  writeCount(data === null ? 0 : 1)
  if (data === null) return
  const keys = Object.keys(data)
  if (keys.length > 0) {
    writeCount(keys.length)
    for (const key of keys) {
      writeString(key)
      writeString(data[key])
    }
  }
  writeCount(0)
}
