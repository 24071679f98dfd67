/**
 * From the seconds within which a trade shall be in Gold to how long each stage gathers: longer windows make fewer invocations, files and
 * commits, which is what a month costs (docs/cost.md).
 */

/** Silver's window and work, that of Gold and of the candles, and Lambda's looks at queues and streams (`npm run bench -- freshness`). */
const UNDER_WAY_SECONDS = 2
/** What a run of Gold takes: the next one gathers behind it. */
const RUN_SECONDS = 1

/** How long an exchange's records gather for Bronze. */
export function bronzeWindowSeconds(freshness: number): number {
  return Math.floor(freshness / 5)
}

/** How long Silver's files gather for Gold. */
export function goldWindowSeconds(freshness: number): number {
  return freshness - bronzeWindowSeconds(freshness) - UNDER_WAY_SECONDS
}

/** How often new items start Gold, and Gold the candles of a minute, where trades come all the time. */
export function goldRunsPerMinute(freshness: number): number {
  return 60 / (goldWindowSeconds(freshness) + RUN_SECONDS)
}
