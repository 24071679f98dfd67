/**
 * Exact deduplication without state: a repeat of a trade has the same time to within a second, so it can only be among
 * Gold's rows of the batch's own minutes.
 */
import type { Batch, BytesColumn, DictionaryColumn, Int32Column, Int64Column } from './columns.ts'
import { equalBytes, hashBytes, wordsOf } from './interner.ts'
import { rowStarts } from './take.ts'
import { SAME_TRADE_MICROS } from './trade.ts'

/** At most 128 Ki words of 32 bits, half a megabyte; fewer for fewer rows, as each batch begins with clearing them. */
const MAX_BIT_WORDS = 0x1ffff
const MIN_BIT_WORDS = 0x3ff

/** What tells trades apart. */
export const KEY_COLUMNS = ['message_id', 'timestamp']
/** A Silver row's lineage (its Kafka origin): says which row of the same trade came first. */
export const LINEAGE_COLUMNS = ['exchange', 'topic_epoch', 'kafka_partition', 'kafka_offset']

export interface Repeats {
  /** Drops the batch's rows that are trades of these Gold rows (with the key columns). */
  against(gold: Batch): void
  /** Drops all but the first row of each trade that is left. Gives a byte for each row: 1 where it is a repeat. */
  finish(): Uint8Array
}

/**
 * Gold's row of a trade stays; within the batch (key and lineage columns) the row with the lowest lineage does.
 * `starts` is where each row's message_id begins.
 */
export function findRepeats(batch: Batch, starts: Int32Array): Repeats {
  const ids = (batch.columns.message_id as BytesColumn).plain
  const words = wordsOf(ids)
  const times = (batch.columns.timestamp as Int64Column).values
  const repeated = new Uint8Array(batch.rows)
  const near = (a: bigint, b: bigint) => (a > b ? a - b : b - a) <= SAME_TRADE_MICROS

  // Open addressing: a slot holds the first row of an id plus 1; further rows of the id hang on `next`.
  let mask = 1023
  while (mask < batch.rows * 2) mask = mask * 2 + 1
  const slots = new Int32Array(mask + 1)
  // A bit for each hash in the batch: it rules out most of Gold's rows, within the processor's cache.
  let bitWords = MIN_BIT_WORDS
  while (bitWords < batch.rows && bitWords < MAX_BIT_WORDS) bitWords = bitWords * 2 + 1
  const bits = new Int32Array(bitWords + 1)
  const hashes = new Int32Array(batch.rows)
  const next = new Int32Array(batch.rows).fill(-1)
  const chained: number[] = []

  /** The slot of bytes[start, end): the one of their first row, or a free one. */
  function slotOf(hash: number, bytes: Uint8Array, start: number, end: number): number {
    let slot = hash & mask
    for (;;) {
      const row = slots[slot] - 1
      if (row < 0 || (hashes[row] === hash && equalBytes(ids, starts[row], starts[row + 1], bytes, start, end)))
        return slot
      slot = (slot + 1) & mask
    }
  }

  for (let row = 0; row < batch.rows; row++) {
    hashes[row] = hashBytes(ids, starts[row], starts[row + 1], words)
    bits[(hashes[row] >>> 5) & bitWords] |= 1 << (hashes[row] & 31)
    const slot = slotOf(hashes[row], ids, starts[row], starts[row + 1])
    const first = slots[slot] - 1
    if (first < 0) slots[slot] = row + 1
    else {
      if (next[first] < 0) chained.push(first)
      next[row] = next[first]
      next[first] = row
    }
  }

  function against(gold: Batch): void {
    const goldIds = gold.columns.message_id as BytesColumn
    const goldTimes = (gold.columns.timestamp as Int64Column).values
    const goldStarts = rowStarts(goldIds, gold.rows)
    const goldWords = wordsOf(goldIds.plain)
    for (let i = 0; i < gold.rows; i++) {
      const start = goldStarts[i]
      const end = goldStarts[i + 1]
      const hash = hashBytes(goldIds.plain, start, end, goldWords)
      if ((bits[(hash >>> 5) & bitWords] & (1 << (hash & 31))) === 0) continue
      let row = slots[slotOf(hash, goldIds.plain, start, end)] - 1
      for (; row >= 0; row = next[row]) if (near(times[row], goldTimes[i])) repeated[row] = 1
    }
  }

  function finish(): Uint8Array {
    const earlier = byLineage(batch)
    for (const first of chained) {
      let left: number[] = []
      for (let row = first; row >= 0; row = next[row]) if (repeated[row] === 0) left.push(row)
      left.sort(earlier)
      // The first row of an id stays, rows near it go; rows that remain are another trade, so the loop runs again.
      while (left.length > 1) {
        const [stays, ...others] = left
        for (const row of others) if (near(times[row], times[stays])) repeated[row] = 1
        left = others.filter(row => repeated[row] === 0)
      }
    }
    return repeated
  }

  return { against, finish }
}

function byLineage(batch: Batch): (a: number, b: number) => number {
  const exchange = batch.columns.exchange as DictionaryColumn<string>
  const ranks = exchange.entries.map(entry => exchange.entries.filter(other => other < entry).length)
  const epochs = (batch.columns.topic_epoch as Int32Column).values
  const partitions = (batch.columns.kafka_partition as Int32Column).values
  const offsets = (batch.columns.kafka_offset as Int64Column).values
  return (a, b) =>
    ranks[exchange.indexes[a]] - ranks[exchange.indexes[b]] ||
    epochs[a] - epochs[b] ||
    partitions[a] - partitions[b] ||
    Number(offsets[a] - offsets[b])
}
