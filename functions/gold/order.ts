/** Gold's sort order: time, then trade id. */
import { compareLongs, comparePlain, halvesOf } from '../../domain/columns.ts'

const DIGITS = 4
const BUCKETS = 1 << 16

/**
 * Row numbers in the order of (timestamp, trade_id), then of the rows. Times are microseconds since 1970, never
 * negative; `tradeIds` is in PLAIN layout and `starts` tells where each row's begins.
 */
export function sortedRows(timestamps: BigInt64Array, tradeIds: Uint8Array, starts: Int32Array): Uint32Array {
  const rows = sortedByTime(timestamps)
  const halves = halvesOf(timestamps)
  const byTradeId = (a: number, b: number) => comparePlain(tradeIds, starts[a], starts[b]) || a - b
  for (let from = 0; from < rows.length; ) {
    let to = from + 1
    while (to < rows.length && compareLongs(halves, rows[from], rows[to]) === 0) to++
    // Rarely more than two trades share a time, so two are compared without sorting.
    if (to - from > 2 || (to - from === 2 && byTradeId(rows[from], rows[from + 1]) > 0))
      rows.subarray(from, to).sort(byTradeId)
    from = to
  }
  return rows
}

/** A sort by digits clears four tables of 65,536 counters: comparing takes less time where there are fewer rows than this. */
const FEW_ROWS = 4_096

function sortedByTime(timestamps: BigInt64Array): Uint32Array {
  return timestamps.length < FEW_ROWS ? comparedByTime(timestamps) : sortedByDigits(timestamps)
}

function comparedByTime(timestamps: BigInt64Array): Uint32Array {
  const halves = halvesOf(timestamps)
  const rows = Uint32Array.from(timestamps, (_, row) => row)
  return rows.sort((a, b) => compareLongs(halves, a, b) || a - b)
}

/** A radix sort by the 16-bit digits of the times, lowest first; it keeps the order of equals. Trades of an hour differ in two digits. */
function sortedByDigits(timestamps: BigInt64Array): Uint32Array {
  const digits = new Uint16Array(timestamps.buffer, timestamps.byteOffset, timestamps.length * DIGITS)
  let rows = new Uint32Array(timestamps.length)
  for (let row = 0; row < rows.length; row++) rows[row] = row
  let next = new Uint32Array(rows.length)
  for (let digit = 0; digit < DIGITS; digit++) {
    const starts = new Uint32Array(BUCKETS + 1)
    for (let row = 0; row < rows.length; row++) starts[digits[row * DIGITS + digit] + 1]++
    if (rows.length > 0 && starts[digits[digit] + 1] === rows.length) continue
    for (let bucket = 1; bucket <= BUCKETS; bucket++) starts[bucket] += starts[bucket - 1]
    for (let i = 0; i < rows.length; i++) next[starts[digits[rows[i] * DIGITS + digit]]++] = rows[i]
    ;[rows, next] = [next, rows]
  }
  return rows
}
