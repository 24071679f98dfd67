/** A feed that starts beside its Kafka waits for it: brokers and topics may come a few minutes later. */
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { messageOf } from '../domain/errors.ts'
import type { Timers } from '../domain/feed-ports.ts'
import type { Log } from '../domain/ports.ts'

const PAUSES: Backoff = { firstMs: 1_000, lastMs: 15_000 }

/**
 * Checks again and again, for this many milliseconds from now at most; with 0 it checks once.
 * @throws what the last check threw
 */
export async function waitForKafka(
  check: () => Promise<void>,
  milliseconds: number,
  { timers, log }: { readonly timers: Pick<Timers, 'steady' | 'after'>; readonly log: Log },
): Promise<void> {
  const end = timers.steady() + milliseconds
  for (let failures = 0; ; failures++) {
    try {
      return await check()
    } catch (error) {
      const retryMs = pauseMs(PAUSES, failures)
      if (timers.steady() + retryMs > end) throw error
      log.warn('Kafka is not ready yet', { problem: messageOf(error), retryMs })
      await new Promise<void>(resolve => {
        timers.after(retryMs, resolve)
      })
    }
  }
}
