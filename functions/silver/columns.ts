/** Collects valid trades as Silver columns, a builder for each exchange date, straight from the decoder's cursor. */
import {
  appendPlain,
  type Batch,
  constantInt32,
  constantInt64,
  type PlainWriter,
  reservePlain,
  setLong,
} from '../../domain/columns.ts'
import { approximateLong, type TradeDecoder } from '../../domain/decode.ts'
import { decimalColumn } from '../../domain/long-columns.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { ASSET_CLASSES, TRADE_SIDES } from '../../domain/trade.ts'
import { type DayColumns, grow, type Ints, type Longs, newDay, spareDays } from './day-columns.ts'

/** Where a trade's record came from. */
export interface Lineage {
  schemaId: number
  epoch: number
  partition: number
  offset: number
  /** Microseconds since 1970. */
  bronzeIngestion: number
}

export interface SilverBatch {
  /** Days since 1970 of the exchange's time. */
  readonly day: number
  readonly batch: Batch
}

export interface SilverColumns {
  /** Adds the trade that the decoder holds. */
  add(bytes: Uint8Array, lineage: Lineage): void
  /** The rows by exchange date, oldest first. `validatedAt`: microseconds since 1970. */
  finish(validatedAt: bigint): SilverBatch[]
  /** Gives back the memory of the batches, once nobody reads them any more. */
  release(): void
}

/** A day as a number, for the loop over rows. */
const DAY = Number(DAY_MICROS)

/** `records`: as many rows as may come; their first date gets room for all of them. */
export function createSilverColumns(decoder: TradeDecoder, records = 0): SilverColumns {
  const { cursor } = decoder
  const days = new Map<number, DayColumns>()
  let lastDay = Number.NaN
  let last: DayColumns | undefined

  function add(bytes: Uint8Array, lineage: Lineage): void {
    const day = Math.floor(approximateLong(cursor.timestampLow, cursor.timestampHigh) / DAY)
    if (day !== lastDay || last === undefined) {
      last = days.get(day) ?? newDay(days.size === 0 ? records : 0)
      days.set(day, last)
      lastDay = day
    }
    const columns = last
    if (columns.rows === columns.capacity) grow(columns, columns.capacity * 2)
    const row = columns.rows++
    const { longs, ints } = columns
    const low = row * 2
    const high = low + 1
    appendUuid(columns.messageId, bytes, cursor.messageIdStart, cursor.messageIdEnd)
    appendPlain(columns.tradeId, bytes, cursor.tradeIdStart, cursor.tradeIdEnd)
    ints.symbol[row] = cursor.symbol
    ints.exchange[row] = cursor.exchange
    ints.asset_class[row] = cursor.assetClass
    longs.timestamp[low] = cursor.timestampLow
    longs.timestamp[high] = cursor.timestampHigh
    longs.price[low] = cursor.priceLow
    longs.price[high] = cursor.priceHigh
    if (cursor.widePrice !== undefined) columns.widePrices.set(row, cursor.widePrice)
    longs.quantity[low] = cursor.quantityLow
    longs.quantity[high] = cursor.quantityHigh
    if (cursor.wideQuantity !== undefined) columns.wideQuantities.set(row, cursor.wideQuantity)
    ints.currency[row] = cursor.currency
    ints.side[row] = cursor.side
    ints.trade_conditions[row] = cursor.conditions
    if (cursor.hasSourceSequence) {
      longs.source_sequence[low] = cursor.sourceSequenceLow
      longs.source_sequence[high] = cursor.sourceSequenceHigh
      columns.sourceSequenceValid[row] = 1
    }
    longs.ingestion_timestamp[low] = cursor.ingestionLow
    longs.ingestion_timestamp[high] = cursor.ingestionHigh
    if (cursor.hasPlatformSequence) {
      longs.platform_sequence[low] = cursor.platformSequenceLow
      longs.platform_sequence[high] = cursor.platformSequenceHigh
      columns.platformSequenceValid[row] = 1
    }
    ints.vendor_data[row] = cursor.vendorData
    ints.schema_id[row] = lineage.schemaId
    ints.topic_epoch[row] = lineage.epoch
    ints.kafka_partition[row] = lineage.partition
    setLong(longs.kafka_offset, row, lineage.offset)
    setLong(longs.bronze_ingestion_timestamp, row, lineage.bronzeIngestion)
  }

  function finish(validatedAt: bigint): SilverBatch[] {
    return [...days].sort(([a], [b]) => a - b).map(([day, columns]) => finishDay(decoder, day, columns, validatedAt))
  }

  function release(): void {
    for (const columns of days.values()) spareDays.give(columns)
    days.clear()
    last = undefined
    lastDay = Number.NaN
  }

  return { add, finish, release }
}

/**
 * Appends a UUID in its canonical form (RFC 9562, section 4: output is in lower case). The bit that tells lower case from upper
 * is set in every digit and hyphen already. By hand, as in `appendPlain`; a UUID's length fits a byte.
 */
function appendUuid(writer: PlainWriter, source: Uint8Array, start: number, end: number): void {
  const length = end - start
  reservePlain(writer, length + 4)
  const { bytes } = writer
  const at = writer.length
  bytes[at] = length
  bytes[at + 1] = bytes[at + 2] = bytes[at + 3] = 0
  for (let i = 0; i < length; i++) bytes[at + 4 + i] = source[start + i] | 0x20
  writer.length = at + 4 + length
}

function finishDay(decoder: TradeDecoder, day: number, columns: DayColumns, validatedAt: bigint): SilverBatch {
  const { rows, longs, ints } = columns
  const long = (name: keyof Longs, valid?: Uint8Array) => {
    const values = new BigInt64Array(longs[name].buffer, 0, rows)
    return { kind: 'int64' as const, values, valid: valid?.subarray(0, rows) }
  }
  const int = (name: keyof Ints) => ({ kind: 'int32' as const, values: ints[name].subarray(0, rows) })
  const text = (name: keyof Ints, entries: readonly string[] = decoder.texts.entries) => ({
    kind: 'dictionary' as const,
    entries,
    indexes: ints[name].subarray(0, rows),
  })
  const plain = ({ bytes, length }: PlainWriter) => ({ kind: 'bytes' as const, plain: bytes.subarray(0, length) })
  return {
    day,
    batch: {
      rows,
      columns: {
        message_id: plain(columns.messageId),
        trade_id: plain(columns.tradeId),
        symbol: text('symbol'),
        exchange: text('exchange'),
        asset_class: text('asset_class', ASSET_CLASSES),
        timestamp: long('timestamp'),
        price: decimalColumn(long('price').values, columns.widePrices),
        quantity: decimalColumn(long('quantity').values, columns.wideQuantities),
        currency: text('currency'),
        side: text('side', TRADE_SIDES),
        trade_conditions: {
          kind: 'dictionary',
          entries: decoder.lists.entries,
          indexes: ints.trade_conditions.subarray(0, rows),
        },
        source_sequence: long('source_sequence', columns.sourceSequenceValid),
        ingestion_timestamp: long('ingestion_timestamp'),
        platform_sequence: long('platform_sequence', columns.platformSequenceValid),
        vendor_data: { kind: 'dictionary', entries: decoder.maps.entries, indexes: ints.vendor_data.subarray(0, rows) },
        exchange_date: constantInt32(day, rows),
        validation_timestamp: constantInt64(validatedAt, rows),
        bronze_ingestion_timestamp: long('bronze_ingestion_timestamp'),
        schema_id: int('schema_id'),
        topic_epoch: int('topic_epoch'),
        kafka_partition: int('kafka_partition'),
        kafka_offset: long('kafka_offset'),
      },
    },
  }
}
