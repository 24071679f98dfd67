/**
 * A table whose pointer was set back and has gone on: what the old line of its commits added is in no snapshot any more. The stages make
 * it again where the tables before still have it; the rest is recorded as lost, and its files are not swept until that is acknowledged.
 */
import { sumOf } from '../../domain/counts.ts'
import type { Ports } from '../../domain/ports.ts'
import { DATA_LOSSES_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { metadataAt, metadataFiles, setBack, settle } from '../../iceberg/lineage.ts'
import { keyOf } from '../../iceberg/location.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { TableMetadata } from '../../iceberg/table-metadata.ts'
import { readLosses } from '../../tables/losses.ts'
import { recordGone } from './losses.ts'

/** Records what the old line had and the table has not, until it is there again. */
export async function recordOldLine(ports: Ports, definition: TableDefinition): Promise<void> {
  const { name } = definition
  if (name === DATA_LOSSES_TABLE.name || (await setBack(ports, name)) === undefined) return
  const table = (await openTable(ports, definition)) as LoadedTable
  const known = await readLosses(ports, await openTable(ports, DATA_LOSSES_TABLE))
  const old = await oldLine(ports, table)
  if (!old || known.some(({ file }) => file === old.key)) return
  const total = async (metadata: TableMetadata) =>
    sumOf(await planFiles(ports, { ...table, metadata }), file => file.records)
  const added = (await total(old.tip)) - (await total(old.base))
  if (added <= 0) return
  const rowsBefore = (await total(table.metadata)) + added
  const reason = 'the pointer was set back past its commits'
  const gone = { definition, file: undefined, key: old.key, rows: added, rowsBefore, reason }
  await ports.state.transact(await recordGone(ports, [gone]), ports.ids.uuid())
}

/** Lets the table's folder be swept again, unless something is lost that nobody has acknowledged. */
export async function settleLine(ports: Ports, { name }: TableDefinition): Promise<void> {
  if ((await setBack(ports, name)) === undefined) return
  const losses = await readLosses(ports, await openTable(ports, DATA_LOSSES_TABLE))
  if (!losses.some(({ table, acceptedAt }) => table === name && acceptedAt === undefined)) await settle(ports, name)
}

/** The newest metadata that the table does not come from, and the last one of both lines. */
async function oldLine(
  ports: Ports,
  table: LoadedTable,
): Promise<{ key: string; tip: TableMetadata; base: TableMetadata } | undefined> {
  const keys = ({ 'metadata-log': log }: TableMetadata) => log.map(entry => keyOf(ports.store, entry['metadata-file']))
  const mine = new Set([keyOf(ports.store, table.metadataLocation), ...keys(table.metadata)])
  for (const { key } of await metadataFiles(ports, table.name)) {
    if (mine.has(key)) continue
    const tip = await metadataAt(ports, key)
    const before = tip && keys(tip)
    // An attempt that failed follows a file of the table's own line.
    if (!tip || !before || before.length === 0 || mine.has(before[before.length - 1])) continue
    const shared = before.findLast(earlier => mine.has(earlier))
    const base = shared && (await metadataAt(ports, shared))
    if (base) return { key, tip, base }
  }
  return undefined
}
