/**
 * Candles: the minutes whose Gold rows changed are folded again from current Gold, and every larger window from the
 * timeframe below it. All timeframes commit in one transaction, but that a change which starts the function makes the minutes
 * alone and leaves the longer windows, which cost five times as much, to the schedule: they are behind by a minute at most.
 * No snapshot is walked: late trades, rebuilds and compaction need no special case.
 */
import { type Candle, foldCandles, windowOf } from '../../domain/candles.ts'
import { addCounts, sumOf } from '../../domain/counts.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { type ChangedMinutes, FOLDED } from '../../domain/handover.ts'
import { goldLostTimes } from '../../domain/losses.ts'
import { consumers } from '../../domain/names.ts'
import { consumePending, listPendingOf, type PendingItem, producePending } from '../../domain/pending.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import { commit, type Plan, repeatUntil } from '../../domain/protocol.ts'
import { type Share, wholeShare } from '../../domain/shares.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { TIMEFRAMES, type Timeframe } from '../../domain/timeframes.ts'
import { createTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { droppedBefore } from '../../iceberg/dropped.ts'
import { candlesFromGold } from './from-gold.ts'
import { openSpans, replaceWindows, type Touched, withoutLosing, writeSpans } from './spans.ts'

/** Each item takes a write, each timeframe's pointer another, and the minutes left over one or two more. */
const ITEMS_PER_COMMIT = 80
/** Bounds the memory of a commit: minutes of at most this many hours. */
const HOURS_PER_COMMIT = 48

export interface CandleResult {
  readonly commits: number
  readonly minutes: number
  /** Candles made, corrected or removed, over the timeframes that were folded. */
  readonly changed: number
  /** Candles more than before (or fewer), by exchange code. */
  readonly newByExchange: Readonly<Record<string, number>>
}

/** What a run gives that had nothing to do. */
export const NOTHING_FOLDED: CandleResult = { commits: 0, minutes: 0, changed: 0, newByExchange: {} }

/** What two runs did together. */
export function addCandles(a: CandleResult, b: CandleResult): CandleResult {
  return {
    commits: a.commits + b.commits,
    minutes: a.minutes + b.minutes,
    changed: a.changed + b.changed,
    newByExchange: addCounts(a.newByExchange, b.newByExchange),
  }
}

type Step = Omit<CandleResult, 'commits'>

/** Which candles a run makes: those of a minute, or of every timeframe. */
export type Frames = keyof typeof FRAMES

export const FRAMES = { minutes: TIMEFRAMES.slice(0, 1), all: TIMEFRAMES } as const

/**
 * Commits what is pending of a share, oldest first, until nothing is pending or the deadline (by the steady clock) has passed.
 */
export async function foldPending(
  ports: Ports,
  deadline: number,
  frames: Frames = 'all',
  share = wholeShare(EXCHANGES),
): Promise<CandleResult> {
  const steps = await repeatUntil(ports, deadline, () => commit(ports, () => plan(ports, frames, share)))
  return {
    commits: steps.length,
    minutes: sumOf(steps, step => step.minutes),
    changed: sumOf(steps, step => step.changed),
    newByExchange: steps.reduce((sum, step) => addCounts(sum, step.newByExchange), {}),
  }
}

async function plan(ports: Ports, frames: Frames, share: Share): Promise<Plan<Step | undefined>> {
  const oldest = await listPendingOf<ChangedMinutes>(ports, share.candleLists, ITEMS_PER_COMMIT)
  const items = frames === 'all' ? oldest : oldest.filter(item => !isFolded(item))
  if (items.length === 0) return { writes: [], result: undefined }
  const started = ports.clock.now()
  const { now, later } = bounded(items.flatMap(item => item.payload.minutes))
  const { writes: pointers, ...counts } = await recompute(ports, share, FRAMES[frames], now, BigInt(started) * 1000n)
  const writes: Write[] = [...items.map(consumePending), ...pointers]
  // What is left over stays what it was: as new it would start the minutes again, which are made.
  const unmade = new Set(items.filter(item => !isFolded(item)).flatMap(item => item.payload.minutes))
  const rest: ChangedMinutes = { minutes: later.filter(minute => unmade.has(minute)) }
  if (rest.minutes.length > 0) writes.push(await producePending(ports, share.candleList, rest))
  const folded: ChangedMinutes = {
    minutes: frames === 'minutes' ? now : later.filter(minute => !unmade.has(minute)),
  }
  if (folded.minutes.length > 0)
    writes.push(await producePending(ports, consumers.candles(), folded, FOLDED + ports.ids.uuid()))
  return { writes, result: { minutes: now.length, ...counts }, oldestFile: started }
}

const isFolded = ({ id }: PendingItem<ChangedMinutes>) => id.startsWith(FOLDED)

/** The oldest hours' minutes, and those that must wait for the next commit. */
function bounded(minutes: readonly number[]): { now: number[]; later: number[] } {
  const sorted = [...new Set(minutes)].sort((a, b) => a - b)
  const hours = [...new Set(sorted.map(minute => Math.floor(minute / 60)))]
  const limit = hours[HOURS_PER_COMMIT] === undefined ? Number.POSITIVE_INFINITY : hours[HOURS_PER_COMMIT] * 60
  return { now: sorted.filter(minute => minute < limit), later: sorted.filter(minute => minute >= limit) }
}

/** The timeframe below: its candles, and from which time on it has all of them (microseconds since 1970). */
interface Below {
  readonly candles: Iterable<Candle>
  readonly keptFrom: bigint
}

/** Folds the minutes again, then each larger timeframe from the rows of the one below, which are all at hand. */
async function recompute(
  ports: Ports,
  share: Share,
  timeframes: readonly Timeframe[],
  minutes: readonly number[],
  nowMicros: bigint,
): Promise<{ writes: Write[] } & Omit<Step, 'minutes'>> {
  const gold = await createTable(ports, GOLD_TABLE)
  const lost = await goldLostTimes(ports.state)
  const starts = minutes.map(minute => BigInt(minute) * MINUTE_MICROS)
  const writes: Promise<Write>[] = []
  let total = 0
  let newByExchange: Record<string, number> = {}
  let below: Below | undefined
  const spans = timeframes.map(timeframe => {
    const windows = new Set(starts.map(start => windowOf(start, timeframe.length)))
    return { timeframe, windows, open: openSpans(ports, timeframe, windows) }
  })
  // All are read at the same time; the loop meets a failure when it comes to that timeframe.
  await Promise.allSettled(spans.map(span => span.open))
  for (const { timeframe, windows, open: opening } of spans) {
    const open = await opening
    const fresh = await freshCandles(ports, share, gold, timeframe, windows, below)
    const isTouched: Touched = ({ windowStart, exchange }) => windows.has(windowStart) && share.has(exchange)
    const kept = withoutLosing(open, isTouched, fresh, lost)
    const { candles, changed, newByExchange: added } = replaceWindows(open, isTouched, kept, nowMicros)
    if (changed > 0) {
      const write = writeSpans(ports, timeframe, open, candles)
      // A failure is reported where all writes are awaited; until then it must not end the process as unhandled.
      write.catch(() => {})
      writes.push(write)
    }
    total += changed
    newByExchange = addCounts(newByExchange, added)
    below = { candles: candles.values(), keptFrom: droppedBefore(open.table.metadata) }
  }
  return { writes: await Promise.all(writes), changed: total, newByExchange }
}

/** Windows of which the timeframe below may have dropped a part are folded from Gold itself, which is kept for ever. */
async function freshCandles(
  ports: Ports,
  share: Share,
  gold: LoadedTable,
  timeframe: Timeframe,
  windows: ReadonlySet<bigint>,
  below: Below | undefined,
): Promise<Candle[]> {
  if (below === undefined) return candlesFromGold(ports, gold, windows, timeframe.length, share)
  const old = new Set([...windows].filter(window => window < below.keptFrom))
  const groups = new Map<string, Candle[]>()
  for (const candle of below.candles) {
    const window = windowOf(candle.windowStart, timeframe.length)
    if (!windows.has(window) || old.has(window) || !share.has(candle.exchange)) continue
    const key = `${window}|${candle.exchange}|${candle.symbol}`
    const group = groups.get(key)
    if (group) group.push(candle)
    else groups.set(key, [candle])
  }
  const folded = [...groups.values()].map(parts =>
    foldCandles(parts, windowOf(parts[0].windowStart, timeframe.length), timeframe.length),
  )
  return old.size === 0 ? folded : [...folded, ...(await candlesFromGold(ports, gold, old, timeframe.length, share))]
}
