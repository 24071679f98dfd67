/**
 * The columns of `feed_gaps` that are read out of the reports. A record that is not a report has nulls beside its
 * bytes.
 */
import { type DictionaryColumn, dictionaryOf, type Int64Column } from './columns.ts'
import { BadInput } from './errors.ts'
import { decodeGap, type FeedGap } from './feed-gaps.ts'

export type GapColumns = Readonly<Record<string, DictionaryColumn<string> | Int64Column>>

/** A row for each value, under the column names of domain/tables.ts. */
export function gapColumns(values: readonly (Uint8Array | null)[]): GapColumns {
  const gaps = values.map(value => (value === null ? undefined : gapOf(value)))
  const text = (read: (gap: FeedGap) => string | null) => dictionaryOf(gaps.map(gap => (gap ? read(gap) : null)))
  const long = (read: (gap: FeedGap) => bigint | number | null): Int64Column => {
    const found = gaps.map(gap => (gap ? read(gap) : null))
    return {
      kind: 'int64',
      values: BigInt64Array.from(found, value => BigInt(value ?? 0)),
      valid: Uint8Array.from(found, value => (value === null ? 0 : 1)),
    }
  }
  return {
    exchange: text(gap => gap.exchange),
    symbol: text(gap => gap.symbol),
    kind: text(gap => gap.kind),
    status: text(gap => gap.status),
    from_id: long(gap => gap.fromId),
    to_id: long(gap => gap.toId),
    from_time: long(gap => gap.fromTime),
    to_time: long(gap => gap.toTime),
    cause: text(gap => gap.cause),
    raw: text(gap => gap.raw),
    reported_at: long(gap => gap.reportedAt),
  }
}

function gapOf(value: Uint8Array): FeedGap | undefined {
  try {
    return decodeGap(value)
  } catch (error) {
    // Bronze refuses no record: what is not a report is kept as its bytes only.
    if (error instanceof BadInput) return undefined
    throw error
  }
}
