/** What is said of numbers whose trades are not here: by feeds in their reports, and by the records that were refused. Pure. */
import { firstWhere } from '../../domain/order.ts'
import type { Report } from '../../tables/feed-gaps.ts'

/** What feeds say of numbers: fetched later, not there at the exchange, given up, not to be read, and looked for still. */
export const REPORTED = ['filled', 'absent', 'lost', 'unreadable', 'open'] as const
export type Reported = (typeof REPORTED)[number]

/** The first of these counts of a number that several reports name: what stands says more than what was settled. */
export const RANK: readonly Reported[] = ['open', 'lost', 'unreadable', 'absent', 'filled']

/** Why a number is not here. A feed says more than the record that was refused, but for numbers that it says were fetched. */
export const REASONS = ['open', 'lost', 'unreadable', 'absent', 'refused'] as const
export type Reason = (typeof REASONS)[number]

/** Numbers, both of which belong to it, for which there is one reason, should their trades not be here. */
export interface SaidRange {
  readonly first: number
  readonly last: number
  readonly reason: Reason
}

/** Ranges in ascending order, none within another: each number has one reason at most. All is of one market; `refused` ascends. */
export function saidRanges(
  reports: readonly Pick<Report, 'status' | 'fromId' | 'toId'>[],
  refused: ArrayLike<number> = [],
): readonly SaidRange[] {
  const steps: { readonly at: number; readonly by: 1 | -1; readonly reason: Reason }[] = []
  const add = (reason: Reason, first: number, last: number) =>
    steps.push({ at: first, by: 1, reason }, { at: last + 1, by: -1, reason })
  for (const { status, fromId, toId } of reports) {
    const reason = REASONS.find(each => each === status)
    if (reason && fromId !== null && toId !== null && fromId <= toId) add(reason, fromId, toId)
  }
  for (let place = 0; place < refused.length; place++) add('refused', refused[place], refused[place])
  steps.sort((a, b) => a.at - b.at)
  const open = new Map<Reason, number>()
  const ranges: SaidRange[] = []
  steps.forEach(({ at, by, reason }, place) => {
    open.set(reason, (open.get(reason) ?? 0) + by)
    const next = steps[place + 1]?.at ?? at
    const said = next > at ? REASONS.find(each => (open.get(each) ?? 0) > 0) : undefined
    if (said) ranges.push({ first: at, last: next - 1, reason: said })
  })
  return ranges
}

/** Whether a number lies in one of the ranges. */
export function isSaid(ranges: readonly SaidRange[], number: number): boolean {
  const place = firstWhere(ranges.length, each => ranges[each].last >= number)
  return place < ranges.length && ranges[place].first <= number
}

/** How many numbers of each reason lie between two, both of which belong to it, and are not among those that are here, which ascend. */
export function countReasons(
  ranges: readonly SaidRange[],
  here: ArrayLike<number>,
  [from, to]: readonly [number, number],
): Record<Reason, number> {
  const counts: Record<Reason, number> = { open: 0, lost: 0, unreadable: 0, absent: 0, refused: 0 }
  let place = firstWhere(ranges.length, each => ranges[each].last >= from)
  for (; place < ranges.length && ranges[place].first <= to; place++) {
    const { first, last, reason } = ranges[place]
    const [begin, end] = [Math.max(first, from), Math.min(last, to)]
    counts[reason] += end - begin + 1 - countWithin(here, begin, end)
  }
  return counts
}

/** How many of ascending numbers lie between two, both of which belong to it. */
function countWithin(numbers: ArrayLike<number>, first: number, last: number): number {
  const before = firstWhere(numbers.length, place => numbers[place] >= first)
  return firstWhere(numbers.length, place => numbers[place] > last) - before
}
