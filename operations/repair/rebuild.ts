/**
 * Makes a range of a table again from the table before it, with the code of today. One transaction puts new files in
 * the place of named old ones, takes along what was pending about them, and marks everything downstream; snapshots
 * keep the old rows readable. Where anything of the range changed in the meantime, the transaction conflicts and the
 * rebuild begins again.
 */
import { addCounts, sumOf } from '../../domain/counts.ts'
import { TradelakeError } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { ChangedMinutes } from '../../domain/handover.ts'
import { MAX_WORK_WRITES } from '../../domain/lease.ts'
import { consumers } from '../../domain/names.ts'
import { producePending } from '../../domain/pending.ts'
import type { Ports, QuerySession, Write } from '../../domain/ports.ts'
import { type Progress, UNTOLD } from '../../domain/progress.ts'
import { commit, type Plan } from '../../domain/protocol.ts'
import { rangesAround, type TimeRange } from '../../domain/ranges.ts'
import { tableRows } from '../../domain/sql.ts'
import { bronzeTable, candleTable, DLQ_TABLE, GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { createTable } from '../../iceberg/catalog.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { type GoldChange, setGoldRight, TRADE_COLUMNS } from './gold.ts'
import { goldWrites, handOver, takePendingObjects } from './lists.ts'
import { daysOf, inSession, type LiveTable, mayHold, readLive, replaceFiles, requireKept } from './live.ts'
import { decodeAgain, type Outcomes, withoutSource, withoutUnchanged } from './outcomes.ts'
import { bronzeSource, type DeadLetterChoice, deadLetterSource, LINEAGE, localPaths } from './source.ts'

export interface RebuildResult {
  /** Records taken through Silver again. */
  readonly records: number
  readonly valid: number
  readonly invalid: number
  /** Rows that left Gold, and that came into it. */
  readonly goldRemoved: number
  readonly goldAdded: number
  /** Minutes whose candles are folded again. */
  readonly minutes: number
}

const NOTHING: RebuildResult = { records: 0, valid: 0, invalid: 0, goldRemoved: 0, goldAdded: 0, minutes: 0 }

/** Silver and its dead letters, from Bronze's records that were ingested in the range; Gold follows in the same transaction. */
export async function rebuildSilver(
  ports: Ports,
  exchange: Exchange,
  range: TimeRange,
  progress: Progress = UNTOLD,
): Promise<RebuildResult> {
  progress.begin(`Silver of ${exchange.name}`, 'record')
  return inSession(ports, session =>
    commit(ports, async () => {
      const nowMs = ports.clock.now()
      // Bronze is read before Silver's list, that before Silver: a record of Bronze is then on the list or in Silver.
      const bronze = await readLive(ports, bronzeTable(exchange))
      requireKept(bronze, range)
      const source = await bronzeSource(ports, session, bronze, range)
      const taken = await takePendingObjects(ports, exchange, bronze, range)
      const silver = await readLive(ports, silverTable(exchange))
      const dlq = await readLive(ports, DLQ_TABLE)
      const outcomes = await decodeAgain(ports, session, exchange, source, nowMs)
      const old = [...silver.files.values()].filter(file =>
        mayHold(silver.definition, 'bronze_ingestion_timestamp', file, range),
      )
      return replaceOutcomes(ports, session, exchange, {
        silver,
        old,
        dlq,
        outcomes,
        taken,
        records: source.rows,
        nowMs,
      })
    }),
  )
}

/** Takes dead letters through Silver again: today's code or registry may accept them; the others stay untouched. */
export async function redrive(ports: Ports, exchange: Exchange, choice: DeadLetterChoice): Promise<RebuildResult> {
  return inSession(ports, session =>
    commit(ports, async () => {
      const nowMs = ports.clock.now()
      const bronze = await readLive(ports, bronzeTable(exchange))
      const dlq = await readLive(ports, DLQ_TABLE)
      const source = await deadLetterSource(ports, session, exchange, dlq, bronze, choice)
      if (source.rows === 0) return { writes: [], result: NOTHING }
      const silver = await readLive(ports, silverTable(exchange))
      const decoded = await decodeAgain(ports, session, exchange, source, nowMs)
      const outcomes = await withoutUnchanged(ports, session, decoded)
      return replaceOutcomes(ports, session, exchange, {
        silver,
        old: [],
        dlq,
        outcomes,
        taken: [],
        records: source.rows,
        nowMs,
      })
    }),
  )
}

/** Gold, from Silver's trades of the range; one commit for each day. `keep`: times of which Silver lost trades that Gold still has. */
export async function rebuildGold(
  ports: Ports,
  exchange: Exchange,
  range: TimeRange,
  keep: readonly TimeRange[] = [],
  progress: Progress = UNTOLD,
): Promise<RebuildResult> {
  let total = NOTHING
  const tables = [await readLive(ports, silverTable(exchange)), await readLive(ports, GOLD_TABLE)]
  const days = daysOf(range, tables)
  progress.begin(`Gold of ${exchange.name}`, 'day', days.length)
  for (const day of days) {
    total = sum(
      total,
      await inSession(ports, session =>
        commit(ports, async () => {
          const nowMs = ports.clock.now()
          const silver = await readLive(ports, silverTable(exchange))
          requireKept(silver, range)
          const gold = await createTable(ports, GOLD_TABLE)
          const files = { definition: silver.definition, files: silver.files.values() }
          const change = await setGoldRight(ports, session, exchange, [day], files, gold, keep)
          return planned(await goldWrites(ports, gold, change), nowMs, counted(NOTHING, change))
        }),
      ),
    )
    progress.add(1)
  }
  return total
}

/** Marks every minute of the range for the candles, one item for each day. Their own function folds them. */
export async function rebuildCandles(
  ports: Ports,
  range: TimeRange,
  progress: Progress = UNTOLD,
): Promise<RebuildResult> {
  let minutes = 0
  const tables = [await readLive(ports, GOLD_TABLE), await readLive(ports, candleTable(TIMEFRAMES[0]))]
  const days = daysOf(range, tables)
  progress.begin('Marking minutes for the candles', 'day', days.length)
  for (const { from, to } of days) {
    const first = Number(from / MINUTE_MICROS)
    const changed: ChangedMinutes = {
      minutes: Array.from({ length: Number(to / MINUTE_MICROS) - first + 1 }, (_, i) => first + i),
    }
    await ports.state.transact([await producePending(ports, consumers.candles(), changed)], ports.ids.uuid())
    minutes += changed.minutes.length
    progress.add(1)
  }
  return { ...NOTHING, minutes }
}

interface NewOutcomes {
  readonly silver: LiveTable
  /** Silver files that may hold rows of `source`. */
  readonly old: readonly DataFile[]
  readonly dlq: LiveTable
  readonly outcomes: Outcomes
  /** Writes that take pending items. */
  readonly taken: readonly Write[]
  readonly records: number
  readonly nowMs: number
}

/** The plan that gives the rows of `source` their new outcomes, in Silver, the DLQ and Gold. */
async function replaceOutcomes(
  ports: Ports,
  session: QuerySession,
  exchange: Exchange,
  { silver, old, dlq, outcomes, taken, records, nowMs }: NewOutcomes,
): Promise<Plan<RebuildResult>> {
  const ofExchange = `exchange = '${exchange.code}'`
  const dead = await withoutSource(ports, session, dlq, [...dlq.files.values()], ofExchange)
  const valid = await withoutSource(ports, session, silver, old)
  const gold = await createTable(ports, GOLD_TABLE)
  const ranges = await changedRanges(ports, session, silver, valid.remove, outcomes.silver)
  const fresh = [...valid.kept, ...outcomes.silver]
  const files = [...[...silver.files.values()].filter(({ key }) => !valid.remove.has(key)), ...fresh]
  const change =
    ranges.length === 0
      ? NO_CHANGE
      : await setGoldRight(ports, session, exchange, ranges, { definition: silver.definition, files }, gold)
  const writes = [
    ...taken,
    ...(await replaceFiles(ports, silver, valid.remove, fresh)),
    ...(await replaceFiles(ports, dlq, dead.remove, [...dead.kept, ...outcomes.dead])),
    ...(await handOver(ports, exchange, valid.remove, fresh)),
    ...(await goldWrites(ports, gold, change)),
  ]
  const counts = { ...NOTHING, records, valid: rowsIn(outcomes.silver), invalid: rowsIn(outcomes.dead) }
  return planned(writes, nowMs, counted(counts, change))
}

const NO_CHANGE: GoldChange = { remove: new Set(), add: [], rowsRemoved: 0, rowsAdded: 0, minutes: [] }

/** Times around the trades that changed, a minute at least. */
async function changedRanges(
  ports: Ports,
  session: QuerySession,
  silver: LiveTable,
  removed: ReadonlySet<string>,
  added: readonly DataFile[],
): Promise<TimeRange[]> {
  const gone = [...removed].map(key => silver.files.get(key) as DataFile)
  const pathsOf = async (files: readonly DataFile[]) =>
    tableRows(silver.definition, [...(await localPaths(ports, files)).values()])
  const before = `SELECT ${TRADE_COLUMNS} FROM ${await pathsOf(gone)} SEMI JOIN source USING (${LINEAGE})`
  const after = `SELECT ${TRADE_COLUMNS} FROM ${await pathsOf(added)}`
  const rows = await session.run(`SELECT DISTINCT epoch_us("timestamp") // ${MINUTE_MICROS} AS minute
    FROM ((${before} EXCEPT ${after}) UNION ALL (${after} EXCEPT ${before}))`)
  return rangesAround(
    rows.map(({ minute }) => BigInt(minute as bigint) * MINUTE_MICROS),
    MINUTE_MICROS,
  )
}

/** @throws TradelakeError where the writes are too many for a transaction */
function planned(writes: readonly Write[], oldestFile: number, result: RebuildResult): Plan<RebuildResult> {
  if (writes.length > MAX_WORK_WRITES)
    throw new TradelakeError(
      `Too much is pending in this range (${writes.length} writes, a transaction takes ${MAX_WORK_WRITES}): run tradelake drain, then this again.`,
    )
  return { writes, result, oldestFile }
}

function counted(result: RebuildResult, change: GoldChange): RebuildResult {
  return {
    ...result,
    goldRemoved: change.rowsRemoved,
    goldAdded: change.rowsAdded,
    minutes: change.minutes.length,
  }
}

function sum(a: RebuildResult, b: RebuildResult): RebuildResult {
  return { ...a, ...addCounts({ ...a }, { ...b }) }
}

function rowsIn(files: readonly DataFile[]): number {
  return sumOf(files, file => file.records)
}
