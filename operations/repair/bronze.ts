/**
 * Corrects Bronze from its own objects: records in files that no table names are added, each once, and the checkpoints
 * are set to what Bronze holds. What it lacks becomes an open gap, which the records close when they come again.
 */
import {
  advanceCheckpoint,
  type Checkpoint,
  firstCheckpoint,
  gapOffsets,
  joinGaps,
  listCheckpoints,
  type OffsetRange,
} from '../../domain/checkpoint.ts'
import { sumOf } from '../../domain/counts.ts'
import type { BronzeObject } from '../../domain/handover.ts'
import { tableKey } from '../../domain/names.ts'
import { consumePending, listPending } from '../../domain/pending.ts'
import type { PartitionEnd, Ports, QuerySession } from '../../domain/ports.ts'
import { sqlText, sqlTimestamp, tableRows } from '../../domain/sql.ts'
import type { RecordStream } from '../../domain/streams.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { listAdded, produceAdded } from '../../iceberg/added-files.ts'
import { copyDataFile } from '../../iceberg/data-file.ts'
import { describeParquetFile } from '../../iceberg/parquet/footer.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { keptFrom, type LiveTable, readLive } from './live.ts'
import { localPaths } from './source.ts'
import { fileProblem } from './tables.ts'

const RECORD = 'topic, topic_epoch, "partition", "offset"'

/** Takes objects that cannot be read off Silver's list and the table's: what they held is lost unless it comes again. */
export async function dropUnreadableObjects(
  ports: Ports,
  session: QuerySession,
  { table: { name }, next }: RecordStream,
): Promise<string[]> {
  const done: string[] = []
  if (next === undefined) return done
  for (const item of await listPending<BronzeObject>(ports, next)) {
    const problem = await fileProblem(ports, session, { key: item.id, ...item.payload })
    if (problem === undefined) continue
    const writes = [consumePending(item)]
    for (const waiting of await listAdded(ports, name)) {
      const files = waiting.payload.files.filter(({ key }) => key !== item.id)
      if (files.length === waiting.payload.files.length) continue
      writes.push(consumePending(waiting))
      if (files.length > 0) writes.push(await produceAdded(ports, name, files))
    }
    await ports.state.transact(writes, ports.ids.uuid())
    done.push(`${item.id} with its ${item.payload.records} records is no longer waited for: ${problem}`)
  }
  return done
}

/** Puts records of unregistered files on the table's list, each record that Bronze lacks once. */
export async function registerMissing(ports: Ports, session: QuerySession, stream: RecordStream): Promise<string[]> {
  const bronze = await readLive(ports, stream.table)
  await session.run(`CREATE OR REPLACE TEMP TABLE registered AS SELECT ${RECORD} FROM ${await rowsOf(ports, bronze)}`)
  const since = keptFrom(bronze)
  const done: string[] = []
  for await (const object of ports.store.list(`${tableKey(bronze.definition.name)}/`)) {
    if (!object.key.endsWith('.parquet') || bronze.files.has(object.key)) continue
    // It cannot be read, and nothing names it: it will be swept.
    if ((await fileProblem(ports, session, object)) !== undefined) continue
    const files = await missingOf(ports, session, bronze, object.key, since)
    if (files.length === 0) continue
    await ports.state.transact([await produceAdded(ports, bronze.definition.name, files)], ports.ids.uuid())
    done.push(`${rowsIn(files)} records of ${object.key} are in ${bronze.definition.name} again`)
  }
  return done
}

/** The object itself if Bronze lacks all its records, a file of the records that it lacks, or nothing. */
async function missingOf(
  ports: Ports,
  session: QuerySession,
  bronze: LiveTable,
  key: string,
  since: bigint,
): Promise<DataFile[]> {
  const rows = tableRows(bronze.definition, [await ports.store.localFile(key)])
  const kept = `ingestion_timestamp >= ${sqlTimestamp(since)}`
  const lacking = `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY ${RECORD}) AS copy FROM ${rows} WHERE ${kept})
    WHERE copy = 1 AND (${RECORD}) NOT IN (SELECT (${RECORD}) FROM registered)`
  try {
    const days =
      await session.run(`SELECT epoch_us(ingestion_date::TIMESTAMP) // ${DAY_MICROS} AS day, count(*) AS missing
      FROM (${lacking}) GROUP BY ALL ORDER BY ALL`)
    if (days.length === 0) return []
    const [{ total }] = await session.run(`SELECT count(*) AS total FROM ${rows}`)
    const files: DataFile[] = []
    if (days.length === 1 && Number(days[0].missing) === Number(total)) {
      const path = await ports.store.localFile(key)
      const description = await describeParquetFile(bronze.definition, path)
      files.push({ key, partition: { ingestion_date_day: Number(days[0].day) }, ...description })
    } else
      for (const { day } of days) {
        const ofDay = `SELECT * EXCLUDE (copy) FROM (${lacking}) WHERE epoch_us(ingestion_date::TIMESTAMP) // ${DAY_MICROS} = ${day}`
        files.push(await copyDataFile(ports, session, bronze.definition, { ingestion_date_day: Number(day) }, ofDay))
      }
    await session.run(`INSERT INTO registered SELECT ${RECORD} FROM (${lacking})`)
    return files
  } finally {
    await ports.store.releaseLocal([key])
  }
}

/**
 * Moves each checkpoint to what Bronze holds: past its last record and all that the topic delivered (`ends`, where they are
 * known), with a gap for each record that is missing.
 */
export async function mendCheckpoints(
  ports: Ports,
  session: QuerySession,
  { topic, table }: RecordStream,
  ends: readonly PartitionEnd[],
): Promise<string[]> {
  const bronze = await readLive(ports, table)
  await session.run(`CREATE OR REPLACE TEMP TABLE offsets AS SELECT "partition" AS part, topic_epoch AS epoch, "offset" AS off
    FROM ${await rowsOf(ports, bronze)} WHERE topic = ${sqlText(topic)}`)
  const stored = new Map((await listCheckpoints(ports.state, topic)).map(found => [found.partition, found]))
  const parts = (await session.run('SELECT DISTINCT part FROM offsets')).map(({ part }) => Number(part))
  const delivered = new Map(ends.map(({ partition, end, waiting }) => [partition, end - waiting]))
  const known = [...delivered].flatMap(([partition, offset]) => (offset > 0 ? [partition] : []))
  const done: string[] = []
  for (const partition of [...new Set([...stored.keys(), ...parts, ...known])].sort((a, b) => a - b)) {
    const read = stored.get(partition) ?? firstCheckpoint(topic, partition)
    // In a table too young to have dropped a day, records before its first one are missing too.
    const after = await heldOf(session, read, delivered.get(partition) ?? 0, keptFrom(bronze) === 0n)
    if (read.stored && JSON.stringify(read) === JSON.stringify(after)) continue
    await ports.state.transact([advanceCheckpoint(read, after)], ports.ids.uuid())
    const was = read.stored ? `at ${read.nextOffset} with ${gapOffsets(read.gaps)}` : 'lost'
    done.push(
      `the checkpoint of ${topic}-${partition} is at ${after.nextOffset} with ${gapOffsets(after.gaps)} offsets missing, it was ${was}`,
    )
  }
  return done
}

/** The checkpoint for what Bronze holds; what Bronze cannot tell is taken from the one that was read, and from the topic. */
async function heldOf(
  session: QuerySession,
  read: Checkpoint,
  delivered: number,
  fromTheStart: boolean,
): Promise<Checkpoint> {
  const here = `FROM offsets WHERE part = ${read.partition}`
  const [newest] = await session.run(`SELECT max(epoch) AS epoch ${here}`)
  // A new epoch may have begun that has no record left.
  const epoch = newest.epoch === null ? read.epoch : Math.max(read.epoch, Number(newest.epoch))
  const [{ first, last }] = await session.run(`SELECT min(off) AS first, max(off) AS last ${here} AND epoch = ${epoch}`)
  const { gaps: gapsBefore, nextOffset: next } = read.epoch === epoch ? read : { gaps: [], nextOffset: 0 }
  const before = { gaps: gapsBefore, nextOffset: Math.max(next, delivered) }
  const end = last === null ? 0 : Number(last) + 1
  const begin = first === null ? before.nextOffset : Number(first)
  const gaps: OffsetRange[] = []
  if (fromTheStart && begin > 0) gaps.push([0, begin - 1])
  else for (const [from, to] of before.gaps) if (from < begin) gaps.push([from, Math.min(to, begin - 1)])
  const holes = await session.run(`SELECT off + 1 AS hole, following - 1 AS until FROM
    (SELECT off, lead(off) OVER (ORDER BY off) AS following ${here} AND epoch = ${epoch}) WHERE following > off + 1 ORDER BY off`)
  for (const { hole, until } of holes) gaps.push([Number(hole), Number(until)])
  if (first !== null && before.nextOffset > end) gaps.push([end, before.nextOffset - 1])
  const [{ earlier }] = await session.run(`SELECT max(off) AS earlier ${here} AND epoch < ${epoch}`)
  const { topic, partition } = read
  const earlierEnd = Math.max(
    read.earlierEnd ?? 0,
    read.epoch < epoch ? read.nextOffset : 0,
    earlier === null ? 0 : Number(earlier) + 1,
  )
  const nextOffset = Math.max(end, before.nextOffset)
  return { topic, partition, epoch, nextOffset, gaps: joinGaps(gaps), earlierEnd, stored: true }
}

async function rowsOf(ports: Ports, { definition, files }: LiveTable): Promise<string> {
  return tableRows(definition, [...(await localPaths(ports, files.values())).values()])
}

function rowsIn(files: readonly DataFile[]): number {
  return sumOf(files, file => file.records)
}
