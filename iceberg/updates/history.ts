/** What a commit adds to a table's metadata besides its updates: its time, and the file that it follows. Pure, no I/O. */
import { withHistory } from '../metadata.ts'
import type { AnyMetadata } from './any-metadata.ts'

/** The metadata after a commit, and the files that left its log; `location`: where `previous` is stored. */
export function withCommit(
  changed: AnyMetadata,
  nowMs: number,
  previous: AnyMetadata,
  location: string,
): { readonly metadata: AnyMetadata; readonly dropped: readonly string[] } {
  const metadata = withHistory(changed, Math.max(nowMs, changed['last-updated-ms']), previous, location)
  // Iceberg docs, "Configuration": old files are deleted only where the table asks for it.
  if (changed.properties['write.metadata.delete-after-commit.enabled'] !== 'true') return { metadata, dropped: [] }
  const kept = new Set(metadata['metadata-log'])
  const left = previous['metadata-log'].filter(entry => !kept.has(entry))
  return { metadata, dropped: left.map(entry => entry['metadata-file']) }
}
