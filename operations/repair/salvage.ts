/**
 * What a table's lost metadata named: its manifest list is an object of its own, and mostly still there. Its files are put back; where a
 * manifest is gone too, what is missing is recorded as lost.
 */
import { sumOf } from '../../domain/counts.ts'
import { Corrupt, NotFound } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import { DATA_LOSSES_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { fromRaw } from '../../iceberg/listed-file.ts'
import { keyOf } from '../../iceberg/location.ts'
import { DELETED } from '../../iceberg/manifest.ts'
import { type ManifestFile, readManifestList } from '../../iceberg/manifest-list.ts'
import { readEntries } from '../../iceberg/manifest-store.ts'
import { metadataPrefix } from '../../iceberg/metadata-file.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { recordGone } from './losses.ts'

interface LostList {
  readonly key: string
  readonly manifests: readonly ManifestFile[]
  readonly sequence: number
  readonly modified: number
}

/** Brings the table to the newest manifest list that its metadata does not know; `problem`: why it has older metadata. */
export async function putBackFiles(
  ports: Ports,
  definition: TableDefinition,
  table: LoadedTable,
  problem: string,
  done: string[],
): Promise<LoadedTable> {
  const list = await newestLostList(ports, table)
  if (!list) return table
  const now = new Map((await planFiles(ports, table)).map(file => [file.key, file]))
  const files = await filesOf(ports, list)
  if (files) {
    const wanted = new Set(files.map(({ key }) => key))
    const add = files.filter(({ key }) => !now.has(key))
    const remove = new Set([...now.keys()].filter(key => !wanted.has(key)))
    const operation = remove.size > 0 ? 'overwrite' : 'append'
    const staged = await stageSnapshot(ports, { table, add, remove, operation })
    await ports.state.transact([staged.write], ports.ids.uuid())
    done.push(`${table.name} has the files of its lost snapshot again, by ${list.key}`)
    return (await openTable(ports, definition)) as LoadedTable
  }
  const rowsBefore = sumOf(list.manifests, manifest => manifest.added_rows_count + manifest.existing_rows_count)
  const rows = rowsBefore - sumOf(now.values(), file => file.records)
  if (rows <= 0 || table.name === DATA_LOSSES_TABLE.name) return table
  const gone = { definition, file: undefined, key: list.key, rows, rowsBefore, reason: problem }
  await ports.state.transact(await recordGone(ports, [gone]), ports.ids.uuid())
  return table
}

/** The newest list that was written after the table's state; where two attempts wrote one for the same commit, the later one. */
async function newestLostList(ports: Ports, { name, metadata }: LoadedTable): Promise<LostList | undefined> {
  const known = new Set(metadata.snapshots.map(snapshot => keyOf(ports.store, snapshot['manifest-list'])))
  // A table that was made anew is younger than what it lost.
  const since = metadata['current-snapshot-id'] === NO_SNAPSHOT ? 0 : metadata['last-updated-ms'] - MAX_SKEW_MS
  let newest: LostList | undefined
  for await (const { key, modified } of ports.store.list(`${metadataPrefix(name)}snap-`)) {
    if (known.has(key) || modified < since) continue
    try {
      const manifests = readManifestList(await ports.store.get(key), key)
      const sequence = Math.max(0, ...manifests.map(manifest => manifest.sequence_number))
      if (sequence <= metadata['last-sequence-number']) continue
      if (!newest || sequence > newest.sequence || (sequence === newest.sequence && modified > newest.modified))
        newest = { key, manifests, sequence, modified }
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error
    }
  }
  return newest
}

const MAX_SKEW_MS = 60_000
const NO_SNAPSHOT = -1

/** The live files of a list, which a later step looks at; undefined where a manifest cannot be read. */
async function filesOf(ports: Ports, { manifests }: LostList): Promise<DataFile[] | undefined> {
  const files: DataFile[] = []
  try {
    for (const manifest of manifests)
      for (const { status, data_file: raw } of await readEntries(ports.store, manifest))
        if (status !== DELETED) files.push(fromRaw(ports.store, raw))
  } catch (error) {
    if (error instanceof Corrupt || error instanceof NotFound) return undefined
    throw error
  }
  return files
}
