/**
 * What the audit reads of a lake, in an order that makes a moving lake safe to compare.
 *
 * Rows go from Bronze to the candles, so each list of what a stage has yet to do is read between the table before
 * it and the table after it: a file that was there first and is not on the list must have arrived in the later table.
 * What must come from somewhere (Silver's rows from Bronze) is compared with a second, later reading of its source.
 */
import { type Checkpoint, listCheckpoints } from '../../domain/checkpoint.ts'
import { Corrupt, NotFound } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { ChangedMinutes, SilverFiles } from '../../domain/handover.ts'
import type { ReadableLake } from '../../domain/lake.ts'
import type { Loss } from '../../domain/losses.ts'
import { consumers, stageConsumers } from '../../domain/names.ts'
import { countPending, listPending, listPendingOf } from '../../domain/pending.ts'
import type { PartitionEnd } from '../../domain/ports.ts'
import { wholeShare } from '../../domain/shares.ts'
import { FEED_GAPS, type RecordStream, tradeStream } from '../../domain/streams.ts'
import {
  bronzeTable,
  candleTable,
  DATA_LOSSES_TABLE,
  DLQ_TABLE,
  GOLD_TABLE,
  silverTable,
  type TableDefinition,
} from '../../domain/tables.ts'
import { TIMEFRAMES, type Timeframe } from '../../domain/timeframes.ts'
import { listAdded } from '../../iceberg/added-files.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { droppedBefore } from '../../iceberg/dropped.ts'
import { repeatedFiles } from '../../iceberg/live-files.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { readLosses } from '../../tables/losses.ts'

/** A table's files by key. */
export interface TableReading {
  readonly definition: TableDefinition
  /** Files of its current snapshot. */
  readonly committed: ReadonlyMap<string, DataFile>
  /** Those, and the files that wait for its next snapshot. */
  readonly files: ReadonlyMap<string, DataFile>
  /** Files that the snapshot names more than once, and how often: readers count their rows as often. */
  readonly repeated: ReadonlyMap<string, number>
  /** Rows of this age (`upkeep.ageColumn`, microseconds since 1970) and younger were never dropped; 0: none were. */
  readonly keptFrom: bigint
}

/** A topic and the table that has its records. */
export interface StreamReading {
  readonly topic: string
  /** undefined where the topics are out of reach. */
  readonly endsBefore: readonly PartitionEnd[] | undefined
  readonly checkpointsBefore: readonly Checkpoint[]
  readonly bronze: TableReading
  readonly checkpoints: readonly Checkpoint[]
  readonly ends: readonly PartitionEnd[] | undefined
}

export interface ExchangeReading extends StreamReading {
  readonly exchange: Exchange
  /** Bronze files that Silver has not taken. */
  readonly forSilver: ReadonlySet<string>
  readonly silver: TableReading
  /** Read last. */
  readonly laterSilver: TableReading
  readonly laterBronze: TableReading
}

export interface Readings {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly exchanges: readonly ExchangeReading[]
  /** The feeds' reports of what they missed. */
  readonly gaps: StreamReading
  readonly dlq: TableReading
  /** What is recorded as lost for good. */
  readonly losses: { readonly table: TableReading; readonly rows: readonly Loss[] }
  /** Silver files that Gold has not taken. */
  readonly forGold: ReadonlySet<string>
  readonly gold: TableReading
  /** Minutes since 1970 whose candles have yet to be folded. */
  readonly changedMinutes: readonly number[]
  readonly candles: readonly { readonly timeframe: Timeframe; readonly table: TableReading }[]
  readonly laterGold: TableReading
  /** By consumer. */
  readonly pending: readonly {
    readonly consumer: string
    readonly items: number
    readonly oldest: number | undefined
  }[]
}

const ATTEMPTS = 10

export async function readLake(lake: ReadableLake): Promise<Readings> {
  const at = lake.ports.clock.now()
  const whole = wholeShare(lake.exchanges)
  const early = await inOrder(lake.exchanges, exchange => readStream(lake, tradeStream(exchange)))
  const gaps = await readStream(lake, FEED_GAPS)
  const forSilver = await inOrder(lake.exchanges, exchange => idsOf(lake, consumers.silver(exchange.name)))
  const silver = await inOrder(lake.exchanges, exchange => readTable(lake, silverTable(exchange)))
  const dlq = await readTable(lake, DLQ_TABLE)
  const forGold = await listPendingOf<SilverFiles>(lake.ports, whole.goldLists)
  const gold = await readTable(lake, GOLD_TABLE)
  const changed = await listPendingOf<ChangedMinutes>(lake.ports, whole.candleLists)
  const candles = await inOrder(TIMEFRAMES, async timeframe => ({
    timeframe,
    table: await readTable(lake, candleTable(timeframe)),
  }))
  const laterGold = await readTable(lake, GOLD_TABLE)
  const laterSilver = await inOrder(lake.exchanges, exchange => readTable(lake, silverTable(exchange)))
  const laterBronze = await inOrder(lake.exchanges, exchange => readTable(lake, bronzeTable(exchange)))
  const losses = {
    table: await readTable(lake, DATA_LOSSES_TABLE),
    rows: await lossesOf(lake),
  }
  return {
    at,
    losses,
    exchanges: early.map((reading, i) => ({
      ...reading,
      exchange: lake.exchanges[i],
      forSilver: forSilver[i],
      silver: silver[i],
      laterSilver: laterSilver[i],
      laterBronze: laterBronze[i],
    })),
    gaps,
    dlq,
    forGold: new Set(forGold.flatMap(item => item.payload.files.map(file => file.key))),
    gold,
    changedMinutes: changed.flatMap(item => item.payload.minutes),
    candles,
    laterGold,
    pending: await inOrder(stageConsumers(lake.exchanges), async consumer => ({
      consumer,
      ...(await countPending(lake.ports.state, consumer)),
    })),
  }
}

/** What cannot be read is not known to be lost: the check of the files says that a file of losses is missing. */
async function lossesOf(lake: ReadableLake): Promise<Loss[]> {
  try {
    return await readLosses(lake.ports, await openTable(lake.ports, DATA_LOSSES_TABLE))
  } catch (error) {
    if (error instanceof Corrupt || error instanceof NotFound) return []
    throw error
  }
}

/** Reads a table of records between two readings of its checkpoints; once more while gaps open or close in between. */
async function readStream(lake: ReadableLake, { topic, table }: RecordStream): Promise<StreamReading> {
  const shape = (checkpoints: readonly Checkpoint[]) =>
    JSON.stringify(checkpoints.map(({ partition, epoch, gaps }) => [partition, epoch, gaps]))
  for (let attempt = 1; ; attempt++) {
    const endsBefore = await lake.topics?.ends(topic)
    const checkpointsBefore = await listCheckpoints(lake.ports.state, topic)
    const bronze = await readTable(lake, table)
    const checkpoints = await listCheckpoints(lake.ports.state, topic)
    const ends = await lake.topics?.ends(topic)
    if (shape(checkpointsBefore) === shape(checkpoints) || attempt === ATTEMPTS)
      return { topic, endsBefore, checkpointsBefore, bronze, checkpoints, ends }
  }
}

/** The waiting files are read first: a file moves from there into the table, so none is missed. */
async function readTable(lake: ReadableLake, definition: TableDefinition): Promise<TableReading> {
  const waiting = await listAdded(lake.ports, definition.name)
  const loaded = await openTable(lake.ports, definition)
  const listed = loaded ? await planFiles(lake.ports, loaded) : []
  const committed = new Map(listed.map(file => [file.key, file]))
  const repeated = repeatedFiles(listed)
  const files = new Map([
    ...waiting.flatMap(item => item.payload.files).map(file => [file.key, file] as const),
    ...committed,
  ])
  const keptFrom = loaded ? droppedBefore(loaded.metadata) : 0n
  return { definition, committed, files, repeated, keptFrom }
}

/** The keys of a reading's files, each as often as readers read it. */
export function listedKeys({ files, repeated }: TableReading): string[] {
  return [...files.keys()].flatMap(key => Array.from({ length: repeated.get(key) ?? 1 }, () => key))
}

async function idsOf(lake: ReadableLake, consumer: string): Promise<Set<string>> {
  return new Set((await listPending(lake.ports, consumer)).map(item => item.id))
}

/** The youngest of the ages from which these tables have all rows, microseconds since 1970. */
export function allKeptFrom(tables: readonly TableReading[]): bigint {
  return tables.reduce((latest, { keptFrom }) => (keptFrom > latest ? keptFrom : latest), 0n)
}

async function inOrder<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await read(item))
  return results
}
