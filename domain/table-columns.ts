/**
 * Every column of every table: its Iceberg field id, type, and what it means. Ids are permanent: readers find a column in old
 * files by its id, so none is ever changed or given to another column. A new column is optional, takes the id after the highest
 * one of its table (nested ones count) and says with `since` that older rows have no value.
 * iceberg/evolve.ts says which other changes are legal.
 */
import type { Column, ColumnType } from './column-types.ts'
import { PRICE_DIGITS, PRICE_SCALE, QUANTITY_DIGITS, QUANTITY_SCALE, QUOTE_SCALE } from './decimal.ts'
import { EXCHANGES } from './exchanges.ts'

/** As messages name the exchanges. */
const CODES = EXCHANGES.map(({ code }) => code).join(', ')

const PRICE: ColumnType = `decimal(${PRICE_DIGITS},${PRICE_SCALE})`
const QUANTITY: ColumnType = `decimal(${QUANTITY_DIGITS},${QUANTITY_SCALE})`
const NARROW = { narrow: true } as const
/** Sums take all digits that there are. */
const VOLUME: ColumnType = `decimal(38,${QUANTITY_SCALE})`
const QUOTE_VOLUME: ColumnType = `decimal(38,${QUOTE_SCALE})`

type Details = Partial<Pick<Column, 'nestedIds' | 'since' | 'from' | 'narrow'>>

export function required(id: number, name: string, type: ColumnType, doc: string, details: Details = {}): Column {
  return { id, name, type, required: true, doc, ...details }
}

export function optional(id: number, name: string, type: ColumnType, doc: string, details: Details = {}): Column {
  return { id, name, type, required: false, doc, ...details }
}

/** A Kafka record as it came. */
export const RECORD_COLUMNS: readonly Column[] = [
  optional(
    1,
    'message_key',
    'string',
    'Key of the Kafka record: the symbol. A key that is not UTF-8 is kept as \\x and hexadecimal digits.',
  ),
  optional(
    2,
    'raw_bytes',
    'binary',
    'Value of the Kafka record, byte for byte. Null for a tombstone, which is not the same as empty.',
  ),
  required(3, 'topic', 'string', 'Kafka topic of the record.'),
  required(4, 'partition', 'int', 'Kafka partition of the record.'),
  required(5, 'offset', 'long', 'Kafka offset of the record in its partition.'),
  required(
    6,
    'kafka_timestamp',
    'timestamptz',
    'Time that Kafka has for the record (CreateTime), UTC. Clamped to the years 1970 to 9999.',
  ),
  required(7, 'ingestion_timestamp', 'timestamptz', 'When Bronze took the record in, UTC.'),
  required(8, 'ingestion_date', 'date', 'UTC date of ingestion_timestamp.'),
  required(
    9,
    'topic_epoch',
    'int',
    'Counts how often the topic was recreated: offsets of two epochs have nothing to do with each other. 0 at first.',
  ),
]

/** What a report of a feed says; null where the record is not a report. */
export const FEED_GAP_COLUMNS: readonly Column[] = [
  optional(10, 'exchange', 'string', 'Exchange of the feed that reports, lower case: binance, kraken, coinbase.'),
  optional(11, 'symbol', 'string', 'Symbol that the report is about. Null when it is every symbol of the connection.'),
  optional(
    12,
    'kind',
    'string',
    'sequence: trade numbers were skipped. disconnect: a time without a connection. unreadable: a trade that the feed could not read.',
  ),
  optional(
    13,
    'status',
    'string',
    'sequence: open when found, filled (all trades were fetched) or closed when the search has ended; parts may be absent (the exchange has no such trades) or lost. disconnect: checked or unknown. unreadable: unreadable.',
  ),
  optional(14, 'from_id', 'long', 'First missing trade number of the exchange. Null for a disconnect.'),
  optional(15, 'to_id', 'long', 'Last missing trade number of the exchange. Null for a disconnect.'),
  optional(16, 'from_time', 'timestamptz', 'Last moment before what is missing, UTC.'),
  optional(17, 'to_time', 'timestamptz', 'First moment after what is missing, UTC.'),
  optional(18, 'cause', 'string', 'What the feed knows about the cause, in words.'),
  optional(19, 'reported_at', 'timestamptz', 'When the feed made the report, UTC.'),
  optional(
    20,
    'raw',
    'string',
    'What the exchange sent, where the feed could not read it; at most 100,000 characters. Null otherwise.',
  ),
]

/** A trade as Silver and Gold have it. The nested ids, of the conditions' element and of the vendor data's key and value, are each table's own. */
function tradeColumns(element: number, key: number, value: number): readonly Column[] {
  return [
    required(
      1,
      'message_id',
      'string',
      'UUIDv5 of exchange, symbol and trade_id. Two rows are one trade when it is equal and their times are at most a second apart.',
    ),
    required(
      2,
      'trade_id',
      'string',
      "The exchange's name and its trade number: BINANCE-123456. An aggregate trade has its aggregate number: BINANCE-AGG-123.",
    ),
    required(3, 'symbol', 'string', 'Base asset, then quote asset: BTCUSDT. XBT is written BTC, XDG is written DOGE.'),
    required(4, 'exchange', 'string', `The exchange's code: ${CODES}.`),
    required(5, 'asset_class', 'string', 'Always crypto.'),
    required(
      6,
      'timestamp',
      'timestamptz',
      "When the trade took place by the exchange's clock, UTC, to the microsecond where the exchange gives it.",
    ),
    required(7, 'price', PRICE, 'Price of one unit of the base asset, in the quote asset. Exact.', NARROW),
    required(8, 'quantity', QUANTITY, 'Traded amount of the base asset. Exact.', NARROW),
    required(9, 'currency', 'string', 'Quote asset: USDT, USD, EUR.'),
    required(10, 'side', 'string', "BUY or SELL: the aggressor's (taker's) side."),
    required(
      11,
      'trade_conditions',
      'list<string>',
      'Conditions that the exchange states for the trade. Mostly empty.',
      {
        nestedIds: [element],
      },
    ),
    optional(12, 'source_sequence', 'long', "The exchange's own sequence number, where it sends one."),
    required(13, 'ingestion_timestamp', 'timestamptz', 'When the feed received the trade, UTC.'),
    optional(14, 'platform_sequence', 'long', "The publisher's own sequence number, where it sends one."),
    optional(
      15,
      'vendor_data',
      'map<string,string>',
      "The exchange's own fields as text. Kraken: pair, order_type, misc. Binance: event_type, is_buyer_maker, ids.",
      { nestedIds: [key, value] },
    ),
  ]
}

export const SILVER_COLUMNS: readonly Column[] = [
  ...tradeColumns(23, 24, 25),
  required(16, 'exchange_date', 'date', 'UTC date of timestamp.'),
  required(17, 'validation_timestamp', 'timestamptz', 'When Silver decoded and validated the record, UTC.'),
  required(18, 'bronze_ingestion_timestamp', 'timestamptz', 'When Bronze took the record in, UTC.'),
  required(19, 'schema_id', 'int', 'Id in the schema registry of the schema that the record was written with.'),
  required(
    20,
    'topic_epoch',
    'int',
    "Which life of the Kafka topic the record is from, as in Bronze's column of this name.",
  ),
  required(21, 'kafka_partition', 'int', 'Kafka partition of the record.'),
  required(
    22,
    'kafka_offset',
    'long',
    'Kafka offset of the record. With topic_epoch and kafka_partition it names the row of Bronze.',
  ),
]

export const DLQ_COLUMNS: readonly Column[] = [
  optional(1, 'raw_record', 'binary', "Value of the Kafka record, byte for byte, as Bronze's raw_bytes."),
  required(2, 'error_reason', 'string', 'What is wrong, in words, with the wrong value.'),
  required(
    3,
    'error_type',
    'string',
    'First rule that the record broke: price_validation, timestamp_validation, deserialization_failed_or_null_fields and others.',
  ),
  required(4, 'error_timestamp', 'timestamptz', 'When Silver refused the record, UTC.'),
  required(5, 'bronze_source', 'string', 'Bronze table that has the record.'),
  required(
    6,
    'kafka_offset',
    'long',
    'Kafka offset of the record. With exchange, topic_epoch and kafka_partition it names the row of Bronze.',
  ),
  optional(7, 'schema_id', 'int', 'Id in the schema registry that the record names. Null when it names no id.'),
  required(8, 'dlq_date', 'date', 'UTC date of error_timestamp.'),
  required(9, 'exchange', 'string', `Code of the exchange whose topic the record came from: ${CODES}.`),
  required(
    10,
    'topic_epoch',
    'int',
    "Which life of the Kafka topic the record is from, as in Bronze's column of this name.",
  ),
  required(11, 'kafka_partition', 'int', 'Kafka partition of the record.'),
]

export const GOLD_COLUMNS: readonly Column[] = [
  ...tradeColumns(18, 19, 20).map((column): Column => ({ ...column, from: 'silver' })),
  required(16, 'exchange_date', 'date', 'UTC date of timestamp.', { from: 'time' }),
  required(17, 'exchange_hour', 'int', 'UTC hour of timestamp, 0 to 23.', { from: 'time' }),
]

export const CANDLE_COLUMNS: readonly Column[] = [
  required(1, 'symbol', 'string', 'Base asset, then quote asset: BTCUSDT.'),
  required(2, 'exchange', 'string', `The exchange's code, ${CODES}: each exchange has candles of its own.`),
  required(3, 'window_start', 'timestamptz', 'First moment of the window (included), UTC.'),
  required(4, 'window_end', 'timestamptz', 'First moment after the window, UTC.'),
  required(5, 'window_date', 'date', 'UTC date of window_start.'),
  required(
    6,
    'open_price',
    PRICE,
    'Price of the first trade, by timestamp and then by the number in trade_id. In the quote asset, as all prices.',
    NARROW,
  ),
  required(7, 'high_price', PRICE, 'Highest price.', NARROW),
  required(8, 'low_price', PRICE, 'Lowest price.', NARROW),
  required(9, 'close_price', PRICE, 'Price of the last trade, in the order of open_price.', NARROW),
  required(10, 'volume', VOLUME, 'Sum of the quantities, in the base asset. Exact.'),
  required(
    11,
    'vwap',
    PRICE,
    'Average price weighted by quantity: quote_volume / volume, rounded half to even in the last digit.',
    NARROW,
  ),
  required(12, 'trade_count', 'long', 'Number of trades. A window without trades has no candle.'),
  required(13, 'created_at', 'timestamptz', 'When the candle was first made, UTC.'),
  required(14, 'updated_at', 'timestamptz', 'When the candle last changed, UTC: late trades change it.'),
  required(15, 'quote_volume', QUOTE_VOLUME, 'Sum of price times quantity, in the quote asset. Exact.'),
  required(16, 'taker_buy_volume', VOLUME, 'Part of volume whose aggressor bought (side is BUY).'),
  required(17, 'taker_buy_quote_volume', QUOTE_VOLUME, 'Part of quote_volume whose aggressor bought (side is BUY).'),
  required(18, 'first_trade_time', 'timestamptz', 'Time of the earliest trade in the window, UTC.'),
  required(19, 'last_trade_time', 'timestamptz', 'Time of the latest trade in the window, UTC.'),
]
