/** How the lake is, asked for again every ten seconds while it is looked at: the answer costs the server some work. */
import type { StatsAnswer } from '../../figures/rows.ts'
import { createPoller } from '../api/polled.ts'
import { ask } from '../api/requests.ts'

const EVERY_MS = 10_000
/** Rates are there with the second answer. */
const SOON_MS = 3_000

/** Rates are what came between an answer and the one before. */
export const stats = createPoller(
  async signal => (await (await ask('stats', {}, signal)).json()) as StatsAnswer,
  EVERY_MS,
  SOON_MS,
)
