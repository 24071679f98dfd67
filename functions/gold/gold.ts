/**
 * Gold: pending Silver files become one snapshot of deduplicated trades, a file for each hour that they touch, sorted by
 * time; the minutes whose rows changed become pending for the candles in the same transaction.
 */
import { addCounts, sumOf } from '../../domain/counts.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { ChangedMinutes, SilverFiles } from '../../domain/handover.ts'
import { consumePending, listPendingOf, type PendingItem, producePending } from '../../domain/pending.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import { commit, type Plan, repeatUntil } from '../../domain/protocol.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import { type Share, wholeShare } from '../../domain/shares.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planGold } from '../../tables/gold.ts'
import type { StoredGold } from '../../tables/gold-repeats.ts'
import { readSilverFile } from '../../tables/silver.ts'
import { type Attempt, rememberAttempt } from './attempt.ts'
import { writeTrades } from './trades.ts'

/** One commit takes at most this much: items (each a write), and rows, which bound memory (some 300 bytes a row) and time. */
const ITEMS_PER_COMMIT = 90
const ROWS_PER_COMMIT = 368_640

export interface GoldResult {
  readonly commits: number
  /** Silver rows read. */
  readonly read: number
  readonly written: number
  readonly duplicates: number
  /** Hours that got rows. */
  readonly partitions: number
  /** Rows written, by exchange code. */
  readonly byExchange: Readonly<Record<string, number>>
}

/** What a run gives that had nothing to do. */
export const NOTHING_UNIFIED: GoldResult = {
  commits: 0,
  read: 0,
  written: 0,
  duplicates: 0,
  partitions: 0,
  byExchange: {},
}

/** What two runs did together. */
export function addGold(a: GoldResult, b: GoldResult): GoldResult {
  return {
    commits: a.commits + b.commits,
    read: a.read + b.read,
    written: a.written + b.written,
    duplicates: a.duplicates + b.duplicates,
    partitions: a.partitions + b.partitions,
    byExchange: addCounts(a.byExchange, b.byExchange),
  }
}

type Step = Omit<GoldResult, 'commits' | 'duplicates'>

/**
 * Commits what is pending of a share, oldest first, until nothing is pending or the deadline (by the steady clock) has passed.
 */
export async function unify(ports: Ports, deadline: number, share = wholeShare(EXCHANGES)): Promise<GoldResult> {
  const steps = await repeatUntil(ports, deadline, () => {
    const attempt = rememberAttempt()
    return commit(ports, () => plan(ports, share, attempt))
  })
  const read = sumOf(steps, step => step.read)
  const written = sumOf(steps, step => step.written)
  const partitions = sumOf(steps, step => step.partitions)
  const byExchange = steps.reduce((sum, step) => addCounts(sum, step.byExchange), {})
  return { commits: steps.length, read, written, duplicates: read - written, partitions, byExchange }
}

async function plan(ports: Ports, share: Share, attempt: Attempt): Promise<Plan<Step | undefined>> {
  const items = bounded(await listPendingOf<SilverFiles>(ports, share.goldLists, ITEMS_PER_COMMIT))
  if (items.length === 0) return { writes: [], result: undefined }
  const table = await createTable(ports, GOLD_TABLE)
  const silver = items.flatMap(item => item.payload.files)
  const stored = (range: TimeRange) => planGold(ports, table, range, { exchange: share.only })
  const { started, made } = await attempt.again(items, stored, ports.clock, async (looked: StoredGold) => {
    const sources = await Promise.all(silver.map(file => readSilverFile(ports, file)))
    return writeTrades(ports, sources, looked)
  })
  const { files, minutes, byExchange } = made
  const writes: Write[] = items.map(consumePending)
  if (files.length > 0) {
    const staged = await stageSnapshot(ports, { table, add: files, operation: 'append' })
    const changed: ChangedMinutes = { minutes }
    writes.push(staged.write, await producePending(ports, share.candleList, changed))
  }
  const read = sumOf(silver, file => file.records)
  const written = sumOf(files, file => file.records)
  return { writes, result: { read, written, partitions: files.length, byExchange }, oldestFile: started }
}

/** The oldest items that fit one commit; at least one. */
function bounded(items: readonly PendingItem<SilverFiles>[]): PendingItem<SilverFiles>[] {
  let rows = 0
  return items.filter((item, i) => {
    rows += sumOf(item.payload.files, file => file.records)
    return i === 0 || rows <= ROWS_PER_COMMIT
  })
}
