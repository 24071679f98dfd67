/** Gold's Lambda: each start, by Silver's commits or a schedule, brings in what Silver has made; what it hands over starts the candles. */
import { metricNames, publishMetrics } from '../../domain/metrics.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { type Share, sharesWithNews } from '../../domain/shares.ts'
import { handlerOf } from '../invocation.ts'
import { type Alone, ASSUMED_ALONE } from '../pausing.ts'
import { addGold, type GoldResult, NOTHING_UNIFIED, unify } from './gold.ts'

/** Works for the shares that have news, one after the other; `aloneFor` keeps other runs from a share's work for so many milliseconds. */
export function goldHandler(
  telemetry: Telemetry,
  ports: Ports,
  shares: readonly Share[],
  aloneFor: (forMs: number) => Alone = () => ASSUMED_ALONE,
) {
  return handlerOf<unknown, GoldResult>(telemetry, {}, async (event, { log, metrics, context }) => {
    const deadline = deadlineOf(ports, context)
    let result = NOTHING_UNIFIED
    for (const share of sharesWithNews(event, shares)) {
      const alone = aloneFor(context.getRemainingTimeInMillis())
      result = addGold(result, await alone(share, () => unify(ports, deadline, share), NOTHING_UNIFIED))
    }
    log.info('gold', { ...result })
    publishMetrics(metrics, {
      [metricNames.goldWritten]: result.written,
      [metricNames.goldDuplicates]: result.duplicates,
    })
    return result
  })
}
