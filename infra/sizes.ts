/** How large each function is and how long it may take; how large a feed's task and a provisioned cluster are. */
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

/** A broker in each zone takes over 10,000 trades/s. */
export const PROVISIONED = { kafkaVersion: '3.9.x', brokerType: 'kafka.m7g.large' } as const

/** A quarter of a core decodes thousands of frames a second; memory is Node's and the client's buffers. */
export const FEED = { cpuUnits: 256, memoryMiB: 512 } as const
