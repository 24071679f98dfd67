/**
 * How a lake is doing, from its pointers, manifests and lists alone: no data file of a large table is read, so that it can be asked at any
 * moment. What only a deployment has (functions, alarms) is in deployed-status.ts.
 */
import { gapOffsets, listCheckpoints } from '../domain/checkpoint.ts'
import { sumOf } from '../domain/counts.ts'
import type { Exchange } from '../domain/exchanges.ts'
import type { ReadableLake } from '../domain/lake.ts'
import { type Lease, leaseHeld } from '../domain/lease.ts'
import { stageConsumers, topicName } from '../domain/names.ts'
import { countPending } from '../domain/pending.ts'
import {
  allTables,
  bronzeTable,
  DLQ_TABLE,
  FEED_GAPS_TABLE,
  GOLD_TABLE,
  silverTable,
  type TableDefinition,
} from '../domain/tables.ts'
import { HOUR_MS } from '../domain/time.ts'
import { sweptAt } from '../functions/maintain/reclaim.ts'
import { decodeValue } from '../iceberg/bounds.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import type { DataFile } from '../iceberg/types.ts'
import { localPaths, type OpenTable, openView } from '../tables/views.ts'
import { readFeedGaps } from './audit/feed-gaps.ts'
import type { FeedGapFigures } from './audit/report.ts'
import { inSession } from './repair/live.ts'

/** Times are milliseconds since 1970; undefined where there is none yet. */
export interface ExchangeStatus {
  readonly exchange: string
  /** The newest record in Bronze, by Kafka's time. */
  readonly lastRecord: number | undefined
  /** The newest trade in Silver, by the exchange's time. */
  readonly lastTrade: number | undefined
  /** Rows of Bronze in files that begin within the last hour. */
  readonly recordsInHour: number
  /** Offsets that were jumped over and may still come. */
  readonly missingOffsets: number
}

export interface StageStatus {
  readonly consumer: string
  readonly items: number
  readonly oldest: number | undefined
}

export interface TableStatus {
  readonly table: string
  readonly rows: number
  readonly files: number
  /** The newest commit. */
  readonly committed: number | undefined
  /** When maintenance last looked for what nothing names; undefined: never. */
  readonly swept: number | undefined
}

export interface LakeStatus {
  readonly now: number
  readonly exchanges: readonly ExchangeStatus[]
  /** The newest trade in Gold, by the exchange's time. */
  readonly lastGold: number | undefined
  /** Lists that something waits on. */
  readonly pending: readonly StageStatus[]
  /** Rows in files that begin within the last hour. */
  readonly deadLetters: { readonly letters: number; readonly trades: number }
  readonly gaps: FeedGapFigures
  readonly tables: readonly TableStatus[]
  /** Who has the lake to himself. */
  readonly paused: Lease | undefined
}

export async function lakeStatus(lake: ReadableLake): Promise<LakeStatus> {
  const { ports, exchanges } = lake
  const now = ports.clock.now()
  const opened = new Map<string, OpenTable>()
  for (const definition of allTables(exchanges)) opened.set(definition.name, await openView(lake, definition))
  const open = (definition: TableDefinition) => opened.get(definition.name) as OpenTable
  const waiting = await Promise.all(
    stageConsumers(exchanges).map(async consumer => ({ consumer, ...(await countPending(ports.state, consumer)) })),
  )
  const inHour = (table: OpenTable, column: string) =>
    sumOf(
      table.files.filter(file => (timeOf(table, file.lowerBounds, column) ?? 0) >= now - HOUR_MS),
      file => file.records,
    )
  return {
    now,
    exchanges: await Promise.all(exchanges.map(exchange => exchangeStatus(lake, exchange, open, inHour))),
    lastGold: newest(open(GOLD_TABLE), 'timestamp'),
    pending: waiting.filter(({ items }) => items > 0),
    deadLetters: {
      letters: inHour(open(DLQ_TABLE), 'error_timestamp'),
      trades: sumOf(exchanges, exchange => inHour(open(silverTable(exchange)), 'validation_timestamp')),
    },
    gaps: await feedGaps(lake, open(FEED_GAPS_TABLE)),
    tables: await Promise.all(
      [...opened.values()].map(async ({ definition, loaded, files }) => ({
        table: definition.name,
        rows: sumOf(files, file => file.records),
        files: files.length,
        committed: loaded && currentSnapshot(loaded.metadata)?.['timestamp-ms'],
        swept: (await sweptAt(ports, definition)) || undefined,
      })),
    ),
    paused: await leaseHeld(ports, 'lake'),
  }
}

async function exchangeStatus(
  { ports }: ReadableLake,
  exchange: Exchange,
  open: (definition: TableDefinition) => OpenTable,
  inHour: (table: OpenTable, column: string) => number,
): Promise<ExchangeStatus> {
  const bronze = open(bronzeTable(exchange))
  const checkpoints = await listCheckpoints(ports.state, topicName(exchange.name))
  return {
    exchange: exchange.name,
    lastRecord: newest(bronze, 'kafka_timestamp'),
    lastTrade: newest(open(silverTable(exchange)), 'timestamp'),
    recordsInHour: inHour(bronze, 'kafka_timestamp'),
    missingOffsets: sumOf(checkpoints, ({ gaps }) => gapOffsets(gaps)),
  }
}

function newest(table: OpenTable, column: string): number | undefined {
  const times = table.files.flatMap(file => timeOf(table, file.upperBounds, column) ?? [])
  return times.length === 0 ? undefined : times.reduce((latest, time) => Math.max(latest, time))
}

/** A bound of a file's timestamptz column, milliseconds since 1970. */
function timeOf({ definition }: OpenTable, bounds: DataFile['upperBounds'], column: string): number | undefined {
  const id = definition.columns.find(candidate => candidate.name === column)?.id ?? -1
  const bound = bounds[id]
  return bound && Number((decodeValue('timestamptz', bound) as bigint) / 1000n)
}

/** Reports of feeds are few: the whole table is read. */
async function feedGaps(lake: ReadableLake, table: OpenTable): Promise<FeedGapFigures> {
  const paths = await localPaths(lake, table)
  return inSession(lake.ports, session => readFeedGaps(session, paths))
}
