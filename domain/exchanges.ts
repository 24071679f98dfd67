/** The exchanges: one entry each. The compiler names the other files that a new one needs; docs/adding-an-exchange.md says how. */

/** A lake may have others than those below: in a test, or one that is on its way. */
export interface Exchange {
  /** Lower case; part of topic, table and function names. */
  readonly name: string
  /** How the messages call it. */
  readonly code: string
  /** Partitions its topic is made with. */
  readonly partitions: number
  /** How many records its Bronze function gets at most in one event, and how long the event source waits to fill it. */
  readonly batchRecords: number
  readonly batchWindowSeconds: number
  readonly bronzeRetentionDays: number
  /** Target size of its Bronze files after compaction, MiB. */
  readonly bronzeFileMiB: number
}

const REGISTRY = [
  {
    name: 'binance',
    code: 'BINANCE',
    partitions: 40,
    batchRecords: 10_000,
    batchWindowSeconds: 2,
    bronzeRetentionDays: 7,
    bronzeFileMiB: 128,
  },
  {
    name: 'kraken',
    code: 'KRAKEN',
    partitions: 20,
    batchRecords: 1_000,
    batchWindowSeconds: 2,
    bronzeRetentionDays: 14,
    bronzeFileMiB: 64,
  },
  {
    name: 'coinbase',
    code: 'COINBASE',
    partitions: 20,
    batchRecords: 10_000,
    batchWindowSeconds: 2,
    bronzeRetentionDays: 14,
    bronzeFileMiB: 64,
  },
] as const satisfies readonly Exchange[]

export type ExchangeName = (typeof REGISTRY)[number]['name']

/** One of the exchanges above: it has a decoder, a venue and whatever else is asked of each. */
export interface KnownExchange extends Exchange {
  readonly name: ExchangeName
}

export const EXCHANGES: readonly KnownExchange[] = REGISTRY

export function isExchangeName(name: string): name is ExchangeName {
  return EXCHANGES.some(exchange => exchange.name === name)
}
