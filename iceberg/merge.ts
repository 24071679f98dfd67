/**
 * Which manifests a commit merges, so that their number stays bounded and no commit rewrites more than one merge's worth.
 *
 * Manifests form tiers by how many live files they list: tier t holds 32^t up to 32^(t+1) - 1. When a tier has 32 manifests, one
 * commit merges its oldest 32 into the next tier. An entry is rewritten once a tier, and n commits leave at most about
 * 31 manifests in each of log32(n) tiers. Pure, no I/O.
 */
import type { ManifestEntry } from './manifest.ts'
import type { ManifestFile } from './manifest-list.ts'
import { type BoundField, comparePartitions } from './partitions.ts'

export const MERGE_FAN_IN = 32
/**
 * A merge reads and writes no more than this; larger manifests are left alone (Iceberg's
 * `commit.manifest.target-size-bytes`).
 */
export const TARGET_MANIFEST_BYTES = 8 * 1024 * 1024

export interface Merge {
  readonly manifests: readonly ManifestFile[]
  /** Each resulting manifest lists at least this many files, which puts it into a higher tier. */
  readonly leastFiles: number
}

/** Files of a manifest that its snapshot still holds. */
export function liveFiles(manifest: ManifestFile): number {
  return manifest.added_files_count + manifest.existing_files_count
}

/** The merge that is due, in the lowest tier that has one; undefined where no merge is due. */
export function planMerge(manifests: readonly ManifestFile[]): Merge | undefined {
  const tiers = new Map<number, ManifestFile[]>()
  for (const manifest of manifests) {
    if (manifest.manifest_length > TARGET_MANIFEST_BYTES / 2) continue
    const tier = tierOf(liveFiles(manifest))
    const members = tiers.get(tier)
    if (members) members.push(manifest)
    else tiers.set(tier, [manifest])
  }
  for (const [tier, members] of [...tiers].sort(([a], [b]) => a - b)) {
    if (members.length < MERGE_FAN_IN) continue
    // Oldest first: files of one time lie in few partitions, so the merged manifest's bounds stay tight.
    members.sort((a, b) => a.min_sequence_number - b.min_sequence_number)
    let bytes = 0
    const chosen = members
      .slice(0, MERGE_FAN_IN)
      .filter(member => (bytes += member.manifest_length) <= TARGET_MANIFEST_BYTES)
    if (chosen.length > 1) return { manifests: chosen, leastFiles: MERGE_FAN_IN ** (tier + 1) }
  }
  return undefined
}

function tierOf(files: number): number {
  let tier = 0
  for (let limit = MERGE_FAN_IN; files >= limit; limit *= MERGE_FAN_IN) tier++
  return tier
}

/**
 * Puts entries in partition order and cuts them where the partition changes, into parts of at least `leastFiles`: each
 * part becomes a manifest whose bounds let a reader skip it.
 */
export function cutByPartition(
  fields: readonly BoundField[],
  entries: readonly ManifestEntry[],
  leastFiles: number,
): ManifestEntry[][] {
  const sorted = entries.toSorted((a, b) => comparePartitions(fields, a.data_file.partition, b.data_file.partition))
  const parts: ManifestEntry[][] = []
  let start = 0
  for (let i = 1; i < sorted.length; i++) {
    if (i - start < leastFiles || sorted.length - i < leastFiles) continue
    if (comparePartitions(fields, sorted[i - 1].data_file.partition, sorted[i].data_file.partition) === 0) continue
    parts.push(sorted.slice(start, i))
    start = i
  }
  if (start < sorted.length) parts.push(sorted.slice(start))
  return parts
}
