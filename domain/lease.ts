/**
 * Leases: a right that one process holds for a time, as an item of the state table. It is taken under a condition, renewed while the
 * work goes on, given back at its end, and ends by itself when its holder dies. No correctness of the commit protocol depends on one.
 *
 * `lake` pauses the deployed functions while a repair has the lake to itself; `gold`, or `gold_` with an exchange where each has a Gold of
 * its own, keeps a second run of Gold from doing the work of the first once more.
 */
import { type Backoff, pauseMs } from './backoff.ts'
import { Conflict, Corrupt, Paused, TradelakeError } from './errors.ts'
import { statePartition } from './names.ts'
import {
  type Attributes,
  type Condition,
  type Key,
  MAX_TRANSACTION_WRITES,
  type Ports,
  type StateStore,
  type Write,
} from './ports.ts'

export type LeaseName = 'lake' | 'gold' | `gold_${string}`

export interface Lease {
  readonly name: LeaseName
  /** A UUID: nobody else has it. */
  readonly holder: string
  /** What the holder is doing, for those who are kept out. */
  readonly purpose: string
  /** When it ends by its holder's clock, milliseconds since 1970. */
  readonly until: number
}

type LeasePorts = Pick<Ports, 'state' | 'clock' | 'ids'>

/** The most writes of a transaction under a lease: its check is one more. */
export const MAX_WORK_WRITES = MAX_TRANSACTION_WRITES - 1
/** No invocation of a stage lasts longer, milliseconds (infra/sizes.ts); maintenance does, and looks at the lease itself. */
export const LONGEST_STAGE_MS = 120_000
/** Others wait this much longer than the holder counts on the lease: clocks of two machines differ. */
const CLOCKS_DIFFER_MS = 10_000
/** Transactions that check one item at once refuse each other for a moment (ADR 0021). */
const COLLISIONS = 8
const COLLISION: Backoff = { firstMs: 20, lastMs: 1_000 }
/** No date is later, milliseconds since 1970 (ECMAScript, "Time Values and Time Range"). */
const LAST_DATE_MS = 8.64e15

function leaseKey(name: LeaseName): Key {
  return { table: 'state', partition: statePartition.lease(name), sort: 'holder' }
}

/** Who holds it now; undefined where nobody does. */
export async function leaseHeld(ports: Pick<Ports, 'state' | 'clock'>, name: LeaseName): Promise<Lease | undefined> {
  return live(name, await ports.state.get(leaseKey(name)), ports.clock.now())
}

function live(name: LeaseName, found: Attributes | undefined, now: number): Lease | undefined {
  if (!found) return undefined
  const { holder, purpose, until } = found
  if (typeof holder !== 'string' || typeof purpose !== 'string' || typeof until !== 'number' || until > LAST_DATE_MS)
    throw new Corrupt(
      `The lease ${name} cannot be read: see that nobody works on the lake, and delete the item ${statePartition.lease(name)} of the state table.`,
    )
  return until + CLOCKS_DIFFER_MS <= now ? undefined : { name, holder, purpose, until }
}

/** Takes the lease for this long, milliseconds; gives who has it where somebody else does. */
export async function takeLease(
  ports: LeasePorts,
  name: LeaseName,
  purpose: string,
  forMs: number,
): Promise<{ readonly taken: Lease } | { readonly held: Lease | undefined }> {
  const found = await ports.state.get(leaseKey(name))
  const held = live(name, found, ports.clock.now())
  if (held) return { held }
  const lease: Lease = { name, holder: ports.ids.uuid(), purpose, until: ports.clock.now() + forMs }
  try {
    await transactAgain(ports, [put(lease, asSeen(found))], ports.ids.uuid())
    return { taken: lease }
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    return { held: await leaseHeld(ports, name) }
  }
}

/**
 * The lease for as long again. @throws TradelakeError where it was lost to somebody else, or is over: nobody may have taken it, but
 * those whom it kept out have worked since
 */
export async function renewLease(ports: LeasePorts, lease: Lease, forMs: number): Promise<Lease> {
  const now = ports.clock.now()
  if (now >= lease.until) throw lost(lease)
  const renewed = { ...lease, until: now + forMs }
  try {
    await transactAgain(ports, [put(renewed, heldBy(lease))], ports.ids.uuid())
    return renewed
  } catch (error) {
    if (error instanceof Conflict) throw lost(lease)
    throw error
  }
}

/** Gives the lease back; nothing happens where it was lost. */
export async function releaseLease(ports: LeasePorts, lease: Lease): Promise<void> {
  try {
    await transactAgain(ports, [{ kind: 'remove', key: leaseKey(lease.name), when: heldBy(lease) }], ports.ids.uuid())
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
  }
}

/** Keeps a function from working while somebody has the lake to himself. @throws Paused */
export async function requireUnpaused(ports: Pick<Ports, 'state' | 'clock'>): Promise<void> {
  const held = await leaseHeld(ports, 'lake')
  if (held) throw paused(held)
}

/**
 * The ports of a function that runs for so long that nobody can wait for its end: each of its transactions holds only while nobody has
 * taken the lake since now. @throws Paused now, or at a transaction
 */
export async function unlessPaused<Some extends Pick<Ports, 'state' | 'clock'>>(ports: Some): Promise<Some> {
  const key = leaseKey('lake')
  const seen = await ports.state.get(key)
  const held = live('lake', seen, ports.clock.now())
  if (held) throw paused(held)
  const check: Write = { kind: 'check', key, when: asSeen(seen) }
  return { ...ports, state: checked(ports, check, found => paused(found && live('lake', found, 0))) }
}

/**
 * The ports of a lease's holder: its own functions find the lake free, and a transaction is refused once the lease is lost.
 * `current` gives the lease as it was renewed last.
 */
export function asHolder<Some extends Pick<Ports, 'state' | 'clock'>>(ports: Some, current: () => Lease): Some {
  const key = leaseKey(current().name)
  const isKey = (other: Key) => other.partition === key.partition && other.sort === key.sort
  const state: StateStore = {
    ...ports.state,
    get: async asked => (isKey(asked) ? undefined : ports.state.get(asked)),
    async transact(writes, token) {
      const lease = current()
      if (ports.clock.now() >= lease.until) throw lost(lease)
      const check: Write = { kind: 'check', key, when: heldBy(lease) }
      await checked(ports, check, () => lost(lease)).transact(writes, token)
    },
  }
  return { ...ports, state }
}

/** The store, each of whose transactions holds under one more condition; where that fails, `otherwise` says what it means. */
function checked(
  ports: Pick<Ports, 'state' | 'clock'>,
  check: Write,
  otherwise: (found: Attributes | undefined) => TradelakeError,
): StateStore {
  return {
    ...ports.state,
    async transact(writes, token) {
      try {
        await transactAgain(ports, [...writes, check], token)
      } catch (error) {
        if (error instanceof Conflict && error.index === writes.length) throw otherwise(error.found as Attributes)
        throw error
      }
    },
  }
}

/**
 * The transaction, sent again where it met another one on its items: all that checks or moves a lease names one item. Such a refusal says
 * nothing about the conditions.
 */
async function transactAgain(
  { state, clock }: Pick<Ports, 'state' | 'clock'>,
  writes: readonly Write[],
  token: string,
): Promise<void> {
  for (let collisions = 0; ; collisions++)
    try {
      return await state.transact(writes, token)
    } catch (error) {
      if (!(error instanceof Conflict) || error.index >= 0 || collisions === COLLISIONS) throw error
      await clock.sleep(pauseMs(COLLISION, collisions))
    }
}

function put({ name, holder, purpose, until }: Lease, when: Condition): Write {
  return { kind: 'put', item: { key: leaseKey(name), attributes: { holder, purpose, until } }, when }
}

function heldBy({ holder }: Lease): Condition {
  return { is: 'matching', attributes: { holder } }
}

function asSeen(found: Attributes | undefined): Condition {
  return found ? { is: 'matching', attributes: { holder: found.holder, until: found.until } } : { is: 'absent' }
}

function lost({ purpose }: Lease): TradelakeError {
  return new TradelakeError(`The lease for ${purpose} was lost before its work was done: run the command again.`)
}

function paused(held: Lease | undefined): Paused {
  const who = held
    ? `${held.purpose} has the lake to itself until ${new Date(held.until).toISOString()}`
    : 'somebody has the lake to itself'
  return new Paused(`Nothing more was done, as ${who}: what is left is done when it comes again.`)
}
