import fc from 'fast-check'
import { expect, test } from 'vitest'
import { avroType } from '../../domain/avro.ts'
import { decimalFromBytes } from '../../domain/decimal.ts'
import { createTradeDecoder, exactLong, priceOf, quantityOf, type TradeDecoder } from '../../domain/decode.ts'
import { ASSET_CLASSES, NARROW, TRADE_SCHEMA, TRADE_SIDES, type Trade, type TradeLayout } from '../../domain/trade.ts'
import { encodeTrade, FRAME_BYTES } from '../../domain/wire.ts'
import { anyTrade, layoutOf } from './support.ts'

// The oracle is avsc over the same bytes, with text as raw bytes: strings and bytes have one encoding, and avsc would
// silently replace what is not UTF-8.
const oracle = avroType(JSON.parse(JSON.stringify(TRADE_SCHEMA).replaceAll('"string"', '"bytes"')))
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What the decoder's cursor says, as a trade. */
function tradeOf({ cursor, texts, lists, maps }: TradeDecoder, bytes: Uint8Array): Trade {
  const text = (start: number, end: number) => strict.decode(bytes.subarray(start, end))
  const vendor = cursor.vendorData < 0 ? null : Object.fromEntries(maps.entries[cursor.vendorData])
  return {
    messageId: text(cursor.messageIdStart, cursor.messageIdEnd),
    tradeId: text(cursor.tradeIdStart, cursor.tradeIdEnd),
    symbol: texts.entries[cursor.symbol],
    exchange: texts.entries[cursor.exchange],
    assetClass: ASSET_CLASSES[cursor.assetClass],
    timestamp: exactLong(cursor.timestampLow, cursor.timestampHigh),
    price: priceOf(cursor),
    quantity: quantityOf(cursor),
    currency: texts.entries[cursor.currency],
    side: TRADE_SIDES[cursor.side],
    tradeConditions: lists.entries[cursor.conditions],
    sourceSequence: cursor.hasSourceSequence ? exactLong(cursor.sourceSequenceLow, cursor.sourceSequenceHigh) : null,
    ingestionTimestamp: exactLong(cursor.ingestionLow, cursor.ingestionHigh),
    platformSequence: cursor.hasPlatformSequence
      ? exactLong(cursor.platformSequenceLow, cursor.platformSequenceHigh)
      : null,
    vendorData: vendor,
  }
}

/** What avsc makes of the bytes. Only asked of bytes that are a trade: it would follow a mutated count for minutes. */
function avscOf(body: Uint8Array, layout: TradeLayout): Trade {
  const row = oracle.fromBuffer(Buffer.from(body)) as Record<string, never>
  const text = (value: Uint8Array) => strict.decode(value)
  const vendor = row.vendor_data as Record<string, Uint8Array> | null
  return {
    messageId: text(row.message_id),
    tradeId: text(row.trade_id),
    symbol: text(row.symbol),
    exchange: text(row.exchange),
    assetClass: row.asset_class,
    timestamp: row.timestamp,
    price: (decimalFromBytes(row.price) as bigint) * priceUnit(layout),
    quantity: decimalFromBytes(row.quantity) as bigint,
    currency: text(row.currency),
    side: row.side,
    tradeConditions: (row.trade_conditions as Uint8Array[]).map(text),
    sourceSequence: row.source_sequence,
    ingestionTimestamp: row.ingestion_timestamp,
    platformSequence: row.platform_sequence,
    vendorData: vendor && Object.fromEntries(Object.entries(vendor).map(([key, value]) => [key, text(value)])),
  }
}

/** Units of 10^-10 for one of the layout's. */
function priceUnit(layout: TradeLayout): bigint {
  return layout === NARROW ? 100n : 1n
}

/** A naive reading of the Avro specification, one value after the other; throws where the bytes are not a trade. */
function naiveOf(body: Uint8Array, layout: TradeLayout): Trade {
  let at = 0
  const fail = () => {
    throw new Error(`no trade at ${at}`)
  }
  const long = (): bigint => {
    let value = 0n
    for (let i = 0n; ; i++) {
      if (at >= body.length || i === 10n) fail()
      const byte = body[at++]
      value |= BigInt(byte & 127) << (7n * i)
      if (byte < 128) break
    }
    if (value >= 1n << 64n) fail()
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
  }
  const bytes = (): Uint8Array => {
    const length = long()
    if (length < 0n || length > BigInt(body.length - at)) fail()
    at += Number(length)
    return body.subarray(at - Number(length), at)
  }
  const text = () => strict.decode(bytes())
  const index = (limit: number) => {
    const value = long()
    if (value < 0n || value >= BigInt(limit)) fail()
    return Number(value)
  }
  const decimal = (digits: number) => {
    const value = decimalFromBytes(bytes())
    if (value === undefined || value.toString().replace('-', '').length > digits) fail()
    return value as bigint
  }
  const blocks = (item: () => void) => {
    for (let count = long(); count !== 0n; count = long()) {
      if (count < 0n && long() < 0n) fail()
      for (let left = count < 0n ? -count : count; left > 0n; left--) item()
    }
  }
  const messageId = text()
  const tradeId = text()
  const symbol = text()
  const exchange = text()
  const assetClass = ASSET_CLASSES[index(ASSET_CLASSES.length)]
  const timestamp = long()
  const price = decimal(layout === NARROW ? 18 : 20) * priceUnit(layout)
  const quantity = decimal(layout === NARROW ? 18 : 22)
  const currency = text()
  const side = TRADE_SIDES[index(TRADE_SIDES.length)]
  const tradeConditions: string[] = []
  blocks(() => tradeConditions.push(text()))
  const sourceSequence = index(2) === 1 ? long() : null
  const ingestionTimestamp = long()
  const platformSequence = index(2) === 1 ? long() : null
  let vendorData: Record<string, string> | null = null
  if (index(2) === 1) {
    const entries: [string, string][] = []
    blocks(() => entries.push([text(), text()]))
    vendorData = Object.fromEntries(entries)
  }
  if (at !== body.length) fail()
  return {
    messageId,
    tradeId,
    symbol,
    exchange,
    assetClass,
    timestamp,
    price,
    quantity,
    currency,
    side,
    tradeConditions,
    sourceSequence,
    ingestionTimestamp,
    platformSequence,
    vendorData,
  }
}

test('whatever trade is encoded is decoded to the same trade', () => {
  const decoder = createTradeDecoder()
  fc.assert(
    fc.property(anyTrade, trade => {
      const bytes = encodeTrade(trade)
      expect(decoder.decode(bytes, FRAME_BYTES, bytes.length, layoutOf(bytes))).toBeUndefined()
      expect(tradeOf(decoder, bytes)).toEqual(trade)
    }),
    { numRuns: 1000 },
  )
})

test('a trade cut off anywhere is refused, and never throws', () => {
  const decoder = createTradeDecoder()
  fc.assert(
    fc.property(anyTrade, trade => {
      const bytes = encodeTrade(trade)
      for (let end = FRAME_BYTES; end < bytes.length; end++)
        expect(decoder.decode(bytes, FRAME_BYTES, end, layoutOf(bytes))).toBeTypeOf('string')
    }),
  )
})

test('bytes after the trade are refused', () => {
  const decoder = createTradeDecoder()
  const [trade] = fc.sample(anyTrade, 1)
  const bytes = Buffer.concat([encodeTrade(trade), Buffer.from([0])])
  expect(decoder.decode(bytes, FRAME_BYTES, bytes.length, layoutOf(bytes))).toMatch(/left over/)
})

const mutations = fc.array(
  fc.record({ at: fc.nat(), kind: fc.constantFrom('set', 'insert', 'remove'), byte: fc.nat(255) }),
  { minLength: 1, maxLength: 4 },
)

test('any mutation of the bytes is a trade exactly where the specification makes it one, and then the trade that avsc reads', () => {
  const decoder = createTradeDecoder()
  let accepted = 0
  let refused = 0
  fc.assert(
    fc.property(anyTrade, mutations, (trade, changes) => {
      const value = encodeTrade(trade)
      const layout = layoutOf(value)
      const body = [...value.subarray(FRAME_BYTES)]
      for (const { at, kind, byte } of changes) {
        const index = at % (body.length + 1)
        if (kind === 'set' && index < body.length) body[index] = byte
        else if (kind === 'insert') body.splice(index, 0, byte)
        else body.splice(index, 1)
      }
      const bytes = Uint8Array.from(body)
      const problem = decoder.decode(bytes, 0, bytes.length, layout)
      if (problem === undefined) {
        accepted++
        expect(tradeOf(decoder, bytes)).toEqual(naiveOf(bytes, layout))
        expect(tradeOf(decoder, bytes)).toEqual(avscOf(bytes, layout))
      } else {
        refused++
        expect(() => naiveOf(bytes, layout)).toThrow()
      }
    }),
    { numRuns: 5000 },
  )
  // Both branches were really taken.
  expect(accepted).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(100)
})

test('text that is not UTF-8 is refused in every field', () => {
  const decoder = createTradeDecoder()
  const [sample] = fc.sample(anyTrade, 1)
  const marker = 'MARK'
  for (const field of [
    'messageId',
    'tradeId',
    'symbol',
    'exchange',
    'currency',
    'tradeConditions',
    'vendorData',
  ] as const) {
    const value = field === 'tradeConditions' ? [marker] : field === 'vendorData' ? { k: marker } : marker
    const bytes = Buffer.from(encodeTrade({ ...sample, [field]: value }))
    bytes[bytes.indexOf(marker) + 1] = 0xff
    expect(decoder.decode(bytes, FRAME_BYTES, bytes.length, layoutOf(bytes))).toMatch(/UTF-8/)
  }
})

test('blocks of a negative count, and several blocks, are read as Avro writes them', () => {
  const decoder = createTradeDecoder()
  const [sample] = fc.sample(anyTrade, 1)
  const trade = { ...sample, tradeConditions: ['a', 'b'], vendorData: null }
  const plain = Buffer.from(encodeTrade(trade))
  // Count 2, "a", "b", end: becomes count -1 with its size, "a", count 1, "b", end.
  const at = plain.lastIndexOf(Buffer.from([4, 2, 97, 2, 98, 0]))
  const blocks = Buffer.concat([plain.subarray(0, at), Buffer.from([1, 4, 2, 97, 2, 2, 98, 0]), plain.subarray(at + 6)])
  expect(decoder.decode(blocks, FRAME_BYTES, blocks.length, layoutOf(plain))).toBeUndefined()
  expect(tradeOf(decoder, blocks)).toEqual(trade)
})
