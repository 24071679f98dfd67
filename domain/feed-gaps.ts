/**
 * What a feed missed, or may have: reports that go through a topic of their own into the table `feed_gaps`.
 *
 * A `sequence` gap is a range of trade ids that did not come. It is reported while it is looked for (`open`, unless the search
 * ends at once), and when the search for it has ended: `filled` (every trade was got later) or `closed` (all that there is was got). For parts of
 * a range that are not got there is a report each: `absent` (the exchange's history has trades around them and not
 * these: exchanges skip numbers), or `lost` (the history says nothing about them, again and again).
 * `unreadable` is a trade that the exchange sent and the feed could not read, with its text.
 * A `disconnect` is a time without a connection: `checked` where the ids tell what it cost, `unknown` where the exchange
 * does not number its trades.
 */
import { BadInput, messageOf } from './errors.ts'
import { LAST_MICROS } from './time.ts'

const GAP_KINDS = ['sequence', 'disconnect', 'unreadable'] as const
const GAP_STATUSES = ['open', 'filled', 'closed', 'absent', 'lost', 'unreadable', 'checked', 'unknown'] as const

/** The cause in reports of a search that a person asked for (`tradelake fill`). */
export const BY_HAND = 'asked for by hand'

export interface FeedGap {
  /** Name as in domain/exchanges.ts. */
  readonly exchange: string
  /** null: every symbol of the connection. */
  readonly symbol: string | null
  readonly kind: (typeof GAP_KINDS)[number]
  readonly status: (typeof GAP_STATUSES)[number]
  /** First and last id that is missing; null for a disconnect. */
  readonly fromId: number | null
  readonly toId: number | null
  /** The last moment before and the first after, microseconds since 1970. */
  readonly fromTime: bigint | null
  readonly toTime: bigint | null
  readonly cause: string
  /** What the exchange sent in a trade's place, where that is unreadable; null otherwise. */
  readonly raw: string | null
  /** When the feed reported it, microseconds since 1970. */
  readonly reportedAt: bigint
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** The report as a Kafka value: JSON, so that it needs no schema registry, which may be down. */
export function encodeGap(gap: FeedGap): Uint8Array {
  return encoder.encode(JSON.stringify(gap, (_, value) => (typeof value === 'bigint' ? value.toString() : value)))
}

/** @throws BadInput where the bytes are not a report */
export function decodeGap(bytes: Uint8Array): FeedGap {
  try {
    const value = JSON.parse(decoder.decode(bytes)) as Record<string, unknown>
    return {
      exchange: text(value.exchange, 'exchange'),
      symbol: value.symbol === null ? null : text(value.symbol, 'symbol'),
      kind: oneOf(GAP_KINDS, value.kind, 'kind'),
      status: oneOf(GAP_STATUSES, value.status, 'status'),
      fromId: id(value.fromId, 'fromId'),
      toId: id(value.toId, 'toId'),
      fromTime: micros(value.fromTime, 'fromTime'),
      toTime: micros(value.toTime, 'toTime'),
      cause: text(value.cause, 'cause'),
      raw: value.raw === null ? null : text(value.raw, 'raw'),
      reportedAt: micros(value.reportedAt, 'reportedAt') ?? missing('reportedAt'),
    }
  } catch (error) {
    throw error instanceof BadInput ? error : new BadInput(`A feed gap report is not JSON: ${messageOf(error)}`)
  }
}

function missing(field: string): never {
  throw new BadInput(`A feed gap report has no valid ${field}.`)
}

function text(value: unknown, field: string): string {
  return typeof value === 'string' ? value : missing(field)
}

function oneOf<T extends string>(known: readonly T[], value: unknown, field: string): T {
  return known.find(name => name === value) ?? missing(field)
}

function id(value: unknown, field: string): number | null {
  return value === null || Number.isSafeInteger(value) ? (value as number | null) : missing(field)
}

function micros(value: unknown, field: string): bigint | null {
  if (value === null) return null
  if (typeof value !== 'string' || !/^\d{1,18}$/.test(value)) return missing(field)
  const time = BigInt(value)
  return time > LAST_MICROS ? missing(field) : time
}
