/** The trade ids of a batch, for the order of trades of one moment. */
import { compareTradeIds } from './candles.ts'
import type { BytesColumn } from './columns.ts'
import { rowStarts } from './take.ts'

export interface TradeIds {
  /** Bytes of the ids: a row's are those from `starts[row] + 4` up to `starts[row + 1]`. */
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  text(row: number): string
  /** The number that ends an id, -1 where none does; NaN where it may take more than 2^53. */
  tail(row: number): number
  /** The order of two rows' ids, as `compareTradeIds` has it. */
  compare(a: number, b: number): number
}

/** Likewise of ids of two batches. */
export function compareIds(a: TradeIds, rowA: number, b: TradeIds, rowB: number): number {
  return a.tail(rowA) - b.tail(rowB) || compareTradeIds(a.text(rowA), b.text(rowB))
}

/** Ids in PLAIN layout. Most differ in the number that ends them, which needs no text. */
export function tradeIdsOf(column: BytesColumn, rows: number): TradeIds {
  return tradeIdsIn(column.plain, rowStarts(column, rows))
}

/** Likewise where their begins are known. */
export function tradeIdsIn(plain: Uint8Array, starts: Int32Array): TradeIds {
  const text = (row: number) => Buffer.from(plain.subarray(starts[row] + 4, starts[row + 1])).toString()

  function tail(row: number): number {
    const begin = starts[row] + 4
    let at = starts[row + 1] - 1
    let value = 0
    let unit = 1
    for (; at >= begin && plain[at] >= 48 && plain[at] <= 57; at--) {
      if (unit > 1e14) return Number.NaN
      value += (plain[at] - 48) * unit
      unit *= 10
    }
    return unit === 1 ? -1 : value
  }

  const ids: TradeIds = { bytes: plain, starts, text, tail, compare: (a, b) => compareIds(ids, a, ids, b) }
  return ids
}
