/**
 * How a lake is doing, from its pointers, manifests and lists alone: no data file of a large table is read, so that it can be asked at any
 * moment. What only a deployment has (functions, alarms) is in deployed-status.ts.
 */
import { gapOffsets, listCheckpoints } from '../domain/checkpoint.ts'
import { sumOf } from '../domain/counts.ts'
import { messageOf, Throttled, TradelakeError } from '../domain/errors.ts'
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
import { sweptAt } from '../domain/upkeep.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import type { DataFile } from '../iceberg/types.ts'
import { timesIn } from '../tables/file-times.ts'
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
  /** Records of the last hour by Kafka's time: of a file that begins before it, the share of its time that lies within. */
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
  /** Why it cannot be read, undefined where it can: nothing is then known of what it holds. */
  readonly problem: string | undefined
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
  /** Rows of the last hour, counted like the records. */
  readonly deadLetters: { readonly letters: number; readonly trades: number }
  /** undefined where the feeds' reports cannot be read. */
  readonly gaps: FeedGapFigures | undefined
  readonly tables: readonly TableStatus[]
  /** Who has the lake to himself. */
  readonly paused: Lease | undefined
}

export async function lakeStatus(lake: ReadableLake): Promise<LakeStatus> {
  const { ports, exchanges } = lake
  const now = ports.clock.now()
  const looked = await Promise.all(allTables(exchanges).map(definition => look(lake, definition)))
  const opened = new Map(looked.map(({ table }) => [table.definition.name, table]))
  const open = (definition: TableDefinition) => opened.get(definition.name) as OpenTable
  const waiting = await Promise.all(
    stageConsumers(exchanges).map(async consumer => ({ consumer, ...(await countPending(ports.state, consumer)) })),
  )
  const inHour = (table: OpenTable, column: string) =>
    Math.round(sumOf(table.files, file => file.records * shareSince(now - HOUR_MS, table, file, column)))
  const reports = looked.find(({ table }) => table.definition.name === FEED_GAPS_TABLE.name)
  const gaps =
    reports === undefined || reports.problem !== undefined ? {} : await attempt(() => feedGaps(lake, reports.table))
  return {
    now,
    exchanges: await Promise.all(exchanges.map(exchange => exchangeStatus(lake, exchange, open, inHour))),
    lastGold: newest(open(GOLD_TABLE), 'timestamp'),
    pending: waiting.filter(({ items }) => items > 0),
    deadLetters: {
      letters: inHour(open(DLQ_TABLE), 'error_timestamp'),
      trades: sumOf(exchanges, exchange => inHour(open(silverTable(exchange)), 'validation_timestamp')),
    },
    gaps: gaps.found,
    tables: await Promise.all(
      looked.map(async ({ table: { definition, loaded, files }, problem }) => ({
        table: definition.name,
        problem: problem ?? (definition.name === FEED_GAPS_TABLE.name ? gaps.problem : undefined),
        rows: sumOf(files, file => file.records),
        files: files.length,
        committed: loaded && currentSnapshot(loaded.metadata)?.['timestamp-ms'],
        swept: (await sweptAt(ports, definition)) || undefined,
      })),
    ),
    paused: await leaseHeld(ports, 'lake'),
  }
}

/** One damaged table hides nothing of the others. */
async function attempt<T>(read: () => Promise<T>): Promise<{ readonly found?: T; readonly problem?: string }> {
  try {
    return { found: await read() }
  } catch (error) {
    if (!(error instanceof TradelakeError) || error instanceof Throttled) throw error
    return { problem: messageOf(error) }
  }
}

async function look(
  lake: ReadableLake,
  definition: TableDefinition,
): Promise<{ readonly table: OpenTable; readonly problem: string | undefined }> {
  const { found, problem } = await attempt(() => openView(lake, definition))
  return { table: found ?? { definition, loaded: undefined, files: [] }, problem }
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
  const times = table.files.flatMap(file => timesIn(table.definition, file, column)?.to ?? [])
  return times.length === 0
    ? undefined
    : Number(times.reduce((latest, time) => (time > latest ? time : latest)) / 1000n)
}

/** The share of a file's time that lies after this: maintenance joins hours into one file. Rows are taken to be spread evenly. */
function shareSince(since: number, table: OpenTable, file: DataFile, column: string): number {
  const times = timesIn(table.definition, file, column)
  if (!times) return 0
  const [from, to] = [Number(times.from / 1000n), Number(times.to / 1000n)]
  if (to < since) return 0
  return from >= since ? 1 : (to - since) / (to - from)
}

/** Reports of feeds are few: the whole table is read. Gold is not, which in S3 would take long: the audit looks there. */
async function feedGaps(lake: ReadableLake, table: OpenTable): Promise<FeedGapFigures> {
  const paths = await localPaths(lake, table)
  return inSession(lake.ports, session => readFeedGaps(session, paths, []))
}
