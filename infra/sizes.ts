/** How large each function is and how long it may take; how large topics, a feed's task and a provisioned cluster are. */
import type { FunctionName } from './bundles.ts'

interface FunctionSize {
  readonly memoryMiB: number
  readonly timeoutSeconds: number
  readonly scratchMiB?: number
}

/** A core's share grows with memory: a whole one at 1,769 MB (Lambda developer guide, "Configure memory"). */
export const SIZES: Readonly<Record<FunctionName, FunctionSize>> = {
  // An event is at most 6 MB, three times that decoded and encoded; its writer is fenced after an hour, far beyond a minute.
  bronze: { memoryMiB: 512, timeoutSeconds: 60 },
  // 120,000 decoded records of a commit, about 400 MB.
  silver: { memoryMiB: 1_024, timeoutSeconds: 60 },
  // Only manifests; works for 70 % of its time, so that each minute's invocation is done before the next.
  commit: { memoryMiB: 1_024, timeoutSeconds: 60 },
  // A minute's trades in columns, and a core to sort and encode them.
  gold: { memoryMiB: 1_769, timeoutSeconds: 120 },
  // Gold's files of the changed minutes, eight of up to 8 MB at once, and a row group of one in columns; often a few small ones.
  ohlcv: { memoryMiB: 1_024, timeoutSeconds: 120 },
  sweep: { memoryMiB: 512, timeoutSeconds: 60 },
  // Joins files of up to 256 MB: DuckDB's 1,500 MB, input and output in /tmp.
  maintain: { memoryMiB: 3_008, timeoutSeconds: 900, scratchMiB: 10_240 },
  topics: { memoryMiB: 512, timeoutSeconds: 120 },
  // Metadata of tables with a thousand snapshots, some of them at once; a commit of many tables reads many manifests.
  api: { memoryMiB: 1_024, timeoutSeconds: 30 },
}

/** The feeds' symbols (feeds/exchanges): records are keyed by them, and a task of a feed has at least one. */
export const FEED_SYMBOLS = 4
/** A fifth of what a partition takes in (5 MB/s, MSK developer guide, "Quotas for MSK Serverless"), for bursts and for catching up. */
const RATE_PER_PARTITION = 5_000

/**
 * Partitions of an exchange's topic, where not given: each partition of a batch is a checkpoint to read and to write, so that one is what
 * costs least. `rate`: trades a second of all exchanges together.
 */
export function partitionsFor(rate: number): number {
  return Math.min(FEED_SYMBOLS, Math.ceil(rate / RATE_PER_PARTITION))
}

/** A broker in each zone takes over 10,000 trades/s. */
export const PROVISIONED = { kafkaVersion: '3.9.x', brokerType: 'kafka.m7g.large' } as const

/** The smallest memory for each of Fargate's sizes (Amazon ECS developer guide, "Task CPU and memory"), most of it for buffers and Node. */
const FEED_SIZES = [
  { cpuUnits: 256, memoryMiB: 512 },
  { cpuUnits: 512, memoryMiB: 1_024 },
  { cpuUnits: 1_024, memoryMiB: 2_048 },
] as const
/** A fifth of a core for 10,000 trades/s (`npm run bench -- feed`), of a core's 1,024 units. */
const UNITS_PER_TRADE = (0.2 * 1_024) / 10_000
/** The other half is for bursts, and for catching up. */
const BUSY = 0.5

/** A feed's task for so many trades a second; a feed works on one core, so that beyond the largest its symbols want several tasks. */
export function feedSize(tradesPerSecond: number): (typeof FEED_SIZES)[number] {
  const units = (tradesPerSecond * UNITS_PER_TRADE) / BUSY
  return FEED_SIZES.find(({ cpuUnits }) => cpuUnits >= units) ?? FEED_SIZES[FEED_SIZES.length - 1]
}
