/**
 * Which trade ids of each symbol have not come: exchanges number a symbol's trades one by one, so a skipped number is a
 * trade that was missed. Pure; one tracker for a feed.
 */
import type { MissingIds } from '../domain/feed-ports.ts'
import { MINUTE_MICROS } from '../domain/time.ts'
import { type Hole, type Ids, lookedAt, restoredOf, savedOf, without } from './holes.ts'

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

type SymbolIds = Pick<MissingRange, 'symbol' | 'from' | 'to'>

/** What a log says about a range. */
export const rangeFields = ({ symbol, from, to, cause }: MissingRange) => ({ symbol, from, to, cause })

/** Now, by both clocks: milliseconds. */
export interface Moment {
  now(): number
  steady(): number
}

export interface Tracker {
  /**
   * Goes on from what an earlier process had: ids up to this one are settled, but for those that are missing; `open` are the
   * ranges that it had reported. `time`: the exchange's, of its newest trade, microseconds since 1970. Gives these ranges.
   */
  resume(
    symbol: string,
    id: number,
    time: bigint,
    now: Pick<Moment, 'now'>,
    cause: string,
    missing?: readonly MissingIds[],
    open?: readonly MissingIds[],
  ): MissingRange[]
  /** Why ids may be missing from now on: the cause of the missing ids found until each symbol has had a trade. */
  interrupted(cause: string): void
  /** A trade has come. `time`: the exchange's, microseconds since 1970. */
  note(symbol: string, id: number, time: bigint, now: Moment): 'new' | 'repeat'
  /** The exchange says that its last trade of a symbol has this id; a symbol that is new here begins there. */
  reached(symbol: string, id: number, now: Moment): void
  /** What has been missing for the grace period or longer, each range once. `now`: by the steady clock. */
  overdue(now: number): MissingRange[]
  /** What is still missing of a range of ids; `after`: exchange's time of a trade before it, microseconds since 1970. */
  missing(range: SymbolIds): { from: number; to: number; after: bigint }[]
  /**
   * The exchange's history shows all trades that it has of a range. Gives those of the missing ids that an earlier call
   * has found not to be there: no longer are they waited for.
   */
  looked(range: SymbolIds): Ids[]
  /** These ids are not waited for any longer. */
  giveUp(range: SymbolIds): void
  /** What was missing under numbers that the exchange has begun anew: nobody can ask for it any more. Each once. */
  abandoned(): MissingRange[]
  /** The end of a range that overdue or resume gave has been reported. */
  ended(range: MissingRange): void
  /**
   * For each symbol the id up to which all ids have come, were given up, or are in its list of missing ones; the exchange's time of
   * its newest trade (0 where it is not known); and the ranges whose end is not reported.
   */
  settled(): { symbol: string; id: number; time: number; missing: MissingIds[]; open: MissingIds[] }[]
  /** The highest id of a symbol that has come, or is known from an earlier process; undefined where none is. */
  highest(symbol: string): number | undefined
  /** Ids that are missing now. */
  readonly missingIds: number
}

/** Trades overtake each other by less than this: nothing is asked for earlier. */
const GRACE_MS = 3_000
/**
 * An id below what is settled, of a trade this much newer than any before: the exchange has restarted its numbers.
 * Microseconds.
 */
const RENUMBERED_MICROS = MINUTE_MICROS

/** Ranges of a symbol that are saved; those behind them are found missing again by the next process. */
const MAX_SAVED = 200

interface Line {
  highest: number
  /** The exchange's, of the newest trade that can be believed. */
  time: bigint
  /** Likewise of one that was ahead of this machine's clock, which may be wrong: it counts once the clock has come so far. */
  doubtful: bigint
  /** Ascending, none touching the next. */
  holes: Hole[]
  /** Ranges that were reported, and whose end was not. */
  readonly open: MissingRange[]
  /** Cause of the next hole, where something is known to have happened. */
  cause: string | undefined
}

/** A time that is far ahead is a mistake: it must not be used for the trades around it. */
function isBelievable(time: bigint, now: Pick<Moment, 'now'>): boolean {
  return time <= BigInt(now.now()) * 1000n + RENUMBERED_MICROS
}

const maxOf = (a: bigint, b: bigint) => (a > b ? a : b)

export const SKIPPED = 'skipped in the stream'

export function createTracker(): Tracker {
  const lines = new Map<string, Line>()
  let abandoned: MissingRange[] = []

  /** A symbol's line begins, or begins again. */
  function begin(symbol: string, highest: number, time: bigint): void {
    const before = lines.get(symbol)
    for (const { from, to, fromTime, toTime, cause } of before?.holes ?? [])
      abandoned.push({ symbol, from, to, fromTime, toTime, cause })
    lines.set(symbol, { highest, time, doubtful: 0n, holes: [], open: before?.open ?? [], cause: undefined })
  }

  /** The newest time that can be believed by now. */
  function newest(line: Line, now: Moment): bigint {
    if (isBelievable(line.doubtful, now)) line.time = maxOf(line.time, line.doubtful)
    return line.time
  }

  /** Takes note of a trade's time, also of one behind what is missing: its repeat is no new number. */
  function reach(line: Line, time: bigint, now: Moment): void {
    if (isBelievable(time, now)) line.time = maxOf(line.time, time)
    else line.doubtful = maxOf(line.doubtful, time)
  }

  function open(line: Line, to: number, time: bigint, now: Moment): void {
    const { highest, cause = SKIPPED } = line
    // The exchange's clock may be ahead.
    const latest = BigInt(now.now()) * 1000n
    const fromTime = line.time < latest ? line.time : latest
    const ids = { from: highest + 1, to, fromTime, toTime: time }
    line.holes.push({ ...ids, since: now.steady(), cause, reported: false, looked: false })
  }

  /** Takes from..to out of the line's holes; whether any id of them was missing. */
  function fill(line: Line, from: number, to: number, time?: bigint): boolean {
    const left = without(line.holes, from, to, time)
    if (left) line.holes = left
    return left !== undefined
  }

  return {
    resume(symbol, id, time, now, cause, missing = [], open = []) {
      const reported = open.map(ids => ({ symbol, ...restoredOf(ids) }))
      const holes = missing.map((ids): Hole => {
        const isIn = (range: Ids) => range.from <= ids.from && range.to >= ids.to
        return { ...restoredOf(ids), since: Number.NEGATIVE_INFINITY, reported: open.some(isIn), looked: false }
      })
      const isSure = isBelievable(time, now)
      const times = isSure ? { time, doubtful: 0n } : { time: BigInt(now.now()) * 1000n, doubtful: time }
      lines.set(symbol, { highest: id, ...times, holes, cause, open: [...reported] })
      return reported
    },
    interrupted(cause) {
      for (const line of lines.values()) line.cause ??= cause
    },
    note(symbol, id, time, now) {
      const line = lines.get(symbol)
      if (!line) {
        begin(symbol, id, time)
        return 'new'
      }
      const before = newest(line, now)
      if (id > line.highest + 1) open(line, id - 1, time, now)
      reach(line, time, now)
      if (id > line.highest) {
        line.highest = id
        line.cause = undefined
        return 'new'
      }
      if (fill(line, id, id, isBelievable(time, now) ? time : undefined)) return 'new'
      if (time <= before + RENUMBERED_MICROS || !isBelievable(time, now)) return 'repeat'
      begin(symbol, id, time)
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
      for (const [symbol, { holes, open }] of lines) {
        for (const hole of holes) {
          if (hole.reported || now - hole.since < GRACE_MS) continue
          const { from, to, fromTime, toTime, cause } = hole
          hole.reported = true
          const range = { symbol, from, to, fromTime, toTime, cause }
          open.push(range)
          found.push(range)
        }
      }
      return found
    },
    missing({ symbol, from, to }) {
      const holes = lines.get(symbol)?.holes ?? []
      return holes
        .filter(hole => hole.to >= from && hole.from <= to)
        .map(hole => ({ from: Math.max(hole.from, from), to: Math.min(hole.to, to), after: hole.fromTime }))
    },
    looked({ symbol, from, to }) {
      const line = lines.get(symbol)
      if (!line) return []
      const { left, absent } = lookedAt(line.holes, from, to)
      line.holes = left
      return absent
    },
    giveUp({ symbol, from, to }) {
      const line = lines.get(symbol)
      if (line) fill(line, from, to)
    },
    abandoned() {
      const given = abandoned
      abandoned = []
      return given
    },
    ended(range) {
      const open = lines.get(range.symbol)?.open ?? []
      const at = open.indexOf(range)
      if (at >= 0) open.splice(at, 1)
    },
    settled: () =>
      [...lines].map(([symbol, { highest, time, doubtful, holes, open }]) => ({
        symbol,
        time: Number(maxOf(time, doubtful)),
        id: holes.length > MAX_SAVED ? holes[MAX_SAVED].from - 1 : highest,
        missing: holes.slice(0, MAX_SAVED).map(savedOf),
        open: open.slice(0, MAX_SAVED).map(savedOf),
      })),
    highest: symbol => lines.get(symbol)?.highest,
    get missingIds() {
      let ids = 0
      for (const { holes } of lines.values()) for (const hole of holes) ids += hole.to - hole.from + 1
      return ids
    },
  }
}
