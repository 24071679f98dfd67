/** Rows of an exchange's history, read by the decoder of its stream. */
import type { Decoder, FeedTrade, Unreadable } from './decoder.ts'

export interface ReadRows {
  readonly trades: readonly FeedTrade[]
  readonly unreadable: readonly Unreadable[]
  /** Lowest and highest id among all of them; undefined where none is known. */
  readonly ids: { readonly from: number; readonly to: number } | undefined
}

/** `messages`: the rows as the stream would have sent them. `receivedAt`: microseconds since 1970. */
export function readRows(decoder: Decoder, messages: readonly unknown[], receivedAt: bigint): ReadRows {
  const unreadable: Unreadable[] = []
  const trades = messages.flatMap(message => [
    ...decoder.mapMessage(message, receivedAt, trade => void unreadable.push(trade)),
  ])
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const { number } of [...trades, ...unreadable]) {
    if (number === undefined) continue
    from = Math.min(from, number)
    to = Math.max(to, number)
  }
  return { trades, unreadable, ids: from <= to ? { from, to } : undefined }
}
