/**
 * Reads messages of other writer schemas as TradeV2, field by field and by name. The result is written again as WIDE_TRADE_SCHEMA
 * has it, so that the columnar decoder is the only reader of fields. Just as strict: a value is converted exactly, or
 * refused in words; it is never read as anything but its own type (domain/avro-values.ts).
 */
import { isUtf8 } from 'node:buffer'
import type { Type } from 'avsc'
import { avroType } from './avro.ts'
import { bodyChecker } from './avro-skip.ts'
import { type AvroType, avroTypesOf } from './avro-types.ts'
import { type AvroValue, avroValue } from './avro-values.ts'
import { decimalFromBytes, fitsDigits, parseDecimal } from './decimal.ts'
import { BadInput, messageOf } from './errors.ts'
import {
  ASSET_CLASSES,
  NARROW,
  TRADE_SCHEMA,
  TRADE_SIDES,
  type Trade,
  type TradeLayout,
  WIDE,
  WIDE_TRADE_SCHEMA,
} from './trade.ts'
import { encodeWideBody } from './wire.ts'

interface AvroField {
  readonly name: string
  readonly type: unknown
}

/** Turns a writer's Avro body into one of WIDE_TRADE_SCHEMA. @throws BadInput in words where it is not a trade */
export type Resolve = (body: Uint8Array) => Uint8Array

export interface Resolution {
  /** How the decimals of a body are written, after `resolve`. */
  readonly layout: TradeLayout
  /** undefined where the writer schema is one of our own, whose bodies can be read as they are. */
  readonly resolve?: Resolve
}

/**
 * How to read a writer schema's messages as TradeV2.
 * @throws BadInput where the schema cannot be read as TradeV2 at all
 */
export function resolveSchema(writer: unknown): Resolution {
  if (sameEncoding(writer, TRADE_SCHEMA)) return { layout: NARROW }
  if (sameEncoding(writer, WIDE_TRADE_SCHEMA)) return { layout: WIDE }
  let type: Type
  let types: AvroType
  try {
    type = avroType(writer, 'wrapped')
    types = avroTypesOf(writer)
  } catch (error) {
    throw new BadInput(`its schema cannot be read as TradeV2: ${messageOf(error)}`)
  }
  const fields = fieldsOf(types)
  const problemOf = bodyChecker(types)
  const resolve: Resolve = body => {
    const problem = problemOf(body)
    if (problem !== undefined) throw new BadInput(`the body does not decode: ${problem}`)
    let row: Record<string, unknown>
    try {
      row = type.fromBuffer(Buffer.from(body.buffer, body.byteOffset, body.length)) as Record<string, unknown>
    } catch (error) {
      throw new BadInput(`the body does not decode: ${messageOf(error)}`)
    }
    const read = (name: string): AvroValue => {
      const field = fields.get(name)
      return field ? avroValue(field, row[name]) : null
    }
    return encodeWideBody(tradeOf(read))
  }
  return { layout: WIDE, resolve }
}

/** Types of the fields that the writer has, by name. @throws BadInput where its messages cannot be trades */
function fieldsOf({ kind, fieldNames, parts }: AvroType): Map<string, AvroType> {
  if (kind !== 'record') throw new BadInput('its schema cannot be read as TradeV2: it does not describe a record')
  const fields = new Map(fieldNames.map((name, index) => [name, parts[index]]))
  for (const name of ['price', 'quantity']) {
    const type = fields.get(name)
    if (type && isInexact(type))
      throw new BadInput(`its schema cannot be read as TradeV2: ${name} is ${namesOf(type)}, which is not exact`)
  }
  return fields
}

/** Whether every value of the type is null or floating point. */
function isInexact({ kind, parts }: AvroType): boolean {
  return kind === 'union' ? parts.every(isInexact) : ['null', 'float', 'double'].includes(kind)
}

function namesOf({ kind, parts }: AvroType): string {
  return kind === 'union' ? parts.map(namesOf).join(' or ') : kind
}

/** Whether both schemas encode to the same bytes: same fields, in order, of the same types. */
function sameEncoding(writer: unknown, own: unknown): boolean {
  return JSON.stringify(shape(writer)) === JSON.stringify(shape(own))
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

type Read = (field: string) => AvroValue

function tradeOf(read: Read): Trade {
  return {
    messageId: text(read, 'message_id'),
    tradeId: text(read, 'trade_id'),
    symbol: text(read, 'symbol'),
    exchange: text(read, 'exchange'),
    assetClass: oneOf(read, 'asset_class', ASSET_CLASSES),
    timestamp: micros(read, 'timestamp'),
    price: decimal(read, 'price', WIDE.price),
    quantity: decimal(read, 'quantity', WIDE.quantity),
    currency: text(read, 'currency'),
    side: oneOf(read, 'side', TRADE_SIDES),
    tradeConditions: conditions(read),
    sourceSequence: optionalLong(read, 'source_sequence'),
    ingestionTimestamp: micros(read, 'ingestion_timestamp'),
    platformSequence: optionalLong(read, 'platform_sequence'),
    vendorData: vendorData(read),
  }
}

function required(read: Read, field: string): Exclude<AvroValue, null> {
  const value = read(field)
  if (value === null) throw new BadInput(`${field} is null or missing`)
  return value
}

function refused(field: string, { typeName }: { readonly typeName: string }, instead: string): BadInput {
  return new BadInput(`${field} is ${typeName}, not ${instead}`)
}

function text(read: Read, field: string): string {
  const value = required(read, field)
  if (value.is === 'text') return utf8(field, value.text)
  if (value.is !== 'bytes' || value.scale !== undefined) throw refused(field, value, 'text')
  if (!isUtf8(value.bytes)) throw new BadInput(`${field} is not UTF-8`)
  return Buffer.from(value.bytes).toString()
}

/**
 * avsc puts U+FFFD where bytes are not UTF-8; such a text looks like one that really holds U+FFFD, so it is refused.
 */
function utf8(field: string, value: string): string {
  if (value.includes('\ufffd')) throw new BadInput(`${field} is not UTF-8`)
  return value
}

function oneOf<T extends string>(read: Read, field: string, symbols: readonly T[]): T {
  const value = text(read, field)
  const symbol = symbols.find(candidate => candidate === value)
  if (!symbol) throw new BadInput(`${field} ${JSON.stringify(value)} is unknown`)
  return symbol
}

/** Units of 10^-scale, from a decimal of any scale, decimal text, or whole numbers; never from floating point. */
function decimal(read: Read, field: string, { precision, scale }: TradeLayout['price']): bigint {
  const value = required(read, field)
  const units = unitsOf(field, value, scale)
  if (!fitsDigits(units, precision)) throw new BadInput(`${field} is too wide for decimal(${precision},${scale})`)
  return units
}

function unitsOf(field: string, value: Exclude<AvroValue, null>, scale: number): bigint {
  if (value.is === 'text') {
    const units = parseDecimal(value.text, scale)
    if (units === undefined)
      throw new BadInput(
        `${field} ${JSON.stringify(value.text.slice(0, 64))} is not a decimal of at most ${scale} digits after the point`,
      )
    return units
  }
  if (value.is === 'integer' && value.logical === undefined) return value.integer * 10n ** BigInt(scale)
  if (value.is !== 'bytes' || value.scale === undefined) throw refused(field, value, 'a decimal')
  const stored = decimalFromBytes(value.bytes)
  if (stored === undefined) throw new BadInput(`${field} is an empty decimal`)
  const shift = scale - value.scale
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n
  if (stored % divisor !== 0n) throw new BadInput(`${field} has more than ${scale} digits after the point`)
  return shift < 0 ? stored / divisor : stored * 10n ** BigInt(shift)
}

/** Microseconds since 1970; a long without a unit counts as those, as in TradeV2. */
function micros(read: Read, field: string): bigint {
  const value = required(read, field)
  if (value.is !== 'integer') throw refused(field, value, 'a timestamp')
  switch (value.logical) {
    case undefined:
    case 'timestamp-micros':
      return value.integer
    case 'timestamp-millis':
      return value.integer * 1000n
    case 'timestamp-nanos':
      // Rounded down, also before 1970.
      return (value.integer - (((value.integer % 1000n) + 1000n) % 1000n)) / 1000n
    default:
      throw refused(field, value, 'a timestamp in UTC')
  }
}

function optionalLong(read: Read, field: string): bigint | null {
  const value = read(field)
  if (value === null) return null
  if (value.is !== 'integer' || value.logical !== undefined) throw refused(field, value, 'a whole number')
  return value.integer
}

function conditions(read: Read): string[] {
  const value = required(read, 'trade_conditions')
  if (value.is !== 'list') throw refused('trade_conditions', value, 'a list of texts')
  return value.items.map(item => {
    if (item?.is !== 'text') throw new BadInput('trade_conditions hold something that is not text')
    return utf8('trade_conditions', item.text)
  })
}

function vendorData(read: Read): Record<string, string> | null {
  const value = read('vendor_data')
  if (value === null) return null
  if (value.is !== 'map') throw refused('vendor_data', value, 'a map of texts')
  return Object.fromEntries(
    value.entries.map(([key, entry]) => {
      if (entry?.is !== 'text') throw new BadInput('vendor_data holds something that is not text')
      return [utf8('vendor_data', key), utf8('vendor_data', entry.text)]
    }),
  )
}
