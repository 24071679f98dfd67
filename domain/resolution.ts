/**
 * Reads messages of other writer schemas as TradeV2 by Avro's schema resolution. The result is written again in TradeV2's
 * own encoding, so that the columnar decoder is the only reader of fields. Just as strict: what cannot be read without
 * loss is refused.
 */
import type { Type } from 'avsc'
import { avroType } from './avro.ts'
import { decimalFromBytes, fitsDecimal18, SCALE } from './decimal.ts'
import { BadInput, messageOf } from './errors.ts'
import { ASSET_CLASSES, TRADE_SCHEMA, TRADE_SIDES, type Trade } from './trade.ts'
import { encodeTrade, FRAME_BYTES } from './wire.ts'

interface AvroField {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly type: unknown
}

/** Turns a writer's Avro body into the body of TRADE_SCHEMA. @throws BadInput in words where it is not a trade */
export type Resolve = (body: Uint8Array) => Uint8Array

/** undefined: the writer schema is TradeV2's own, its bodies can be read as they are. */
export type Resolution = Resolve | undefined

/**
 * How to read a writer schema's messages as TradeV2.
 * @throws BadInput where the schema cannot be read as TradeV2 at all
 */
export function resolveSchema(writer: unknown): Resolution {
  if (sameEncoding(writer)) return undefined
  let type: Type
  let resolver: ReturnType<Type['createResolver']>
  try {
    type = avroType(lenientSchema(writer))
    resolver = type.createResolver(avroType(writer))
  } catch (error) {
    throw new BadInput(`its schema cannot be read as TradeV2: ${messageOf(error)}`)
  }
  const units = unitsOf(writer)
  return body => {
    let row: Row
    try {
      row = type.fromBuffer(Buffer.from(body.buffer, body.byteOffset, body.length), resolver) as Row
    } catch (error) {
      throw new BadInput(`the body does not decode: ${messageOf(error)}`)
    }
    return encodeTrade(tradeOf(row, units)).subarray(FRAME_BYTES)
  }
}

/** Whether this schema encodes to the same bytes as TradeV2: same fields, in order, of the same types. */
function sameEncoding(writer: unknown): boolean {
  return JSON.stringify(shape(writer)) === JSON.stringify(shape(TRADE_SCHEMA))
}

/** A schema without the parts that change neither bytes nor meaning: docs, defaults, aliases, name spaces. */
function shape(schema: unknown): unknown {
  if (typeof schema === 'string') return schema
  if (Array.isArray(schema)) return schema.map(shape)
  const { type, fields, items, values, symbols, logicalType, precision, scale } = schema as Record<string, unknown>
  if (Array.isArray(fields)) return { type, fields: fields.map((field: AvroField) => [field.name, shape(field.type)]) }
  const inner = typeof type === 'object' ? shape(type) : type
  if (typeof type === 'object' || Object.keys(schema as object).length === 1) return inner
  return {
    type: inner,
    items: items && shape(items),
    values: values && shape(values),
    symbols,
    logicalType,
    precision,
    scale,
  }
}

/**
 * TradeV2 as a reader of this writer: every field may be null or missing, so that the message can say which one is; the
 * record has the writer's name, whatever that is, and its enums are the writer's own or text, so that an enum symbol
 * that TradeV2 does not have fails one record and not the whole schema.
 */
function lenientSchema(writer: unknown): unknown {
  const { name, namespace } = writer as { name?: string; namespace?: string }
  const fields = TRADE_SCHEMA.fields.map(({ name, type }) => {
    const own = isEnum(type) ? symbolType(writer, name) : undefined
    return { name, type: Array.isArray(type) ? type : ['null', own ?? type], default: null }
  })
  return { type: 'record', name: name ?? TRADE_SCHEMA.name, namespace, fields }
}

/** The writer's enum or text type of a field; undefined where it has neither. */
function symbolType(writer: unknown, field: string): unknown {
  const type = fieldsOf(writer).find(candidate => candidate.name === field)?.type
  const branches = Array.isArray(type) ? type : [type]
  return branches.find(branch => branch === 'string' || isEnum(branch))
}

function isEnum(type: unknown): boolean {
  return typeof type === 'object' && type !== null && (type as { type?: unknown }).type === 'enum'
}

function fieldsOf(writer: unknown): readonly AvroField[] {
  return (writer as { fields?: AvroField[] }).fields ?? []
}

type Row = Readonly<Record<string, unknown>>

/** What a writer's numbers count: microseconds per unit of its timestamps, digits after the point of its decimals. */
interface Units {
  readonly micros: (field: string) => bigint
  readonly scale: (field: string) => number
}

function unitsOf(writer: unknown): Units {
  const fields = fieldsOf(writer)
  const annotated = (name: string): Record<string, unknown> => {
    const type = fields.find(field => field.name === name)?.type
    const branches = Array.isArray(type) ? type : [type]
    return (branches.find(branch => typeof branch === 'object' && branch !== null) ?? {}) as Record<string, unknown>
  }
  return {
    micros: field => (annotated(field).logicalType === 'timestamp-millis' ? 1000n : 1n),
    scale: field => {
      const { logicalType, scale } = annotated(field)
      return logicalType === 'decimal' ? Number(scale ?? 0) : SCALE
    },
  }
}

function tradeOf(row: Row, units: Units): Trade {
  return {
    messageId: text(row, 'message_id'),
    tradeId: text(row, 'trade_id'),
    symbol: text(row, 'symbol'),
    exchange: text(row, 'exchange'),
    assetClass: oneOf(row, 'asset_class', ASSET_CLASSES),
    timestamp: required<bigint>(row, 'timestamp') * units.micros('timestamp'),
    price: decimal(row, 'price', units),
    quantity: decimal(row, 'quantity', units),
    currency: text(row, 'currency'),
    side: oneOf(row, 'side', TRADE_SIDES),
    tradeConditions: required<string[]>(row, 'trade_conditions').map(condition => utf8('trade_conditions', condition)),
    sourceSequence: row.source_sequence as bigint | null,
    ingestionTimestamp: required<bigint>(row, 'ingestion_timestamp') * units.micros('ingestion_timestamp'),
    platformSequence: row.platform_sequence as bigint | null,
    vendorData: vendorData(row.vendor_data as Record<string, string> | null),
  }
}

function required<T>(row: Row, field: string): T {
  const value = row[field]
  if (value === null || value === undefined) throw new BadInput(`${field} is null or missing`)
  return value as T
}

function text(row: Row, field: string): string {
  return utf8(field, required<string>(row, field))
}

/**
 * avsc puts U+FFFD where bytes are not UTF-8; such a text looks like one that really holds U+FFFD, so it is refused.
 */
function utf8(field: string, value: string): string {
  if (value.includes('\ufffd')) throw new BadInput(`${field} is not UTF-8`)
  return value
}

function oneOf<T extends string>(row: Row, field: string, symbols: readonly T[]): T {
  const value = text(row, field)
  const symbol = symbols.find(candidate => candidate === value)
  if (!symbol) throw new BadInput(`${field} ${JSON.stringify(value)} is unknown`)
  return symbol
}

function decimal(row: Row, field: string, units: Units): bigint {
  const stored = decimalFromBytes(required<Uint8Array>(row, field))
  if (stored === undefined) throw new BadInput(`${field} is empty for decimal(18,8)`)
  const shift = SCALE - units.scale(field)
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n
  if (stored % divisor !== 0n) throw new BadInput(`${field} has more than ${SCALE} digits after the point`)
  const value = shift < 0 ? stored / divisor : stored * 10n ** BigInt(shift)
  if (!fitsDecimal18(value)) throw new BadInput(`${field} is too wide for decimal(18,8)`)
  return value
}

function vendorData(data: Record<string, string> | null): Record<string, string> | null {
  if (data === null) return null
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [utf8('vendor_data', key), utf8('vendor_data', value)]),
  )
}
