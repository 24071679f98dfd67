/**
 * Has a deployed lake to itself: takes the lease that its functions respect, waits for the invocations that began before, and renews the
 * lease while the work goes on. Kafka keeps what comes meanwhile; the functions' events and schedules come again.
 */
import { BadInput, messageOf, Stopped } from '../domain/errors.ts'
import {
  asHolder,
  type Lease,
  LONGEST_STAGE_MS,
  leaseHeld,
  releaseLease,
  renewLease,
  takeLease,
  unlessPaused,
} from '../domain/lease.ts'
import { MINUTE_MS } from '../domain/time.ts'
import type { WritableLake } from '../embedded/lake.ts'

const LEASE_MS = 5 * MINUTE_MS
const RENEW_MS = MINUTE_MS
const LOOK_MS = 1_000
/** A request that was sent may take effect this long after its function was ended. */
const REQUESTS_MS = 10_000

/**
 * The lake for a command that works beside the deployed functions: like theirs, its work stops where somebody takes the lake.
 * @throws BadInput where somebody has it; its transactions Paused
 */
export async function beside(lake: WritableLake): Promise<WritableLake> {
  const held = await leaseHeld(lake.ports, 'lake')
  if (held) throw taken(held)
  return { ...lake, ports: await unlessPaused(lake.ports) }
}

function taken(held: Lease | undefined): BadInput {
  return new BadInput(
    held
      ? `${held.purpose} has the lake to itself: wait for its end, or until ${new Date(held.until).toISOString()} if it was killed.`
      : 'Somebody took the lake at this moment: run the command again.',
  )
}

/**
 * Does the work while no deployed function works; `tell` is told what is waited for. The work gets the lake as its holder sees it: a
 * transaction fails once the lease is lost. When `asked` settles the lake is given back at once, and the work can commit nothing more.
 * @throws BadInput where somebody else has the lake; TradelakeError where the lease is lost; Stopped
 */
export async function alone<T>(
  lake: WritableLake,
  purpose: string,
  tell: (line: string) => void,
  work: (held: WritableLake) => Promise<T>,
  asked: Promise<void> = new Promise(() => {}),
): Promise<T> {
  const { ports } = lake
  const outcome = await takeLease(ports, 'lake', purpose, LEASE_MS)
  if (!('taken' in outcome)) throw taken(outcome.held)
  let lease: Lease = outcome.taken
  let ended = false
  const renewing = (async () => {
    for (let renewed = ports.clock.steady(); !ended; await ports.clock.sleep(LOOK_MS)) {
      if (ports.clock.steady() - renewed < RENEW_MS) continue
      // Where it fails, the lease runs out, and the work's next transaction says so.
      lease = await renewLease(ports, lease, LEASE_MS).catch(() => lease)
      renewed = ports.clock.steady()
    }
  })()
  const stopped = asked.then(() => {
    throw new Stopped(`${purpose} was stopped, and the lake is given back: run it again, it goes on from what is done.`)
  })
  try {
    const wait = LONGEST_STAGE_MS + REQUESTS_MS
    tell(
      `The functions are paused; waiting until ${new Date(ports.clock.now() + wait).toISOString()} for those that run to end.`,
    )
    await Promise.race([ports.clock.sleep(wait), stopped])
    return await Promise.race([work({ ...lake, ports: asHolder(ports, () => lease) }), stopped])
  } finally {
    ended = true
    await renewing
    // What the work did, or why it failed, is said whether or not this succeeds.
    await releaseLease(ports, lease).catch(error =>
      tell(
        `The lease was not given back: the functions go on at ${new Date(lease.until).toISOString()}. ${messageOf(error)}`,
      ),
    )
  }
}
