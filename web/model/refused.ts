/** Records that were refused: by what was wrong and when, and their bytes as a person reads them. */

import { sinceText } from '../../figures/faults.ts'
import type { DeadLetterCount, DeadLetterRow } from '../../figures/operator-rows.ts'
import { RANGES, type Timeframe } from '../../figures/times.ts'

/** How a range is cut, so that its parts can be told apart: the part's name in the API, and its length in milliseconds. */
const BUCKETS: Readonly<Record<string, Timeframe>> = {
  '1h': { name: '1m', ms: 60_000 },
  '6h': { name: '10m', ms: 600_000 },
  '1d': { name: '1h', ms: 3_600_000 },
  '1w': { name: '6h', ms: 21_600_000 },
  '1M': { name: '1d', ms: 86_400_000 },
  '1y': { name: '7d', ms: 604_800_000 },
}

/** The last so much, or, where `sinceMs` (milliseconds since 1970) says so, all from then on. */
export interface RefusedRange extends Timeframe {
  readonly bucket: Timeframe
  readonly sinceMs: number | undefined
}

export function refusedRange(name: string): RefusedRange {
  const range = RANGES.find(each => each.name === name) ?? RANGES[0]
  return { ...range, bucket: BUCKETS[range.name], sinceMs: undefined }
}

/** All from a time on, cut as the shortest range is that holds it. */
export function refusedSince(sinceMs: number, nowMs: number): RefusedRange {
  const ms = Math.max(60_000, nowMs - sinceMs)
  const { bucket } = refusedRange((RANGES.find(each => each.ms >= ms) ?? RANGES[RANGES.length - 1]).name)
  return { name: sinceText(sinceMs), ms, bucket, sinceMs }
}

export interface Fault {
  readonly errorType: string
  readonly total: number
  readonly exchanges: readonly { readonly exchange: string; readonly total: number }[]
  /** By bucket, the oldest first. */
  readonly bars: readonly number[]
  /** When the bucket with the most begins, milliseconds since 1970. */
  readonly worstMs: number
}

/** The starts of a range's buckets that end at a time, milliseconds since 1970. */
export function bucketStarts({ ms, bucket, sinceMs }: RefusedRange, endMs: number): number[] {
  const last = Math.floor(endMs / bucket.ms) * bucket.ms
  const first = sinceMs === undefined ? undefined : Math.floor(sinceMs / bucket.ms) * bucket.ms
  const buckets = first === undefined ? Math.ceil(ms / bucket.ms) : Math.max(1, (last - first) / bucket.ms + 1)
  return Array.from({ length: buckets }, (_, place) => last - (buckets - 1 - place) * bucket.ms)
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** By what was wrong, the most frequent first. */
export function faultsOf(counts: readonly DeadLetterCount[], starts: readonly number[]): Fault[] {
  const faults = [...Map.groupBy(counts, each => each.error_type)].map(([errorType, some]): Fault => {
    const bars = starts.map(start =>
      sum(some.filter(({ start: at }) => Date.parse(at) === start).map(({ count }) => count)),
    )
    const exchanges = [...Map.groupBy(some, ({ exchange }) => exchange)].map(([exchange, rows]) => ({
      ...{ exchange, total: sum(rows.map(({ count }) => count)) },
    }))
    const worst = bars.indexOf(Math.max(...bars))
    return { errorType, total: sum(some.map(({ count }) => count)), exchanges, bars, worstMs: starts[worst] ?? 0 }
  })
  return faults.sort((a, b) => b.total - a.total || (a.errorType < b.errorType ? -1 : 1))
}

/** Names a record among others. */
export const letterName = ({ source, epoch, partition, offset, time }: DeadLetterRow): string =>
  `${source} ${epoch} ${partition} ${offset} ${time}`

export interface Letters {
  readonly data: readonly DeadLetterRow[]
  /** The cursor of those behind them; null at the end. */
  readonly next: string | null
}

/** The newest records in front of those that are held; these are given up where there may be others between. */
export function withNewest(newest: Letters, held: Letters): Letters {
  const last = newest.data.at(-1)
  const place = last ? held.data.findIndex(each => letterName(each) === letterName(last)) : -1
  if (place < 0) return newest
  return { data: [...newest.data, ...held.data.slice(place + 1)], next: held.next }
}

/** Base64 as bytes. */
export const bytesIn = (base64: string): Uint8Array => Uint8Array.from(atob(base64), sign => sign.charCodeAt(0))

export interface HexLine {
  readonly offset: string
  readonly hex: string
  /** What of the bytes is printable ASCII; a point for the others. */
  readonly text: string
}

/** Bytes in lines, each byte by two digits. */
export function hexLines(bytes: Uint8Array, perLine: number): HexLine[] {
  return Array.from({ length: Math.ceil(bytes.length / perLine) }, (_, line) => {
    const part = bytes.subarray(line * perLine, (line + 1) * perLine)
    return {
      offset: (line * perLine).toString(16).padStart(4, '0'),
      hex: Array.from(part, byte => byte.toString(16).padStart(2, '0')).join(' '),
      text: Array.from(part, byte => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join(''),
    }
  })
}
