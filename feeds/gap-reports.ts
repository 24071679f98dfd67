/** Makes the reports of what a feed missed, for the topic of domain/feed-gaps.ts. */
import { encodeGap, type FeedGap } from '../domain/feed-gaps.ts'
import type { Timers } from '../domain/feed-ports.ts'
import type { Unreadable } from './decoder.ts'
import type { MissingRange } from './tracker.ts'

/** A report has to fit a Kafka message of 1 MB. */
const MAX_RAW_CHARACTERS = 100_000

interface Part {
  readonly from: number
  readonly to: number
}

export interface GapReports {
  /** Reports that a range was found missing, that its search has ended, or what became of a part of it. */
  sequence(range: MissingRange, status: 'open' | 'filled' | 'closed' | 'absent' | 'lost', part?: Part): void
  unreadable(trade: Unreadable): void
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

  const now = () => BigInt(timers.now()) * 1000n

  function report(gap: Omit<FeedGap, 'exchange' | 'reportedAt'>): void {
    options.publish({
      // One key, one partition: a symbol's reports stay in order.
      key: encoder.encode(gap.symbol ?? exchange),
      value: encodeGap({ exchange, ...gap, reportedAt: now() }),
    })
  }

  return {
    sequence(range, status, { from, to } = range) {
      const { symbol, fromTime, toTime, cause } = range
      report({ symbol, kind: 'sequence', status, fromId: from, toId: to, fromTime, toTime, cause, raw: null })
    },
    unreadable({ symbol = null, number = null, problem, raw }) {
      report({
        ...{ symbol, kind: 'unreadable', status: 'unreadable', fromId: number, toId: number },
        ...{ fromTime: null, toTime: now(), cause: problem, raw: raw.slice(0, MAX_RAW_CHARACTERS) },
      })
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
        raw: null,
      })
    },
  }
}
