/** Every table as data: what a row is, columns (domain/table-columns.ts), partitioning, sort order, retention, upkeep. */
import type { Column } from './column-types.ts'
import { EXCHANGES, type Exchange } from './exchanges.ts'
import { LOSS_COLUMNS } from './loss-columns.ts'
import {
  CANDLE_COLUMNS,
  DLQ_COLUMNS,
  FEED_GAP_COLUMNS,
  GOLD_COLUMNS,
  RECORD_COLUMNS,
  SILVER_COLUMNS,
} from './table-columns.ts'
import { TIMEFRAMES, type Timeframe } from './timeframes.ts'

export interface PartitionField {
  readonly source: string
  readonly transform: 'identity' | 'day' | 'month'
  readonly name: string
}

/**
 * How long snapshots stay, days since their commit: first all of them, then the last of each hour, then the last of
 * each day. A snapshot keeps the files that it names from being deleted.
 */
export interface SnapshotPolicy {
  readonly allDays: number
  readonly hourlyDays: number
  readonly dailyDays: number
}

/** How maintenance works on a table. */
export interface Upkeep {
  /** Small files are joined with their neighbours by this time. */
  readonly timeColumn: string
  /** Rows of a joined file are in this order: rows that are looked up together lie together. */
  readonly order: readonly string[]
  /** Rows of a row group: the least that a reader of a few rows has to read. */
  readonly rowGroupRows: number
  /** This long after its end a partition gets hardly any rows: only then are its last files joined. */
  readonly closedAfterMinutes: number
  /** Retention counts from the newest of these times in a partition. */
  readonly ageColumn: string
}

export interface TableDefinition {
  readonly name: string
  /** What a row is, for those who query the table: a sentence or two. */
  readonly doc: string
  readonly columns: readonly Column[]
  readonly partition: readonly PartitionField[]
  /** Columns in ascending order, nulls first; an empty list: unsorted. */
  readonly sort: readonly string[]
  readonly targetFileBytes: number
  /** The default, which a lake's settings may change (domain/retention.ts); undefined: kept for ever. */
  readonly retentionDays?: number | undefined
  readonly snapshots: SnapshotPolicy
  readonly upkeep: Upkeep
}

export const NAMESPACE = 'market_data'

const MIB = 1024 * 1024

/** For bulky tables whose past the tables made from them also hold. */
const BULKY: SnapshotPolicy = { allDays: 1, hourlyDays: 3, dailyDays: 0 }
const GOLD_HISTORY: SnapshotPolicy = { allDays: 1, hourlyDays: 7, dailyDays: 0 }
const CANDLE_HISTORY: SnapshotPolicy = { allDays: 1, hourlyDays: 7, dailyDays: 365 }

/** By then late invocations and skewed clocks no longer matter. */
const SOON_CLOSED = 10
/** DuckDB's own default. */
const ROW_GROUP_ROWS = 122_880

const RECORD_LAYOUT: Pick<TableDefinition, 'partition' | 'sort' | 'snapshots' | 'upkeep'> = {
  partition: [{ source: 'ingestion_date', transform: 'day', name: 'ingestion_date_day' }],
  sort: [],
  snapshots: BULKY,
  upkeep: {
    timeColumn: 'ingestion_timestamp',
    // A batch that comes again is looked up by partition and offset, in the memory of a small function.
    order: ['topic', 'topic_epoch', 'partition', 'offset'],
    rowGroupRows: 8_192,
    closedAfterMinutes: SOON_CLOSED,
    ageColumn: 'ingestion_timestamp',
  },
}

/** Raw Kafka records of one exchange, byte for byte. */
export function bronzeTable(exchange: Exchange): TableDefinition {
  return {
    name: `bronze_${exchange.name}_trades`,
    doc: `A Kafka record of ${exchange.code} as it came, byte for byte and never decoded: each offset once.`,
    columns: RECORD_COLUMNS,
    targetFileBytes: exchange.bronzeFileMiB * MIB,
    retentionDays: exchange.bronzeRetentionDays,
    ...RECORD_LAYOUT,
  }
}

/** What the feeds report as missed (domain/feed-gaps.ts): each report as it came, and what it says. */
export const FEED_GAPS_TABLE: TableDefinition = {
  name: 'feed_gaps',
  doc: "A feed's report about trades that it missed: as it came, and what it says. A gap is reported when it is found and again when it is settled.",
  columns: [...RECORD_COLUMNS, ...FEED_GAP_COLUMNS],
  targetFileBytes: 16 * MIB,
  // Kept as long as Gold, for ever: the reports explain its holes.
  ...RECORD_LAYOUT,
}

/** Decoded, valid trades of one exchange, repeats included, with their Kafka lineage. */
export function silverTable(exchange: Exchange): TableDefinition {
  return {
    name: `silver_${exchange.name}_trades`,
    doc: `A valid trade of ${exchange.code}, decoded from one Kafka record. Repeats that the exchange or a reconnecting feed sent are here too.`,
    columns: SILVER_COLUMNS,
    partition: [{ source: 'exchange_date', transform: 'day', name: 'exchange_date_day' }],
    sort: [],
    targetFileBytes: 128 * MIB,
    retentionDays: 30,
    snapshots: BULKY,
    upkeep: {
      timeColumn: 'timestamp',
      order: ['timestamp', 'trade_id'],
      rowGroupRows: ROW_GROUP_ROWS,
      closedAfterMinutes: SOON_CLOSED,
      // Trades may come late: their age counts from when they were validated.
      ageColumn: 'validation_timestamp',
    },
  }
}

/** Records of all exchanges that are not valid trades, with their bytes and the reason. */
export const DLQ_TABLE: TableDefinition = {
  name: 'silver_dlq_trades',
  doc: 'A Kafka record of any exchange that is not a valid trade, with its bytes and the reason.',
  columns: DLQ_COLUMNS,
  partition: [{ source: 'dlq_date', transform: 'day', name: 'dlq_date_day' }],
  sort: [],
  targetFileBytes: 128 * MIB,
  retentionDays: 90,
  snapshots: BULKY,
  upkeep: {
    timeColumn: 'error_timestamp',
    order: ['error_timestamp', 'exchange', 'topic_epoch', 'kafka_partition', 'kafka_offset'],
    rowGroupRows: ROW_GROUP_ROWS,
    closedAfterMinutes: SOON_CLOSED,
    ageColumn: 'error_timestamp',
  },
}

/** Every valid trade of all exchanges exactly once. */
export const GOLD_TABLE: TableDefinition = {
  name: 'gold_crypto_trades',
  doc: 'A trade of any exchange, exactly once, however often and late it came.',
  columns: GOLD_COLUMNS,
  partition: [
    { source: 'exchange_date', transform: 'identity', name: 'exchange_date' },
    { source: 'exchange_hour', transform: 'identity', name: 'exchange_hour' },
  ],
  sort: ['timestamp', 'trade_id'],
  targetFileBytes: 256 * MIB,
  snapshots: GOLD_HISTORY,
  upkeep: {
    timeColumn: 'timestamp',
    order: ['timestamp', 'trade_id'],
    rowGroupRows: ROW_GROUP_ROWS,
    closedAfterMinutes: SOON_CLOSED,
    ageColumn: 'timestamp',
  },
}

/** Candles of one timeframe. */
export function candleTable(timeframe: Timeframe): TableDefinition {
  return {
    name: `gold_ohlcv_${timeframe.name}`,
    doc: `A candle: the trades of one symbol on one exchange within a window of ${timeframe.name}. Late trades change it.`,
    columns: CANDLE_COLUMNS,
    partition: [
      {
        source: 'window_date',
        transform: timeframe.partition,
        name: `window_date_${timeframe.partition}`,
      },
    ],
    sort: ['window_start', 'exchange', 'symbol'],
    targetFileBytes: 64 * MIB,
    // Kept for ever: a year of minutes is a few MB a market.
    snapshots: CANDLE_HISTORY,
    upkeep: {
      timeColumn: 'window_start',
      order: ['window_start', 'exchange', 'symbol'],
      rowGroupRows: ROW_GROUP_ROWS,
      // A late trade writes its span's file again: wait a day for late trades.
      closedAfterMinutes: 24 * 60,
      ageColumn: 'window_start',
    },
  }
}

/** What repairs found to be lost for good (operations/repair/losses.ts). */
export const DATA_LOSSES_TABLE: TableDefinition = {
  name: 'data_losses',
  doc: 'Rows that a repair could not bring back: which, since when, why, and whether a person has acknowledged it.',
  columns: LOSS_COLUMNS,
  partition: [{ source: 'found_date', transform: 'month', name: 'found_date_month' }],
  sort: [],
  targetFileBytes: 16 * MIB,
  snapshots: BULKY,
  upkeep: {
    timeColumn: 'found_at',
    order: ['found_at', 'table_name', 'partition'],
    rowGroupRows: ROW_GROUP_ROWS,
    closedAfterMinutes: SOON_CLOSED,
    ageColumn: 'found_at',
  },
}

/** Every table of a lake with these exchanges. */
export function allTables(exchanges: readonly Exchange[] = EXCHANGES): TableDefinition[] {
  return [
    ...exchanges.map(bronzeTable),
    ...exchanges.map(silverTable),
    DLQ_TABLE,
    FEED_GAPS_TABLE,
    DATA_LOSSES_TABLE,
    GOLD_TABLE,
    ...TIMEFRAMES.map(candleTable),
  ]
}

/** The tables whose files are made by Bronze and Silver, and committed by a function of their own. */
export function committedTables(exchanges: readonly Exchange[]): TableDefinition[] {
  return [...exchanges.map(bronzeTable), ...exchanges.map(silverTable), DLQ_TABLE, FEED_GAPS_TABLE]
}
