/**
 * The Kafka topics that Bronze takes into tables: the trades of each exchange, which go on to Silver, and the feeds' own
 * reports of what they missed, which no further stage reads.
 */
import { EXCHANGES, type Exchange } from './exchanges.ts'
import { type GapColumns, gapColumns } from './feed-gap-columns.ts'
import { consumers, FEED_GAPS_TOPIC, topicName } from './names.ts'
import { bronzeTable, FEED_GAPS_TABLE, type TableDefinition } from './tables.ts'

export interface RecordStream {
  /** Part of the names of its function, consumer group and metrics. */
  readonly name: string
  readonly topic: string
  readonly partitions: number
  readonly table: TableDefinition
  /** The most records that its function gets in one event, and how long the event source waits to fill it. */
  readonly batchRecords: number
  readonly batchWindowSeconds: number
  /** The consumer whose list a new file goes on; undefined where no stage follows. */
  readonly next: string | undefined
  /** Columns that are made of the records' values, besides those that all such tables have. */
  readonly decode?: (values: readonly (Uint8Array | null)[]) => GapColumns
}

/** The trades of an exchange. */
export function tradeStream(exchange: Exchange): RecordStream {
  const { name, partitions, batchRecords, batchWindowSeconds } = exchange
  return {
    name,
    topic: topicName(name),
    partitions,
    table: bronzeTable(exchange),
    batchRecords,
    batchWindowSeconds,
    next: consumers.silver(name),
  }
}

export const FEED_GAPS: RecordStream = {
  name: 'feed_gaps',
  topic: FEED_GAPS_TOPIC,
  // A handful an hour, in the order in which they were made.
  partitions: 1,
  table: FEED_GAPS_TABLE,
  batchRecords: 1_000,
  batchWindowSeconds: 5,
  next: undefined,
  decode: gapColumns,
}

/** Every stream of a lake with these exchanges. */
export function recordStreams(exchanges: readonly Exchange[] = EXCHANGES): RecordStream[] {
  return [...exchanges.map(tradeStream), FEED_GAPS]
}
