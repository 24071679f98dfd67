/**
 * Which trade ids of each symbol have not come: exchanges number a symbol's trades one by one, so a number that is passed
 * over is a trade that was missed. Pure; one tracker for a feed.
 */
import { MINUTE_MICROS } from '../domain/time.ts'

/** Ids from..to, both included, that did not come when ids above them did. */
export interface MissingRange {
  readonly symbol: string
  readonly from: number
  readonly to: number
  /** Exchange's times of the trades around it, microseconds since 1970. */
  readonly fromTime: bigint
  readonly toTime: bigint
  readonly cause: string
}

/** What a log says of a range. */
export function rangeFields({ symbol, from, to, cause }: MissingRange) {
  return { symbol, from, to, cause }
}

export interface Tracker {
  /** Goes on from what an earlier process had: ids up to this one are settled. `time`: microseconds since 1970. */
  resume(symbol: string, id: number, time: bigint, cause: string): void
  /** Why ids may be missing from now on: told with those that are found so, until each symbol has had a trade. */
  interrupted(cause: string): void
  /** A trade has come. `time`: the exchange's, microseconds since 1970; `now`: milliseconds since 1970. */
  note(symbol: string, id: number, time: bigint, now: number): 'new' | 'repeat'
  /** The exchange says that its last trade of a symbol has this id; for a symbol not met before, that is where it begins. */
  reached(symbol: string, id: number, now: number): void
  /** What has been missing for the grace or longer, each range once. */
  overdue(now: number): MissingRange[]
  /** What is missing still of a range of ids. */
  missing(range: Pick<MissingRange, 'symbol' | 'from' | 'to'>): { from: number; to: number }[]
  /** These ids are not waited for any longer. */
  giveUp(range: Pick<MissingRange, 'symbol' | 'from' | 'to'>): void
  /** For each symbol the id up to which all ids have come or were given up. */
  settled(): { symbol: string; id: number }[]
  /** Whether an id of a symbol has come, or is known from an earlier process. */
  knows(symbol: string): boolean
  /** Ids that are missing now. */
  readonly missingIds: number
}

/** Trades overtake each other by less: nothing is asked for before. */
const GRACE_MS = 3_000
/** An id below what is settled, of a trade this much newer than any before: the exchange numbers anew. Microseconds. */
const RENUMBERED_MICROS = MINUTE_MICROS

interface Hole {
  from: number
  to: number
  readonly fromTime: bigint
  readonly toTime: bigint
  readonly since: number
  readonly cause: string
  told: boolean
}

interface Line {
  highest: number
  time: bigint
  /** Ascending, apart from each other. */
  holes: Hole[]
  /** Cause of the next hole, where something is known to have happened. */
  cause: string | undefined
}

/** A time that is far ahead is a mistake: it must not stand for those of the trades around it. */
function isBelievable(time: bigint, now: number): boolean {
  return time <= BigInt(now) * 1000n + RENUMBERED_MICROS
}

export const SKIPPED = 'skipped in the stream'

export function createTracker(): Tracker {
  const lines = new Map<string, Line>()

  /** A symbol's line begins, or begins anew. */
  function begin(symbol: string, highest: number, time: bigint, cause?: string): void {
    lines.set(symbol, { highest, time, holes: [], cause })
  }

  function open(line: Line, to: number, time: bigint, now: number): void {
    const { highest, cause = SKIPPED } = line
    // The exchange's clock may be ahead.
    const fromTime = line.time < BigInt(now) * 1000n ? line.time : BigInt(now) * 1000n
    line.holes.push({ from: highest + 1, to, fromTime, toTime: time, since: now, cause, told: false })
  }

  /** Takes from..to out of the line's holes; whether any id of them was missing. */
  function fill(line: Line, from: number, to: number): boolean {
    const first = line.holes.findIndex(hole => hole.to >= from)
    if (first < 0 || line.holes[first].from > to) return false
    const left: Hole[] = []
    let end = first
    for (; end < line.holes.length && line.holes[end].from <= to; end++) {
      const hole = line.holes[end]
      if (hole.from < from) left.push({ ...hole, to: from - 1 })
      if (hole.to > to) left.push({ ...hole, from: to + 1 })
    }
    line.holes.splice(first, end - first, ...left)
    return true
  }

  return {
    resume: begin,
    interrupted(cause) {
      for (const line of lines.values()) line.cause ??= cause
    },
    note(symbol, id, time, now) {
      const line = lines.get(symbol)
      if (!line) {
        begin(symbol, id, time)
        return 'new'
      }
      if (id === line.highest + 1) {
        // The common case: nothing is missing.
      } else if (id > line.highest) {
        open(line, id - 1, time, now)
      } else if (fill(line, id, id)) {
        return 'new'
      } else if (time > line.time + RENUMBERED_MICROS && isBelievable(time, now)) {
        begin(symbol, id, time)
        return 'new'
      } else {
        return 'repeat'
      }
      line.highest = id
      if (time > line.time && isBelievable(time, now)) line.time = time
      line.cause = undefined
      return 'new'
    },
    reached(symbol, id, now) {
      const line = lines.get(symbol)
      if (!line) return begin(symbol, id, 0n)
      if (id <= line.highest) return
      open(line, id, line.time, now)
      line.highest = id
      line.cause = undefined
    },
    overdue(now) {
      const found: MissingRange[] = []
      for (const [symbol, { holes }] of lines) {
        for (const hole of holes) {
          if (hole.told || now - hole.since < GRACE_MS) continue
          hole.told = true
          const { from, to, fromTime, toTime, cause } = hole
          found.push({ symbol, from, to, fromTime, toTime, cause })
        }
      }
      return found
    },
    missing({ symbol, from, to }) {
      const holes = lines.get(symbol)?.holes ?? []
      return holes
        .filter(hole => hole.to >= from && hole.from <= to)
        .map(hole => ({ from: Math.max(hole.from, from), to: Math.min(hole.to, to) }))
    },
    giveUp({ symbol, from, to }) {
      const line = lines.get(symbol)
      if (line) fill(line, from, to)
    },
    settled: () =>
      [...lines].map(([symbol, { highest, holes }]) => ({
        symbol,
        id: holes.length > 0 ? holes[0].from - 1 : highest,
      })),
    knows: symbol => lines.has(symbol),
    get missingIds() {
      let ids = 0
      for (const { holes } of lines.values()) for (const hole of holes) ids += hole.to - hole.from + 1
      return ids
    },
  }
}
