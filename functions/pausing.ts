/** How a deployed function makes room: for whoever has the lake to itself, and for another run of its work. */
import { messageOf } from '../domain/errors.ts'
import { releaseLease, requireUnpaused, takeLease } from '../domain/lease.ts'
import type { InvocationContext, Log, Ports } from '../domain/ports.ts'
import type { Share } from '../domain/shares.ts'

type Handler<Event, Result> = (event: Event, context: InvocationContext) => Promise<Result>

/** The handler, which does nothing while somebody has the lake to itself: its caller sends the event again. @throws Paused */
export function whileUnpaused<Event, Result>(
  ports: Pick<Ports, 'state' | 'clock'>,
  handler: Handler<Event, Result>,
): Handler<Event, Result> {
  return async (event, context) => {
    await requireUnpaused(ports)
    return handler(event, context)
  }
}

/** Runs the work of a share, or gives what a run gives that had nothing to do. */
export type Alone = <Result>(
  share: Pick<Share, 'name'>,
  work: () => Promise<Result>,
  nothing: Result,
) => Promise<Result>

/** No other run is looked for. */
export const ASSUMED_ALONE: Alone = (_, work) => work()

/**
 * One run of Gold at a time for each share: under a backlog a schedule comes while the last run still works, and two that read the same
 * items do the same work, of which one commit counts. A run that was killed keeps the next ones out until its own time is over.
 */
export function oneGoldAtATime(ports: Pick<Ports, 'state' | 'clock' | 'ids'>, log: Log): (forMs: number) => Alone {
  return forMs =>
    async ({ name }, work, nothing) => {
      const outcome = await takeLease(ports, name, 'a run of Gold', forMs)
      if (!('taken' in outcome)) {
        log.info('another run of Gold is at work', { share: name, until: outcome.held?.until })
        return nothing
      }
      try {
        return await work()
      } finally {
        // What the run did counts, whether or not this succeeds.
        await releaseLease(ports, outcome.taken).catch(error =>
          log.warn('the lease of Gold was not given back', { until: outcome.taken.until, reason: messageOf(error) }),
        )
      }
    }
}
