/**
 * How far Bronze has read a topic partition: an epoch (counted up when the topic is recreated), the next offset, and
 * the gaps below it. A gap is a range of offsets that were jumped over; a record inside it that comes later closes it.
 */
import { sumOf } from './counts.ts'
import { Corrupt } from './errors.ts'
import { partitionSort, statePartition } from './names.ts'
import type { Attributes, Key, StateStore, Write } from './ports.ts'

/** Offsets from..to, both included. */
export type OffsetRange = readonly [from: number, to: number]

export interface Checkpoint {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly nextOffset: number
  /** Ascending, none touching the next. */
  readonly gaps: readonly OffsetRange[]
  /**
   * The highest offset of any earlier epoch lies below this; undefined where the checkpoint was stored before this was kept. A
   * record below it may be one of an earlier epoch that comes again.
   */
  readonly earlierEnd: number | undefined
  /** Whether the state store has this checkpoint already. */
  readonly stored: boolean
}

/** More gaps than this are joined, nearest first. A joined gap also covers offsets that Bronze holds, so records inside a gap are looked up before they are taken. */
export const MAX_GAPS = 100

function checkpointKey(topic: string, partition: number): Key {
  return { table: 'state', partition: statePartition.checkpoint(topic), sort: partitionSort(partition) }
}

/** The checkpoint of a partition; one that was never read begins at offset 0 of epoch 0. */
export async function readCheckpoint(state: StateStore, topic: string, partition: number): Promise<Checkpoint> {
  const attributes = await state.get(checkpointKey(topic, partition))
  return attributes ? parse(topic, partition, attributes) : firstCheckpoint(topic, partition)
}

/** The checkpoint of a partition that was never read. */
export function firstCheckpoint(topic: string, partition: number): Checkpoint {
  return { topic, partition, epoch: 0, nextOffset: 0, gaps: [], earlierEnd: 0, stored: false }
}

/** All checkpoints of a topic, by partition. */
export async function listCheckpoints(state: StateStore, topic: string): Promise<Checkpoint[]> {
  const items = await state.query('state', statePartition.checkpoint(topic))
  return items.map(item => parse(topic, Number(item.key.sort), item.attributes))
}

function parse(topic: string, partition: number, attributes: Attributes): Checkpoint {
  const { epoch, next_offset: nextOffset, gaps, earlier_end: earlier } = attributes
  if (typeof epoch !== 'number' || typeof nextOffset !== 'number' || typeof gaps !== 'string')
    throw new Corrupt(`The checkpoint of ${topic}-${partition} lacks epoch, next_offset or gaps; run tradelake audit.`)
  const earlierEnd = epoch === 0 ? 0 : typeof earlier === 'number' ? earlier : undefined
  return { topic, partition, epoch, nextOffset, gaps: JSON.parse(gaps) as OffsetRange[], earlierEnd, stored: true }
}

function attributesOf({ epoch, nextOffset, gaps, earlierEnd }: Checkpoint): Attributes {
  return {
    epoch,
    next_offset: nextOffset,
    gaps: JSON.stringify(gaps),
    ...(epoch > 0 && earlierEnd !== undefined && { earlier_end: earlierEnd }),
  }
}

/** Whether a record at this offset may be in Bronze already: below the checkpoint, or in an earlier epoch. */
export function mayBeStored({ epoch, nextOffset, earlierEnd = Number.POSITIVE_INFINITY }: Checkpoint, offset: number) {
  return offset < nextOffset || (epoch > 0 && offset < earlierEnd)
}

/** The checkpoint at the beginning of the next epoch: the topic was recreated. */
export function nextEpoch(checkpoint: Checkpoint): Checkpoint {
  const { epoch, nextOffset, earlierEnd } = checkpoint
  const ends = epoch > 0 && earlierEnd === undefined ? undefined : Math.max(earlierEnd ?? 0, nextOffset)
  return { ...checkpoint, epoch: epoch + 1, nextOffset: 0, gaps: [], earlierEnd: ends }
}

/** The write that moves a checkpoint on; it fails unless the stored one is still the one that was read. */
export function advanceCheckpoint(read: Checkpoint, next: Checkpoint): Write {
  return {
    kind: 'put',
    item: { key: checkpointKey(next.topic, next.partition), attributes: attributesOf(next) },
    when: read.stored ? { is: 'matching', attributes: attributesOf(read) } : { is: 'absent' },
  }
}

/** Whether an offset lies in an open gap. */
export function inGap(gaps: readonly OffsetRange[], offset: number): boolean {
  return gaps.some(([from, to]) => offset >= from && offset <= to)
}

/** The checkpoint after taking a record at this offset, at or above nextOffset or inside a gap. */
export function takeOffset(checkpoint: Checkpoint, offset: number): Checkpoint {
  if (offset === checkpoint.nextOffset) return { ...checkpoint, nextOffset: offset + 1 }
  if (offset > checkpoint.nextOffset) {
    const gaps = joinGaps([...checkpoint.gaps, [checkpoint.nextOffset, offset - 1]])
    return { ...checkpoint, nextOffset: offset + 1, gaps }
  }
  const gaps = checkpoint.gaps.flatMap(([from, to]): OffsetRange[] => {
    if (offset < from || offset > to) return [[from, to]]
    const rest: OffsetRange[] = []
    if (from < offset) rest.push([from, offset - 1])
    if (offset < to) rest.push([offset + 1, to])
    return rest
  })
  return { ...checkpoint, gaps: joinGaps(gaps) }
}

/** At most MAX_GAPS gaps that cover these. */
export function joinGaps(gaps: OffsetRange[]): OffsetRange[] {
  while (gaps.length > MAX_GAPS) {
    let nearest = 1
    for (let i = 2; i < gaps.length; i++)
      if (gaps[i][0] - gaps[i - 1][1] < gaps[nearest][0] - gaps[nearest - 1][1]) nearest = i
    gaps.splice(nearest - 1, 2, [gaps[nearest - 1][0], gaps[nearest][1]])
  }
  return gaps
}

/** How many offsets the gaps hold. */
export function gapOffsets(gaps: readonly OffsetRange[]): number {
  return sumOf(gaps, ([from, to]) => to - from + 1)
}
