/** Ranges of ids that are missing, in ascending order, none touching the next: what is left of them as trades come. Pure. */
import type { MissingIds } from '../domain/feed-ports.ts'

export interface Ids {
  readonly from: number
  readonly to: number
}

export interface Hole {
  from: number
  to: number
  readonly fromTime: bigint
  readonly toTime: bigint
  /** By the steady clock, milliseconds. */
  readonly since: number
  readonly cause: string
  /** It is part of a range that was reported. */
  reported: boolean
  /** The exchange's history has shown the trades around these ids and not these. */
  looked: boolean
}

/**
 * The holes without from..to; undefined where none of these ids was missing. `time`: the exchange's, of the trade that came,
 * microseconds since 1970; what is missing behind it is looked for from there.
 */
export function without(holes: Hole[], from: number, to: number, time?: bigint): Hole[] | undefined {
  const first = holes.findIndex(hole => hole.to >= from)
  if (first < 0 || holes[first].from > to) return undefined
  const left: Hole[] = []
  let end = first
  for (; end < holes.length && holes[end].from <= to; end++) {
    const hole = holes[end]
    if (hole.from < from) left.push({ ...hole, to: from - 1 })
    const isBetween = time !== undefined && time > hole.fromTime && time <= hole.toTime
    if (hole.to > to) left.push({ ...hole, from: to + 1, fromTime: isBetween ? time : hole.fromTime })
  }
  // In place: a long list changes at one end.
  holes.splice(first, end - first, ...left)
  return holes
}

/** The exchange's history shows all that it has of from..to: what is left, without the ids that it lacked before too. */
export function lookedAt(holes: readonly Hole[], from: number, to: number): { left: Hole[]; absent: Ids[] } {
  const absent: Ids[] = []
  const left: Hole[] = []
  for (const hole of holes) {
    const first = Math.max(hole.from, from)
    const last = Math.min(hole.to, to)
    if (first > last) {
      left.push(hole)
      continue
    }
    if (hole.from < first) left.push({ ...hole, to: first - 1 })
    if (hole.looked) absent.push({ from: first, to: last })
    else left.push({ ...hole, from: first, to: last, looked: true })
    if (hole.to > last) left.push({ ...hole, from: last + 1 })
  }
  return { left, absent }
}

/** As it is kept from one process to the next. */
export function savedOf({
  from,
  to,
  fromTime,
  toTime,
  cause,
}: Omit<Hole, 'since' | 'reported' | 'looked'>): MissingIds {
  return { from, to, fromTime: Number(fromTime), toTime: Number(toTime), cause }
}

/** What was kept. */
export function restoredOf({ from, to, fromTime, toTime, cause }: MissingIds) {
  return { from, to, fromTime: BigInt(fromTime), toTime: BigInt(toTime), cause }
}
