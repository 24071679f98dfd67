/**
 * How long work gets on, on standard error, so that standard output has the result alone: a bar on a terminal, JSON lines with --json,
 * a plain line now and then elsewhere, nothing with --quiet.
 */
import { systemTimers } from '../../adapters/system.ts'
import type { Timers } from '../../domain/feed-ports.ts'
import { type Progress, UNTOLD } from '../../domain/progress.ts'
import { bytesText, count, grouped } from '../../figures/pipeline.ts'
import { lengthText } from '../../figures/times.ts'
import type { Option } from '../command.ts'
import { cut, type Look, lookOf, widthOf } from './text.ts'

export const QUIET_OPTION = { type: 'boolean', help: 'say nothing of how it gets on' } as const satisfies Option

/** A part of the work, at some moment. */
export interface Part {
  readonly part: string
  readonly unit: string
  readonly done: number
  readonly total: number | undefined
  /** So many a second, of the last seconds; undefined where too little time has passed. */
  readonly perSecond: number | undefined
  /** Since it began, milliseconds. */
  readonly elapsedMs: number
}

export interface Told extends Progress {
  /** Takes the bar away, before something else is printed: it comes again with the next step. */
  clear(): void
}

const BAR = 24

/** Milliseconds that are left, at the speed of the last seconds; undefined where that cannot be told. */
export function leftMs({ done, total, perSecond }: Part): number | undefined {
  if (total === undefined || perSecond === undefined || perSecond <= 0) return undefined
  return (Math.max(0, total - done) / perSecond) * 1000
}

/** `Gold of binance  ████████░░░░  33 %  1 of 3 days  0.5/s  4 s left`; what does not fit is left out from the end. Pure. */
export function barLine(part: Part, width: number, look: Look): string {
  const pieces = piecesOf(part)
  const { total, done } = part
  if (total !== undefined && total > 0) {
    const share = Math.min(1, done / total)
    const [full, empty] = look.unicode ? ['█', '░'] : ['#', '-']
    const filled = Math.floor(share * BAR)
    pieces.splice(
      1,
      0,
      full.repeat(filled) + empty.repeat(BAR - filled),
      `${String(Math.floor(share * 100)).padStart(3)} %`,
    )
  }
  while (pieces.length > 1 && widthOf(pieces.join('  ')) > width) pieces.pop()
  return cut(pieces.join('  '), width, look)
}

/** Likewise for a log. Pure. */
export function plainLine(part: Part): string {
  const [name, ...more] = piecesOf(part)
  return `${name}: ${more.join(', ')}`
}

function piecesOf(part: Part): string[] {
  const { unit, done, total, perSecond, elapsedMs } = part
  const left = leftMs(part)
  const amount = (number: number) => (unit === 'byte' ? bytesText(number) : grouped(number))
  const counted = unit === 'byte' ? amount : (number: number) => count(number, unit)
  const isCounted = total !== undefined || done > 0
  return [
    part.part,
    isCounted ? (total === undefined ? counted(done) : `${amount(done)} of ${counted(total)}`) : '',
    isCounted && perSecond !== undefined && perSecond > 0
      ? `${unit === 'byte' ? bytesText(Math.round(perSecond)) : perSecond < 10 ? perSecond.toFixed(1) : grouped(Math.round(perSecond))}/s`
      : '',
    left === undefined
      ? `for ${lengthText(Math.floor(elapsedMs / 1000) * 1000).replace(/\.0/, '')}`
      : `${lengthText(Math.ceil(left / 1000) * 1000).replace(/\.0/, '')} left`,
  ].filter(Boolean)
}

const jsonLine = (part: Part, time: number): string => {
  const { part: name, unit, done, total } = part
  const perSecond = total === undefined && done === 0 ? undefined : part.perSecond
  const left = leftMs(part)
  const rounded = (number: number | undefined) => (number === undefined ? null : Number(number.toFixed(1)))
  return JSON.stringify({
    ...{ time: new Date(time).toISOString(), part: name, unit, done, total: total ?? null },
    ...{ per_second: rounded(perSecond), seconds_left: rounded(left === undefined ? undefined : left / 1000) },
  })
}

/** Speed is that of the last so many milliseconds. */
const SPEED_MS = 10_000
const LEAST_MS = 500

interface Style {
  /** So long after the begin it is first told: short work says nothing. */
  readonly firstMs: number
  /** How often it is told at most, milliseconds. */
  readonly everyMs: number
  /** Whether the end of a part is told too. */
  readonly tellsEnds: boolean
  tell(part: Part, time: number): void
  clear(): void
}

/** Keeps count, and tells it by a style. `close` ends it. */
export function keepCount(
  timers: Timers,
  { firstMs, everyMs, tellsEnds, tell, clear }: Style,
): Told & { close(): void } {
  let current: Omit<Part, 'perSecond' | 'elapsedMs'> | undefined
  let began = 0
  let samples: { readonly at: number; readonly done: number }[] = []
  let told = timers.steady() + firstMs - everyMs
  let cancel = () => {}

  function part(): Part | undefined {
    if (!current) return undefined
    const now = timers.steady()
    const since = samples[0]
    const passed = now - since.at
    return {
      ...current,
      perSecond: passed < LEAST_MS ? undefined : ((current.done - since.done) / passed) * 1000,
      elapsedMs: now - began,
    }
  }

  function look(isEnd = false): void {
    const now = timers.steady()
    cancel()
    const found = part()
    if (!found) return
    if (isEnd ? tellsEnds && found.elapsedMs >= LEAST_MS : now - told >= everyMs) {
      told = now
      tell(found, timers.now())
    }
    if (!isEnd) cancel = timers.after(Math.max(1, told + everyMs - now), () => look())
  }

  function moved(done: number, total: number | undefined): void {
    if (!current) return
    current = { ...current, done, total }
    const now = timers.steady()
    if (now - (samples.at(-1)?.at ?? 0) >= everyMs / 2) samples.push({ at: now, done })
    while (samples.length > 2 && samples[1].at <= now - SPEED_MS) samples.shift()
    look()
  }

  return {
    begin(name, unit, total) {
      look(true)
      current = { part: name, unit, done: 0, total }
      began = timers.steady()
      samples = [{ at: began, done: 0 }]
      look()
    },
    add: number => moved((current?.done ?? 0) + number, current?.total),
    at: moved,
    clear() {
      clear()
      // The next step shows it again.
      told = Number.NEGATIVE_INFINITY
    },
    close() {
      look(true)
      cancel()
      current = undefined
      clear()
    },
  }
}

const [BAR_MS, JSON_MS, LINE_MS] = [100, 1_000, 10_000]

/** Does the work, and tells how it gets on until it has ended. */
export async function withProgress<T>(
  { json, quiet }: { readonly json?: boolean; readonly quiet?: boolean },
  work: (told: Told) => Promise<T>,
): Promise<T> {
  if (quiet) return work({ ...UNTOLD, clear() {} })
  const told = keepCount(systemTimers(), styleOf(json === true))
  try {
    return await work(told)
  } finally {
    told.close()
  }
}

function styleOf(json: boolean): Style {
  const { stderr } = process
  const noClear = { clear() {}, tellsEnds: true }
  if (json)
    return {
      ...noClear,
      firstMs: JSON_MS,
      everyMs: JSON_MS,
      tell: (part, time) => stderr.write(`${jsonLine(part, time)}\n`),
    }
  if (!stderr.isTTY || process.env.TERM === 'dumb')
    return {
      ...noClear,
      tellsEnds: false,
      firstMs: LINE_MS,
      everyMs: LINE_MS,
      tell: part => stderr.write(`${plainLine(part)}\n`),
    }
  const look = lookOf(process.env, 1, process.platform)
  return {
    ...{ firstMs: 2 * BAR_MS, everyMs: BAR_MS, tellsEnds: false },
    tell: part => stderr.write(`\r${barLine(part, Math.max(1, (stderr.columns || 80) - 1), look)}\x1b[K`),
    clear: () => stderr.write('\r\x1b[K'),
  }
}
