/** The rows of the map: asked for at once, or, where these are more than one answer has, some markets after the others. */
import { Refused } from '../../figures/requests.ts'
import { type CoverageRow, type MarketRow, marketName } from '../../figures/rows.ts'
import type { HEAT_RANGES } from '../../figures/times.ts'
import { timeframeNamed } from '../../figures/times.ts'
import { askRows } from '../api/requests.ts'
import { inGroups } from '../model/heat.ts'

/** The most rows of an answer (docs/api.md). */
const MOST_ROWS = 20_000
const TOO_MUCH = 413

/** By exchange, then symbol, then time. @throws as `askRows` */
export async function coverageSince(
  start: string,
  { ms, bucket }: (typeof HEAT_RANGES)[number],
  signal: AbortSignal,
): Promise<CoverageRow[]> {
  const ask = (symbols?: string) => askRows<CoverageRow>('coverage', { start, bucket, symbols }, signal)
  try {
    return [...(await ask())]
  } catch (error) {
    if (!(error instanceof Refused && error.status === TOO_MUCH)) throw error
  }
  const markets = await askRows<MarketRow>('symbols', {}, signal)
  // One bucket in front, one that has begun, and one that begins meanwhile.
  const buckets = ms / (timeframeNamed(bucket)?.ms ?? ms) + 3
  const rows: CoverageRow[] = []
  for (const group of inGroups(markets.map(marketName), Math.floor(MOST_ROWS / buckets)))
    rows.push(...(await ask(group.join(','))))
  return rows
}
