/** How large the disks of a provisioned cluster's brokers are: for the records of the days that topics keep, each as often as there are copies. */
import { DAY_MS, HOUR_MS } from '../domain/time.ts'
import { TOPIC_RETENTION_DAYS } from '../domain/topics.ts'
import { BYTES } from './cost/figures.ts'

/** MSK's own advice is to grow disks at 50 to 60 % (MSK developer guide, "Auto-scaling policy details"); this is less for a start. */
const FILLED = 0.5
/** Records compress as well as those that were measured, or less well: of other markets, or from producers that do not compress. */
const MARGIN = 1.5
/** The share of a disk that makes it grow: by a tenth and at least 10 GiB, at most every six hours (the same page). */
export const GROWS_AT_PERCENT = 55
/** So long is a segment at most: with it the oldest records stay longer than the days that topics keep, and yet let no disk grow. */
export const ROLL_MS = 6 * HOUR_MS
/** The largest disk of a broker (the same page), GiB. */
const LARGEST_GIB = 16_384
const LEAST_GIB = 20
/** A disk may grow to this many times what the rate asks for. */
const GROWTH = 10

export interface Disks {
  /** GiB, in the beginning and at most. */
  readonly gib: number
  readonly mostGib: number
  /** False where the largest disks that MSK has are too small for the rate. */
  readonly suffice: boolean
}

/** `rate`: trades a second of all exchanges together. */
export function brokerDisks(rate: number, brokers: number, copies: number): Disks {
  const bytes = (rate * BYTES.record * MARGIN * TOPIC_RETENTION_DAYS * DAY_MS * copies) / 1000 / brokers
  const wanted = Math.max(LEAST_GIB, Math.ceil(bytes / FILLED / 2 ** 30))
  const gib = Math.min(LARGEST_GIB, wanted)
  return { gib, mostGib: Math.min(LARGEST_GIB, GROWTH * gib), suffice: wanted <= LARGEST_GIB }
}
