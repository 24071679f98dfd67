/** Expiry without a commit of data: drops old snapshots from a table that nobody commits to. */
import type { Ports, Write } from '../domain/ports.ts'
import { type LoadedTable, pointerWrite } from './catalog.ts'
import { uriOf } from './location.ts'
import { withHistory } from './metadata.ts'
import { nextMetadataKey, writeMetadata } from './metadata-file.ts'
import { expireSnapshots } from './snapshot-retention.ts'

/** Writes metadata without expired snapshots and gives the pointer write; undefined where none has expired. */
export async function stageExpiry(
  ports: Pick<Ports, 'store' | 'clock' | 'ids'>,
  table: LoadedTable,
): Promise<{ readonly write: Write; readonly expired: number } | undefined> {
  const nowMs = Math.max(ports.clock.now(), table.metadata['last-updated-ms'])
  const metadata = expireSnapshots(table.metadata, nowMs)
  const expired = table.metadata.snapshots.length - metadata.snapshots.length
  if (expired === 0) return undefined
  const key = nextMetadataKey(table.name, table.metadataLocation, ports.ids.uuid())
  await writeMetadata(ports.store, key, withHistory(metadata, nowMs, table.metadata, table.metadataLocation))
  const metadataLocation = uriOf(ports.store, key)
  return { write: pointerWrite({ table, metadataLocation, version: ports.ids.uuid(), nowMs }), expired }
}
