/** The exchanges: one entry each. What else a new one takes is told by docs/adding-an-exchange.md. */
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

export const EXCHANGES: readonly Exchange[] = [
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
]
