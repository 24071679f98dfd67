/**
 * Makes a table readable again: its pointer names metadata that is there, its current snapshot's manifests can be read, and
 * every file that it names is whole. Rows that this removes are put back from the table before it, where possible.
 */
import { Corrupt, messageOf, NotFound } from '../../domain/errors.ts'
import { MAX_WORK_WRITES } from '../../domain/lease.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { Ports, QuerySession } from '../../domain/ports.ts'
import { readParquet } from '../../domain/sql.ts'
import { DATA_LOSSES_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { type LoadedTable, openTable, pointerWrite } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { repeatedFiles } from '../../iceberg/live-files.ts'
import { keyOf, uriOf } from '../../iceberg/location.ts'
import { rollBack, totalRecords } from '../../iceberg/metadata.ts'
import { nextMetadataKey, writeMetadata } from '../../iceberg/metadata-file.ts'
import { damageOf, hasChecksum } from '../../iceberg/parquet/whole.ts'
import { partitionPath } from '../../iceberg/partitions.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { type Gone, recordGone, rowsByPartition } from './losses.ts'
import { mendPointer } from './pointer.ts'

/** A write for each, and two pointers: the table's and that of the losses. */
const FILES_PER_COMMIT = MAX_WORK_WRITES - 2

/** Mends the table and gives what was done, a sentence each; an empty list where it was whole. */
export async function mendTable(ports: Ports, session: QuerySession, definition: TableDefinition): Promise<string[]> {
  const done: string[] = []
  const table = await mendPointer(ports, definition, done)
  if (!table) return done
  const whole = await mendHistory(ports, definition, table, done)
  await dropUnreadable(ports, session, definition, await listOnce(ports, definition, whole, done), done)
  return done
}

/** Goes back to the newest snapshot whose manifests can be read. */
async function mendHistory(
  ports: Ports,
  definition: TableDefinition,
  table: LoadedTable,
  done: string[],
): Promise<LoadedTable> {
  const { metadata, name } = table
  const current = metadata.snapshots.findIndex(({ 'snapshot-id': id }) => id === metadata['current-snapshot-id'])
  let problem = ''
  let at = current
  for (; at >= 0; at--) {
    const snapshotId = metadata.snapshots[at]['snapshot-id']
    try {
      await planFiles(ports, table, { snapshotId })
      break
    } catch (error) {
      if (!(error instanceof Corrupt || error instanceof NotFound)) throw error
      problem ||= messageOf(error)
    }
  }
  if (at === current) return table
  const nowMs = ports.clock.now()
  const key = nextMetadataKey(name, table.metadataLocation, ports.ids.uuid())
  const earlier = at < 0 ? undefined : metadata.snapshots[at]['snapshot-id']
  await writeMetadata(ports.store, key, rollBack(metadata, earlier, nowMs, table.metadataLocation))
  const metadataLocation = uriOf(ports.store, key)
  const write = pointerWrite({ table, metadataLocation, version: ports.ids.uuid(), nowMs })
  const rowsBefore = totalRecords(metadata.snapshots[current])
  const rows = rowsBefore - (at < 0 ? 0 : totalRecords(metadata.snapshots[at]))
  const manifests = keyOf(ports.store, metadata.snapshots[current]['manifest-list'])
  const gone: Gone[] =
    rows > 0 ? [{ definition, file: undefined, key: manifests, rows, rowsBefore, reason: problem }] : []
  const recorded = name === DATA_LOSSES_TABLE.name ? [] : await recordGone(ports, gone)
  await ports.state.transact([write, ...recorded], ports.ids.uuid())
  done.push(
    `${name} went back ${current - at} snapshots, to ${earlier === undefined ? 'an empty table' : `snapshot ${earlier}`}: ${problem}`,
  )
  return (await openTable(ports, definition)) as LoadedTable
}

/** Each file that the table names several times stays in it once. */
async function listOnce(
  ports: Ports,
  definition: TableDefinition,
  table: LoadedTable,
  done: string[],
): Promise<LoadedTable> {
  const repeated = repeatedFiles(await planFiles(ports, table))
  if (repeated.size === 0) return table
  for (const [key, times] of repeated) done.push(`${table.name} names ${key} once now, it was listed ${times} times`)
  for (let left = table; ; ) {
    const remove = new Set(repeatedFiles(await planFiles(ports, left)).keys())
    if (remove.size === 0) return left
    // Removing takes one listing of a file away, and leaves its others.
    const staged = await stageSnapshot(ports, { table: left, remove, operation: 'delete' })
    await ports.state.transact([staged.write], ports.ids.uuid())
    left = (await openTable(ports, definition)) as LoadedTable
  }
}

/** Takes files that are missing or cannot be read out of the table, and records them as lost until their rows are made again. */
async function dropUnreadable(
  ports: Ports,
  session: QuerySession,
  definition: TableDefinition,
  table: LoadedTable,
  done: string[],
): Promise<void> {
  const files = await planFiles(ports, table)
  const rows = rowsByPartition(definition, files)
  const gone: Gone[] = []
  for (const file of files) {
    const reason = await fileProblem(ports, session, file)
    if (reason === undefined) continue
    const rowsBefore = rows.get(partitionPath(definition, file.partition)) ?? 0
    gone.push({ definition, file, key: file.key, rows: file.records, rowsBefore, reason })
    done.push(`${table.name} no longer names ${file.key} with its ${file.records} rows: ${reason}`)
  }
  for (const some of piecesOf(gone, FILES_PER_COMMIT)) {
    const left = (await openTable(ports, definition)) as LoadedTable
    const staged = await stageSnapshot(ports, {
      table: left,
      remove: new Set(some.map(({ key }) => key)),
      operation: 'delete',
    })
    // A file of losses that is itself lost takes its record along.
    const recorded = table.name === DATA_LOSSES_TABLE.name ? [] : await recordGone(ports, some)
    await ports.state.transact([staged.write, ...recorded], ports.ids.uuid())
  }
}

/**
 * Why a data file cannot be read from end to end; undefined where it can. @throws what the engine throws at a file that is byte for byte
 * as it was written: it lacks memory or disk, and a good file must not be dropped for that
 */
export async function fileProblem(
  ports: Pick<Ports, 'store'>,
  session: QuerySession,
  file: Pick<DataFile, 'key' | 'bytes'> & { readonly records?: number },
): Promise<string | undefined> {
  const info = await ports.store.head(file.key)
  if (!info) return 'it is missing'
  if (info.bytes !== file.bytes) return `it has ${info.bytes} bytes, not ${file.bytes}`
  const path = await ports.store.localFile(file.key)
  let isWhole = false
  try {
    const damage = damageOf(path)
    if (damage !== undefined) return `it ${damage}`
    isWhole = hasChecksum(path)
    // The hash makes the engine decode every value.
    const [{ rows }] = await session.run(`SELECT count(*) AS rows, max(hash(file)) FROM ${readParquet([path])} AS file`)
    if (file.records === undefined || Number(rows) === file.records) return undefined
    return `it has ${rows} rows, not ${file.records}`
  } catch (error) {
    if (isWhole) throw error
    return messageOf(error)
  } finally {
    await ports.store.releaseLocal([file.key])
  }
}
