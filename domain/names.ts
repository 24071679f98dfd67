/** Every key, path, topic and consumer name, and parsers for those that are read back. */
import type { Exchange } from './exchanges.ts'
import { committedTables, NAMESPACE } from './tables.ts'

export function topicName(exchange: string): string {
  return `market.crypto.trades.${exchange}`
}

/** The feeds' reports of what they missed. */
export const FEED_GAPS_TOPIC = 'market.crypto.feed.gaps'
/** What the feeds remember from run to run: the last record of each key counts. */
export const FEED_POSITIONS_TOPIC = 'market.crypto.feed.positions'
/** Prefix of the consumer groups in which feeds read that topic. */
export const FEED_GROUP_PREFIX = 'tradelake-feed-'
/** Subject in the schema registry: the trades of all exchanges share one schema. */
export const TRADES_SUBJECT = 'market.crypto.trades-value'

/** Where a table lives, relative to the store's root. */
export function tableKey(table: string): string {
  return `${NAMESPACE}/${table}`
}

/** Where a stage writes the data files of a table; Bronze's prefix is the one that object notifications watch. */
export function dataPrefix(table: string): string {
  return `${tableKey(table)}/data/`
}

/** Where users' tables are in the lake: nothing but the catalog and its clients write or delete there. */
export const USER_PREFIX = 'user_tables/'

/** A new data file. `partition` is the Iceberg partition path (`exchange_date_day=2026-11-20`). */
export function dataFileKey(table: string, partition: string, uuid: string): string {
  return `${dataPrefix(table)}${partition}/${uuid}.parquet`
}

/** Where maintenance writes Bronze's joined files: outside the prefix that object notifications watch. */
export function joinedFileKey(table: string, partition: string, uuid: string): string {
  return `${tableKey(table)}/joined/${partition}/${uuid}.parquet`
}

/** Below a table's folder: partitions as `iceberg/partitions.ts` names them, then the file, in characters that any store takes. */
const DATA_FILE = /^(?:data|joined)(?:\/[\w=.!~*'()%-]{1,200}){1,5}\.parquet$/

/** Whether a data file of the table may have this name: one that `dataFileKey` or `joinedFileKey` gave. */
export function isDataFileKey(table: string, key: string): boolean {
  const folder = `${tableKey(table)}/`
  return key.startsWith(folder) && DATA_FILE.test(key.slice(folder.length)) && !key.includes('..')
}

/** Where the long lists of all consumers are. */
export const PENDING_OBJECTS = 'pending/'

/** What `pendingObjectKey` puts under a consumer's name. */
export function pendingObjectPrefix(consumer: string): string {
  return `${PENDING_OBJECTS}${consumer}/`
}

/** Where a pending item's list of files stands when it is too large for an item. */
export function pendingObjectKey(consumer: string, uuid: string): string {
  return `${pendingObjectPrefix(consumer)}${uuid}.json`
}

/** Consumers of pending lists. */
export const consumers = {
  silver: (exchange: string) => `silver_${exchange}`,
  table: (table: string) => `table_${table}`,
  gold: (exchange: string) => `gold_${exchange}` as const,
  /** What Gold has changed of all exchanges, or of one where each has a run of its own (domain/shares.ts). */
  candles: (exchange?: string) => (exchange === undefined ? 'ohlcv' : `ohlcv_${exchange}`),
  /**
   * For maintenance itself: objects that no snapshot of the table reaches, deleted once readers have had time to
   * finish.
   */
  unreached: (table: string) => `unreached_${table}`,
} as const

/** The lists of all stages. */
export function stageConsumers(exchanges: readonly Exchange[]): string[] {
  return [
    ...exchanges.map(exchange => consumers.silver(exchange.name)),
    ...committedTables(exchanges).map(table => consumers.table(table.name)),
    ...exchanges.map(exchange => consumers.gold(exchange.name)),
    consumers.candles(),
    ...exchanges.map(exchange => consumers.candles(exchange.name)),
  ]
}

/** Partition keys of the state table. */
export const statePartition = {
  checkpoint: (topic: string) => `checkpoint#${topic}`,
  pending: (consumer: string) => `pending#${consumer}`,
  upkeep: 'upkeep',
  /** Times of which Gold lost trades: candles of then are kept as they are. */
  lostTimes: 'lost_times',
  feed: (exchange: string) => `feed#${exchange}`,
  lease: (name: string) => `lease#${name}`,
  /** Keys of the web application. */
  keys: 'keys',
  /** What the last audit over HTTP found. */
  audit: 'audit',
  /** What became of a request, for one that comes again. */
  request: (key: string) => `request#${key}`,
} as const

/** The consumer of the list that a partition key names; undefined where it names none. */
export function consumerOf(partition: string): string | undefined {
  return /^pending#(\w+)$/.exec(partition)?.[1]
}

/** `binance`, `bronze_function` → `BinanceBronzeFunction`: the way of a deployment's outputs and construct ids. */
export function pascal(...parts: string[]): string {
  const words = parts.flatMap(part => part.split('_'))
  return words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

/** Partition keys of the catalog table, in the layout of Iceberg's DynamoDbCatalog. */
export const catalogPartition = {
  table: (name: string) => `${NAMESPACE}.${name}`,
  namespaces: 'NAMESPACE',
  /** Folders of users' dropped tables whose files are still to be deleted. */
  purges: 'PURGES',
} as const

/** Kafka partitions as sort keys that sort like numbers. */
export function partitionSort(partition: number): string {
  return String(partition).padStart(10, '0')
}
