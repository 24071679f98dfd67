/**
 * Which files to join. Rewriting must pay: a byte is written again only when the file that it goes into is a good deal larger,
 * so that it happens a few times and not at each run. Pure, no I/O.
 */
import { sumOf } from '../../domain/counts.ts'
import { compare } from '../../domain/order.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import { partitionEnd } from '../../iceberg/partitions.ts'
import type { LiveFile, Partition } from './files.ts'

/** One commit's work: these files of a partition become one. */
export interface Join {
  readonly partition: Partition
  readonly files: readonly LiveFile[]
}

/** A file of this share of the target is large enough. */
const LARGE_ENOUGH = 0.75
/** A join takes at most this share of the target beyond it. */
const OVERSIZE = 1.1
/** Files of a join: each is opened, and on S3 fetched. An open partition waits for so many, or for a file of the target's size. */
const MAX_FILES = 500
/** A file this many times larger than all smaller ones of its bin together is left alone … */
const DOMINANCE = 4
/** … but no more than so many of a bin: a bin ends with at most three files. */
const MAX_LEFT_ALONE = 2

/** The joins that pay in a table, most files first, then oldest first. `nowMs`: milliseconds since 1970. */
export function planJoins(
  table: TableDefinition,
  partitions: readonly Partition[],
  pending: ReadonlySet<string>,
  nowMs: number,
  closedAfterMs = table.upkeep.closedAfterMinutes * MINUTE_MS,
): Join[] {
  const joins = partitions.flatMap(partition => {
    const end = partitionEnd(table, partition.values)
    const closed = end + closedAfterMs <= nowMs
    // An open hour is nearly closed and can wait; an open day fills up for long.
    if (!closed && table.partition.length > 1) return []
    return joinsOf(table, partition, pending, closed).map(files => ({ partition, files, end }))
  })
  joins.sort((a, b) => b.files.length - a.files.length || a.end - b.end || compare(a.partition.path, b.partition.path))
  return joins.map(({ partition, files }) => ({ partition, files }))
}

function joinsOf(
  table: TableDefinition,
  partition: Partition,
  pending: ReadonlySet<string>,
  closed: boolean,
): LiveFile[][] {
  const target = table.targetFileBytes
  const small = partition.files
    .filter(file => file.bytes < LARGE_ENOUGH * target && !pending.has(file.key))
    .sort((a, b) => compare(a.from ?? 0n, b.from ?? 0n) || compare(a.key, b.key))
  const bins: LiveFile[][] = []
  let bytes = 0
  for (const file of small) {
    const bin = bins.at(-1)
    bytes += file.bytes
    if (bin && bin.length < MAX_FILES && bytes <= OVERSIZE * target) bin.push(file)
    else {
      bins.push([file])
      bytes = file.bytes
    }
  }
  // The last bin of an open partition is still filling.
  if (!closed && (bins.at(-1)?.length ?? 0) < MAX_FILES) bins.pop()
  return bins.map(worthJoining).filter(bin => bin.length > 1)
}

/** What of a bin is joined: without the few files that are large against all the rest. */
function worthJoining(bin: readonly LiveFile[]): LiveFile[] {
  const sorted = [...bin].sort((a, b) => b.bytes - a.bytes)
  let rest = sumOf(sorted, file => file.bytes)
  let alone = 0
  while (alone < MAX_LEFT_ALONE && alone < sorted.length) {
    rest -= sorted[alone].bytes
    if (sorted[alone].bytes <= DOMINANCE * rest) break
    alone++
  }
  return sorted.slice(alone)
}
