/** What a commit adds to a table's metadata besides its updates: its time, and the file that it follows. Pure, no I/O. */
import { wholeNumber } from '../snapshot-retention.ts'
import type { AnyMetadata } from './any-metadata.ts'

const DEFAULT_PREVIOUS_VERSIONS = 100

/** The metadata after a commit; `location`: where `previous` is stored. */
export function withCommit(
  changed: AnyMetadata,
  nowMs: number,
  previous: AnyMetadata,
  location: string,
): { readonly metadata: AnyMetadata; readonly dropped: readonly string[] } {
  const log = [...previous['metadata-log'], { 'metadata-file': location, 'timestamp-ms': previous['last-updated-ms'] }]
  const most = wholeNumber(changed.properties['write.metadata.previous-versions-max'], DEFAULT_PREVIOUS_VERSIONS)
  const dropped = log.slice(0, Math.max(0, log.length - most)).map(entry => entry['metadata-file'])
  const metadata = {
    ...changed,
    'last-updated-ms': Math.max(nowMs, changed['last-updated-ms']),
    'metadata-log': log.slice(-most),
  }
  // Iceberg docs, "Configuration": old files are deleted only where the table asks for it.
  return {
    metadata,
    dropped: changed.properties['write.metadata.delete-after-commit.enabled'] === 'true' ? dropped : [],
  }
}
