/** A table's pointer: it names metadata that is there, and the newest. */
import { Corrupt, messageOf, NotFound } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { createTable, type LoadedTable, openTable, pointerKey, restorePointer } from '../../iceberg/catalog.ts'
import { filesAbove, type MetadataFile, metadataAt, metadataFiles } from '../../iceberg/lineage.ts'
import { uriOf } from '../../iceberg/location.ts'
import { currentSnapshot, totalRecords } from '../../iceberg/metadata.ts'
import { versionOf } from '../../iceberg/metadata-file.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { putBackFiles } from './salvage.ts'

/**
 * The pointer names the newest metadata file that can be read. Where that is an older one, the files of what came after it are put
 * back from its manifest list; a table without any is made anew, and filled from that list and the table before it. undefined
 * where the table never was.
 */
export async function mendPointer(
  ports: Ports,
  definition: TableDefinition,
  done: string[],
): Promise<LoadedTable | undefined> {
  const { name } = definition
  const stood = await ports.state.get(pointerKey(name))
  let candidates = await metadataFiles(ports, name)
  let problem = 'it had lost its pointer'
  if (stood) {
    try {
      const table = (await openTable(ports, definition)) as LoadedTable
      candidates = await newerCommits(ports, table, candidates)
      problem = `it stood at ${table.metadataLocation}`
      if (candidates.length === 0) return table
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error
      problem = messageOf(error)
    }
  }
  for (const { key } of candidates) {
    if (!(await metadataAt(ports, key))) continue
    if (stood) {
      const when = { is: 'matching' as const, attributes: stood }
      await ports.state.transact([{ kind: 'remove', key: pointerKey(name), when }], ports.ids.uuid())
    }
    await restorePointer(ports, name, uriOf(ports.store, key), Number(stood?.created_at ?? 0))
    done.push(`${name} points to ${key} now: ${problem}`)
    return putBackFiles(ports, definition, (await openTable(ports, definition)) as LoadedTable, problem, done)
  }
  if (!stood) return undefined
  const when = { is: 'matching' as const, attributes: stood }
  await ports.state.transact([{ kind: 'remove', key: pointerKey(name), when }], ports.ids.uuid())
  done.push(`${name} was made anew, as it has no metadata file that can be read: ${problem}`)
  return putBackFiles(ports, definition, await createTable(ports, definition), problem, done)
}

/**
 * Metadata files that the table should stand at instead, newest first. A single version above the pointer mostly is an attempt that
 * failed: it counts where the files of the pointer's own snapshot are gone, and its own, of as many rows, are there. (An attempt that
 * drops rows is not taken: what it would have recorded with them is not there.)
 */
async function newerCommits(ports: Ports, table: LoadedTable, files: readonly MetadataFile[]): Promise<MetadataFile[]> {
  const above = filesAbove(table, files)
  if (above.length === 0 || above[0].version > versionOf(table.metadataLocation) + 1) return above
  if (await isThere(ports, table)) return []
  const rows = totalRecords(currentSnapshot(table.metadata))
  const newer: MetadataFile[] = []
  for (const file of above) {
    const metadata = await metadataAt(ports, file.key)
    if (!metadata || totalRecords(currentSnapshot(metadata)) < rows) continue
    if (await isThere(ports, { ...table, metadataLocation: uriOf(ports.store, file.key), metadata })) newer.push(file)
  }
  return newer
}

/** Whether the current snapshot's manifests can be read and its files exist. */
async function isThere(ports: Ports, table: LoadedTable): Promise<boolean> {
  try {
    for (const { key } of await planFiles(ports, table)) if (!(await ports.store.head(key))) return false
    return true
  } catch (error) {
    if (!(error instanceof Corrupt || error instanceof NotFound)) throw error
    return false
  }
}
