/**
 * Which snapshots a table's metadata keeps: the one policy that every commit and maintenance apply. Snapshots thin out with age:
 * each of them, then the last of each hour, then the last of each day, then none. It stands in the table's properties.
 * Dropping a snapshot deletes no file: the sweep removes what no snapshot reaches any more. Pure, no I/O.
 */
import type { SnapshotPolicy } from '../domain/tables.ts'
import { DAY_MS, HOUR_MS } from '../domain/time.ts'
import type { Snapshot, TableMetadata } from './table-metadata.ts'

/** Which snapshots a table keeps; the current one and those that refs name are always kept. Ages in milliseconds. */
export interface SnapshotRetention {
  /** Every snapshot of this age or younger stays; `maxCount` permitting. */
  readonly allMs: number
  /** Up to this age the last of each hour stays, from then on the last of each day. */
  readonly hourlyMs: number
  /** Older ones leave. */
  readonly maxAgeMs: number
  /** So many newest stay whatever their age. */
  readonly minCount: number
  /** Beyond so many newest only the last of each hour stays, however young: it bounds what a commit writes. */
  readonly maxCount: number
}

/** With a commit each minute the last day has 1,440. */
const MAX_COUNT = 1_500

/** `max-snapshot-age-ms` and `min-snapshots-to-keep` are Iceberg's own (docs, "Table behavior properties"). */
const property = {
  allMs: 'tradelake.snapshots.keep-all-ms',
  hourlyMs: 'tradelake.snapshots.keep-hourly-ms',
  maxAgeMs: 'history.expire.max-snapshot-age-ms',
  minCount: 'history.expire.min-snapshots-to-keep',
  maxCount: 'tradelake.snapshots.keep-all-count',
} as const satisfies Record<keyof SnapshotRetention, string>

const DEFAULTS = retentionOfPolicy({ allDays: 1, hourlyDays: 7, dailyDays: 7 })

/** A table definition's policy in full. */
export function retentionOfPolicy({ allDays, hourlyDays, dailyDays }: SnapshotPolicy): SnapshotRetention {
  return {
    allMs: allDays * DAY_MS,
    hourlyMs: hourlyDays * DAY_MS,
    maxAgeMs: Math.max(hourlyDays, dailyDays) * DAY_MS,
    minCount: 1,
    maxCount: MAX_COUNT,
  }
}

/** The properties that state a policy. */
export function retentionProperties(retention: SnapshotRetention): Record<string, string> {
  const names = Object.keys(property) as (keyof SnapshotRetention)[]
  return Object.fromEntries(names.map(name => [property[name], String(retention[name])]))
}

/** The policy that a table's properties state. */
export function retentionOf(properties: Readonly<Record<string, string>>): SnapshotRetention {
  const names = Object.keys(property) as (keyof SnapshotRetention)[]
  return Object.fromEntries(
    names.map(name => [name, wholeNumber(properties[property[name]], DEFAULTS[name])]),
  ) as unknown as SnapshotRetention
}

/** The positive whole number that a property states. */
export function wholeNumber(text: string | undefined, fallback: number): number {
  return text !== undefined && /^[1-9]\d*$/.test(text) ? Number(text) : fallback
}

/** The snapshots that stay at a time (milliseconds since 1970), in their order: oldest first, the last one always stays. */
export function retainSnapshots(
  snapshots: readonly Snapshot[],
  options: { readonly nowMs: number; readonly pinned: ReadonlySet<number>; readonly retention: SnapshotRetention },
): Snapshot[] {
  const { allMs, hourlyMs, maxAgeMs, minCount, maxCount } = options.retention
  return snapshots.filter((snapshot, index) => {
    const newer = snapshots.length - 1 - index
    if (newer < Math.max(1, minCount) || options.pinned.has(snapshot['snapshot-id'])) return true
    const time = snapshot['timestamp-ms']
    const age = options.nowMs - time
    if (age > maxAgeMs) return false
    if (age <= allMs && newer < maxCount) return true
    // The last of its hour or day has its successor in another: true before and after others of that hour have left.
    const length = age <= hourlyMs ? HOUR_MS : DAY_MS
    return Math.floor(time / length) !== Math.floor(snapshots[index + 1]['timestamp-ms'] / length)
  })
}

/** Metadata without the snapshots that have had their time, and its log without what came before them; the same object where none has. */
export function expireSnapshots(metadata: TableMetadata, nowMs: number): TableMetadata {
  const pinned = new Set(Object.values(metadata.refs).map(ref => ref['snapshot-id']))
  const retention = retentionOf(metadata.properties)
  const snapshots = retainSnapshots(metadata.snapshots, { nowMs, pinned, retention })
  if (snapshots.length === metadata.snapshots.length) return metadata
  const gone = new Set<number>()
  let next = 0
  for (const snapshot of metadata.snapshots)
    if (snapshot === snapshots[next]) next++
    else gone.add(snapshot['snapshot-id'])
  // The log may only name snapshots that are kept, with nothing left out in between (spec, "snapshot-log").
  const log = metadata['snapshot-log']
  const from = log.findLastIndex(entry => gone.has(entry['snapshot-id'])) + 1
  return { ...metadata, snapshots, 'snapshot-log': log.slice(from) }
}
