/** Messages of other writer schemas, through Silver. */
import { describe, expect, test } from 'vitest'
import { bundledRegistry } from '../../adapters/bundled-registry.ts'
import { avroType } from '../../domain/avro.ts'
import { decimalToBytes } from '../../domain/decimal.ts'
import { tradeStream } from '../../domain/streams.ts'
import { DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { BINANCE, kafkaEvent, memoryLake, refineAll, rowsOf, START_MICROS, tradeOf } from './support.ts'

interface Field {
  readonly name: string
  readonly type: unknown
  readonly [more: string]: unknown
}
type Row = Record<string, unknown>

const FIELDS = TRADE_SCHEMA.fields as readonly Field[]
const ID = 42
const decoding = 'deserialization_failed_or_null_fields'

/** TradeV2 with some fields of another type; undefined leaves a field out. */
const writerOf = (change: Record<string, unknown> = {}): Row & { fields: Field[] } => ({
  type: 'record',
  name: 'TradeV2',
  namespace: TRADE_SCHEMA.namespace,
  fields: FIELDS.flatMap(field => {
    if (!(field.name in change)) return [field]
    return change[field.name] === undefined ? [] : [{ name: field.name, type: change[field.name] }]
  }),
})

const trade = tradeOf(7)
/** The trade as avsc writes it with TRADE_SCHEMA. */
const rowOf = (more: Row = {}): Row => ({
  message_id: trade.messageId,
  trade_id: trade.tradeId,
  symbol: trade.symbol,
  exchange: trade.exchange,
  asset_class: trade.assetClass,
  timestamp: trade.timestamp,
  price: Buffer.from(decimalToBytes(trade.price / 100n)),
  quantity: Buffer.from(decimalToBytes(trade.quantity)),
  currency: trade.currency,
  side: trade.side,
  trade_conditions: ['x'],
  source_sequence: 5n,
  ingestion_timestamp: trade.ingestionTimestamp,
  platform_sequence: null,
  vendor_data: { a: 'b' },
  ...more,
})

function encode(schema: unknown, row: unknown): Buffer {
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(ID, 1)
  return Buffer.concat([frame, avroType(schema).toBuffer(row)])
}

async function refineWith(schema: unknown, values: readonly Uint8Array[]) {
  const lake = memoryLake({
    registry: bundledRegistry(
      new Map([
        [1, TRADE_SCHEMA as unknown],
        [ID, schema],
      ]),
    ),
  })
  const records = values.map((value, offset) => ({ partition: 0, offset, value }))
  await ingest(lake.ports, tradeStream(BINANCE), kafkaEvent(BINANCE, records))
  expect((await refineAll(lake, BINANCE)).failures).toEqual([])
  return { rows: await rowsOf(lake, silverTable(BINANCE)), dead: await rowsOf(lake, DLQ_TABLE) }
}

/** The Silver row of the one message. */
async function accepted(schema: unknown, row: unknown): Promise<Row> {
  const { rows, dead } = await refineWith(schema, [encode(schema, row)])
  expect(dead).toEqual([])
  expect(rows).toHaveLength(1)
  return rows[0]
}

/** The reason why the one message is a dead letter. */
async function refused(schema: unknown, row: unknown): Promise<string> {
  const value = encode(schema, row)
  const { rows, dead } = await refineWith(schema, [value])
  expect(rows).toEqual([])
  expect(dead).toHaveLength(1)
  expect(dead[0]).toMatchObject({ error_type: decoding, schema_id: ID })
  expect(Buffer.from(dead[0].raw_record as Uint8Array)).toEqual(value)
  return String(dead[0].error_reason)
}

const bytesDecimal = (precision: number, scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale })
const same = {
  message_id: trade.messageId,
  trade_id: 'BINANCE-7',
  price: trade.price,
  quantity: trade.quantity,
  timestamp: trade.timestamp,
  side: 'SELL',
  source_sequence: 5n,
  platform_sequence: null,
  schema_id: ID,
}

describe('a message is the same trade', () => {
  test('under another id of the same schema, with other docs and name space', async () => {
    const schema = { ...writerOf(), namespace: 'com.elsewhere', doc: 'trades' }
    expect(await accepted(schema, rowOf())).toMatchObject(same)
  })

  test('under another name space, with its fields in another order', async () => {
    const schema = { ...writerOf(), namespace: 'com.elsewhere', fields: writerOf().fields.toReversed() }
    expect(await accepted(schema, rowOf())).toMatchObject(same)
  })

  test('with its fields in another order', async () => {
    const schema = { ...writerOf(), fields: writerOf().fields.toReversed() }
    expect(await accepted(schema, rowOf())).toMatchObject(same)
  })

  test('with fields that TradeV2 does not have', async () => {
    const schema = writerOf()
    schema.fields.splice(3, 0, {
      name: 'venue',
      type: { type: 'record', name: 'V', fields: [{ name: 'x', type: 'string' }] },
    })
    expect(await accepted(schema, { ...rowOf(), venue: { x: 'y' } })).toMatchObject(same)
  })

  test('with timestamps in milliseconds', async () => {
    const millis = { type: 'long', logicalType: 'timestamp-millis' }
    const row = rowOf({ timestamp: START_MICROS / 1000n - 3n, ingestion_timestamp: 12n })
    expect(await accepted(writerOf({ timestamp: millis, ingestion_timestamp: millis }), row)).toMatchObject({
      timestamp: START_MICROS - 3_000n,
      ingestion_timestamp: 12_000n,
    })
  })

  test('with decimals of another scale', async () => {
    const schema = writerOf({ price: bytesDecimal(18, 4), quantity: bytesDecimal(30, 10) })
    const row = rowOf({
      price: Buffer.from(decimalToBytes(864_321_500n)),
      quantity: Buffer.from(decimalToBytes(120_000_000n)),
    })
    expect(await accepted(schema, row)).toMatchObject({ price: 864_321_500_000_000n, quantity: 1_200_000n })
  })

  test('with required fields that may be null, and are not', async () => {
    const schema = writerOf({ price: ['null', bytesDecimal(18, 8)], symbol: ['string', 'null'] })
    const row = rowOf({ symbol: 'ETHUSDT' })
    expect(await accepted(schema, row)).toMatchObject({ price: trade.price, symbol: 'ETHUSDT' })
  })

  test('with optional fields that are missing, or never null', async () => {
    const schema = writerOf({ source_sequence: 'long', platform_sequence: undefined, vendor_data: undefined })
    expect(await accepted(schema, rowOf({ source_sequence: 9n }))).toMatchObject({
      source_sequence: 9n,
      platform_sequence: null,
    })
  })

  test('with an int for a long', async () => {
    expect(await accepted(writerOf({ source_sequence: ['null', 'int'] }), rowOf({ source_sequence: 5 }))).toMatchObject(
      same,
    )
  })

  test('with more symbols in an enum', async () => {
    const side = { type: 'enum', name: 'TradeSide', symbols: ['UNKNOWN', 'SELL', 'BUY', 'CROSS'] }
    expect(await accepted(writerOf({ side }), rowOf())).toMatchObject(same)
  })
})

describe('a message is a dead letter', () => {
  for (const field of ['message_id', 'price', 'side', 'trade_conditions', 'ingestion_timestamp'])
    test(`where ${field} is null`, async () => {
      const { type } = FIELDS.find(({ name }) => name === field) as Field
      expect(await refused(writerOf({ [field]: ['null', type] }), rowOf({ [field]: null }))).toBe(
        `${field} is null or missing`,
      )
    })

  test('where a required field is not in its schema', async () => {
    expect(await refused(writerOf({ currency: undefined }), rowOf())).toBe('currency is null or missing')
  })

  test('where a field has another name: aliases are the reader’s, and TradeV2 has none', async () => {
    const schema = writerOf()
    const fields = schema.fields.map(field =>
      field.name === 'price' ? { ...field, name: 'px', aliases: ['price'] } : field,
    )
    expect(await refused({ ...schema, fields }, { ...rowOf(), px: rowOf().price })).toBe('price is null or missing')
  })

  test('where a decimal has more digits than the tables', async () => {
    const price = Buffer.from(decimalToBytes(1_000_000_001n))
    expect(await refused(writerOf({ price: bytesDecimal(18, 12) }), rowOf({ price }))).toContain('price')
    const quantity = Buffer.from(decimalToBytes(10n ** 18n))
    expect(await refused(writerOf({ quantity: bytesDecimal(18, 4) }), rowOf({ quantity }))).toContain('quantity')
  })

  test('where an enum has a symbol that TradeV2 does not have', async () => {
    const side = { type: 'enum', name: 'TradeSide', symbols: ['CROSS'] }
    expect(await refused(writerOf({ side }), rowOf({ side: 'CROSS' }))).toContain('"CROSS"')
  })

  test('where its schema cannot be read as a trade at all', async () => {
    expect(await refused('string', 'hello')).toContain(`schema ${ID}`)
    expect(await refused(writerOf({ price: 'double' }), rowOf({ price: 1.5 }))).toContain(`schema ${ID}`)
    const other = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] }
    expect(await refused(other, { id: 'x' })).not.toBe('')
  })

  test('where it breaks a rule, with the rule’s name', async () => {
    const schema = { ...writerOf(), fields: writerOf().fields.toReversed() }
    const value = encode(schema, rowOf({ price: Buffer.from([0]) }))
    const { dead } = await refineWith(schema, [value])
    expect(dead).toMatchObject([
      { error_type: 'price_validation', error_reason: expect.stringContaining('0.00000000') },
    ])
  })

  test('where it is cut off or goes on, at whichever byte', async () => {
    const schema = { ...writerOf(), fields: writerOf().fields.toReversed() }
    const whole = encode(schema, rowOf())
    const cut = Array.from(whole.keys(), length => whole.subarray(0, length))
    const { rows, dead } = await refineWith(schema, [...cut, whole, Buffer.concat([whole, Buffer.from([0])])])
    expect(rows).toHaveLength(1)
    expect(dead).toHaveLength(whole.length + 1)
    expect(new Set(dead.map(row => row.error_type))).toEqual(new Set([decoding]))
  })

  test('where its schema’s timestamps have no time zone', async () => {
    const local = { type: 'long', logicalType: 'local-timestamp-micros' }
    const { rows } = await refineWith(writerOf({ timestamp: local }), [
      encode(writerOf({ timestamp: local }), rowOf({ timestamp: START_MICROS })),
    ])
    expect(rows).toEqual([])
  })
})
