/** Makes the reports of what a feed missed, for the topic of domain/feed-gaps.ts. */
import { encodeGap, type FeedGap } from '../domain/feed-gaps.ts'
import type { Timers } from '../domain/feed-ports.ts'
import type { MissingRange } from './tracker.ts'

export interface GapReports {
  open(range: MissingRange): void
  /** Reports what became of a range, from what it still lacks; gives that back. */
  settled(
    range: MissingRange,
    missing: readonly { from: number; to: number }[],
  ): readonly { readonly from: number; readonly to: number }[]
  /** Times in milliseconds since 1970; `hasIds`: whether the exchange's trades are numbered. */
  outage(outage: { readonly from: number; readonly to: number; readonly why: string }, hasIds: boolean): void
}

export function createGapReports(options: {
  readonly exchange: string
  readonly timers: Pick<Timers, 'now'>
  publish(report: { readonly key: Uint8Array; readonly value: Uint8Array }): void
}): GapReports {
  const { exchange, timers } = options
  const encoder = new TextEncoder()

  function report(gap: Omit<FeedGap, 'exchange' | 'reportedAt'>): void {
    options.publish({
      // One key, one partition: a symbol's reports stay in order.
      key: encoder.encode(gap.symbol ?? exchange),
      value: encodeGap({ exchange, ...gap, reportedAt: BigInt(timers.now()) * 1000n }),
    })
  }

  function ofRange(range: MissingRange, status: FeedGap['status'], from = range.from, to = range.to): void {
    const { symbol, fromTime, toTime, cause } = range
    report({ symbol, kind: 'sequence', status, fromId: from, toId: to, fromTime, toTime, cause })
  }

  return {
    open: range => ofRange(range, 'open'),
    settled(range, missing) {
      if (missing.length === 0) ofRange(range, 'filled')
      for (const { from, to } of missing) ofRange(range, 'lost', from, to)
      return missing
    },
    outage({ from, to, why }, hasIds) {
      report({
        symbol: null,
        kind: 'disconnect',
        status: hasIds ? 'checked' : 'unknown',
        fromId: null,
        toId: null,
        fromTime: BigInt(from) * 1000n,
        toTime: BigInt(to) * 1000n,
        cause: why,
      })
    },
  }
}
