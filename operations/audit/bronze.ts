/** Law 1: every record delivered from a topic partition is in Bronze exactly once. */
import { type Checkpoint, gapOffsets, MAX_GAPS, type OffsetRange } from '../../domain/checkpoint.ts'
import { sumOf } from '../../domain/counts.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { tableRows } from '../../domain/sql.ts'
import type { Readings, StreamReading } from './readings.ts'
import { count, type Findings, offenders, type Violation, violation } from './report.ts'

/** Rows without a hole between them, of one partition and epoch. */
interface Run {
  readonly epoch: number
  readonly partition: number
  readonly from: number
  readonly to: number
  /** When its first and last row were ingested, microseconds since 1970. */
  readonly began: number
  readonly ended: number
}

interface PartitionFigures {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly rows: number
  readonly from: number
  readonly to: number
  /** Ranges of offsets that were jumped over and may still come. */
  readonly gaps: readonly OffsetRange[]
}

type Hole = Record<string, unknown>

/** `paths`: local paths by key. */
export async function checkBronze(
  session: QuerySession,
  readings: Readings,
  paths: ReadonlyMap<string, string>,
): Promise<Findings> {
  const partitions: PartitionFigures[] = []
  const problems: Hole[] = []
  const violations: Violation[] = []
  let waiting = 0
  for (const [i, reading] of [...readings.exchanges, readings.gaps].entries()) {
    const rows = await partitionRows(session, i)
    const runs = Map.groupBy(await runsOf(session, i), run => `${run.epoch}|${run.partition}`)
    for (const row of rows) {
      const checkpoint = reading.checkpoints.find(({ partition }) => partition === row.partition)
      const isCurrent = checkpoint?.epoch === row.epoch
      partitions.push({ topic: reading.topic, ...row, gaps: isCurrent ? checkpoint.gaps : [] })
      problems.push(...holes(reading, row, runs.get(`${row.epoch}|${row.partition}`) ?? []))
      problems.push(...endProblems(reading, row))
      if (isCurrent) problems.push(...filledGaps(reading, checkpoint, runs.get(`${row.epoch}|${row.partition}`) ?? []))
    }
    problems.push(...delivered(reading, new Set(rows.map(row => row.partition))))
    waiting += sumOf(reading.ends ?? [], end => end.waiting)
    violations.push(...(await repeated(session, reading, i)), ...(await acrossEpochs(session, reading, rows, paths)))
  }
  const total = sumOf(partitions, partition => partition.rows)
  const missing = sumOf(partitions, ({ gaps }) => gapOffsets(gaps))
  const open = partitions.filter(({ gaps }) => gaps.length > 0)
  return {
    summary: `${count(total)} rows of ${count(partitions.length)} topic partitions, each offset once${
      missing > 0 ? `; ${count(missing)} offsets never came` : ''
    }`,
    figures: { rows: total, waiting, gap_offsets: missing, partitions },
    notes: [
      ...(waiting > 0 ? [`${count(waiting)} records wait in the topics`] : []),
      ...open
        .slice(0, 20)
        .map(({ topic, partition, gaps }) => `${topic}-${partition} has gaps at ${gaps.map(rangeText).join(', ')}`),
      ...(open.length > 20 ? [`${open.length - 20} more partitions have gaps`] : []),
    ],
    violations: [...violation('offsets are not as the checkpoints and topics say', problems), ...violations],
  }
}

function rangeText([from, to]: OffsetRange): string {
  return from === to ? `${from}` : `${from}–${to}`
}

async function partitionRows(session: QuerySession, exchange: number) {
  const rows = await session.run(`SELECT epoch, part, count(*) AS rows, min(off) AS low, max(off) AS high
    FROM record_rows JOIN files ON files.number = record_rows.file
    WHERE files.first AND record_rows.exchange = ${exchange} AND own GROUP BY ALL ORDER BY part, epoch`)
  return rows.map(row => ({
    partition: Number(row.part),
    epoch: Number(row.epoch),
    rows: Number(row.rows),
    from: Number(row.low),
    to: Number(row.high),
  }))
}

async function runsOf(session: QuerySession, exchange: number): Promise<Run[]> {
  // An offset less its rank is the same along a run; a repeated offset, which another check finds, counts once.
  const rows = await session.run(`WITH held AS (
      SELECT epoch, part, off, min(ingested) AS ingested FROM record_rows JOIN files ON files.number = record_rows.file
      WHERE files.first AND record_rows.exchange = ${exchange} AND own GROUP BY ALL),
    ranked AS (SELECT *, off - row_number() OVER (PARTITION BY epoch, part ORDER BY off) AS run FROM held)
    SELECT epoch, part, min(off) AS low,
      max(off) AS high, arg_min(ingested, off) AS began, arg_max(ingested, off) AS ended
    FROM ranked GROUP BY epoch, part, run ORDER BY epoch, part, low`)
  return rows.map(row => ({
    epoch: Number(row.epoch),
    partition: Number(row.part),
    from: Number(row.low),
    to: Number(row.high),
    began: Number(row.began),
    ended: Number(row.ended),
  }))
}

/** Offsets below the highest in Bronze that it should hold but does not. */
function holes(reading: StreamReading, row: { partition: number; epoch: number }, runs: readonly Run[]): Hole[] {
  const before = reading.checkpointsBefore.find(({ partition }) => partition === row.partition)
  const after = reading.checkpoints.find(({ partition }) => partition === row.partition)
  // A new epoch drops the gaps of the one before.
  if (after === undefined || after.epoch !== row.epoch) return []
  const open = [...after.gaps, ...(before?.epoch === row.epoch ? before.gaps : [])]
  const dropsDays = reading.bronze.keptFrom > 0n
  const missing: OffsetRange[] = []
  if (runs[0].from > 0 && !dropsDays) missing.push([0, runs[0].from - 1])
  for (const [i, run] of runs.entries()) {
    const next = runs[i + 1]
    if (next === undefined) break
    // Retention may have dropped rows between those that filled a gap late and the oldest rows that are kept.
    if (dropsDays && run.ended > next.began) continue
    missing.push([run.to + 1, next.from - 1])
  }
  return missing
    .flatMap(range => outside(range, open))
    .map(([from, to]) => ({
      topic: reading.topic,
      partition: row.partition,
      from,
      to,
      problem: 'is missing from Bronze and not a gap of the checkpoint',
    }))
}

/** Gaps of the checkpoint whose records Bronze has: it is an older one. Gaps that were joined, as there are many, cover such. */
function filledGaps({ topic }: StreamReading, { partition, gaps }: Checkpoint, runs: readonly Run[]): Hole[] {
  if (gaps.length >= MAX_GAPS) return []
  return gaps
    .filter(([from, to]) => runs.some(run => run.from <= to && run.to >= from))
    .map(([from, to]) => ({ topic, partition, from, to, problem: 'is a gap of the checkpoint, and Bronze has of it' }))
}

/** The parts of a range that lie outside the gaps. */
function outside(range: OffsetRange, gaps: readonly OffsetRange[]): OffsetRange[] {
  let left: OffsetRange[] = [range]
  for (const [from, to] of gaps)
    left = left.flatMap(([low, high]) => {
      if (to < low || from > high) return [[low, high] as const]
      const rest: OffsetRange[] = []
      if (low < from) rest.push([low, from - 1])
      if (to < high) rest.push([to + 1, high])
      return rest
    })
  return left
}

/** Whether the highest row is right below the checkpoint, which was read before and after the rows. */
function endProblems(reading: StreamReading, row: { partition: number; epoch: number; to: number }): Hole[] {
  const at = (checkpoints: readonly Checkpoint[]) => checkpoints.find(({ partition }) => partition === row.partition)
  const before = at(reading.checkpointsBefore)
  const after = at(reading.checkpoints)
  const where = { topic: reading.topic, partition: row.partition, last_offset: row.to }
  if (after === undefined || row.epoch > after.epoch)
    return [{ ...where, epoch: row.epoch, problem: 'rows of an epoch that the checkpoint does not know' }]
  if (row.epoch < after.epoch) return []
  const least = before?.epoch === row.epoch ? before.nextOffset : 0
  // After a repair the last records may be an open gap themselves.
  const to = after.gaps.find(([from]) => from === row.to + 1)?.[1] ?? row.to
  if (to + 1 >= least && row.to + 1 <= after.nextOffset) return []
  return [{ ...where, next_offset: after.nextOffset, problem: 'the checkpoint is not right after the last row' }]
}

/** Whether the checkpoints cover what the topic has delivered, and no more than it ever held. */
function delivered(reading: StreamReading, held: ReadonlySet<number>): Hole[] {
  const problems: Hole[] = []
  const before = new Map(reading.checkpointsBefore.map(checkpoint => [checkpoint.partition, checkpoint.nextOffset]))
  const dropsDays = reading.bronze.keptFrom > 0n
  for (const checkpoint of reading.checkpoints) {
    const { partition, nextOffset } = checkpoint
    const end = reading.ends?.find(candidate => candidate.partition === partition)?.end ?? 0
    if (reading.ends && nextOffset > end)
      problems.push({ topic: reading.topic, partition, next_offset: nextOffset, end, problem: 'is beyond the topic' })
    // The first rows may have come after Bronze was read.
    if (!held.has(partition) && (before.get(partition) ?? 0) > 0 && !dropsDays)
      problems.push({ topic: reading.topic, partition, next_offset: nextOffset, problem: 'Bronze holds no row' })
  }
  for (const { partition, end, waiting } of reading.endsBefore ?? []) {
    const next = reading.checkpoints.find(checkpoint => checkpoint.partition === partition)?.nextOffset ?? 0
    if (waiting === 0 && next < end)
      problems.push({
        topic: reading.topic,
        partition,
        next_offset: next,
        end,
        problem: 'was delivered and is not in Bronze',
      })
  }
  return problems
}

async function repeated(session: QuerySession, reading: StreamReading, exchange: number): Promise<Violation[]> {
  const rows = `record_rows JOIN files ON files.number = record_rows.file WHERE files.first
    AND record_rows.exchange = ${exchange}`
  const topic = `'${reading.topic}' AS topic`
  return [
    ...(await offenders(
      session,
      'offsets are in Bronze more than once',
      `SELECT ${topic}, epoch, part AS "partition", off AS "offset", count(*) AS times FROM ${rows} AND own
        GROUP BY ALL HAVING count(*) > 1`,
      'ALL',
    )),
    ...(await offenders(
      session,
      `rows of ${reading.bronze.definition.name} belong to another topic`,
      `SELECT "key" AS file, part AS "partition", off AS "offset" FROM ${rows} AND NOT coalesce(own, false)`,
      'ALL',
    )),
  ]
}

/** A record of an earlier epoch that was stored again in a later one: it has the same offset, time and bytes. */
async function acrossEpochs(
  session: QuerySession,
  { topic, bronze }: StreamReading,
  rows: readonly { partition: number }[],
  paths: ReadonlyMap<string, string>,
): Promise<Violation[]> {
  const recreated = [...Map.groupBy(rows, row => row.partition)].flatMap(([partition, epochs]) =>
    epochs.length > 1 ? [partition] : [],
  )
  const files = [...bronze.files.keys()].flatMap(key => paths.get(key) ?? [])
  if (recreated.length === 0 || files.length === 0) return []
  return offenders(
    session,
    'records are in Bronze again in a later epoch of the topic',
    `SELECT '${topic}' AS topic, "partition", "offset", min(topic_epoch) AS epoch, max(topic_epoch) AS later_epoch
      FROM ${tableRows(bronze.definition, files)} WHERE topic = '${topic}' AND "partition" IN (${recreated.join(', ')})
      GROUP BY "partition", "offset", kafka_timestamp, md5(raw_bytes) HAVING count(DISTINCT topic_epoch) > 1`,
    'ALL',
  )
}
