/** Leases: one holder at a time, for as long as it says, whatever happens to it. */
import { expect, test } from 'vitest'
import { Conflict, Paused } from '../../domain/errors.ts'
import {
  asHolder,
  type Lease,
  leaseHeld,
  releaseLease,
  renewLease,
  requireUnpaused,
  takeLease,
  unlessPaused,
} from '../../domain/lease.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import { memoryLake } from '../functions/support.ts'

const MINUTE = 60_000
/** How far clocks of two machines may differ. */
const MARGIN = 10_000

async function taken(ports: Ports, name: 'lake' | 'gold' = 'lake', forMs = MINUTE): Promise<Lease> {
  const outcome = await takeLease(ports, name, 'a test', forMs)
  if (!('taken' in outcome)) throw new Error(`held until ${outcome.held?.until}`)
  return outcome.taken
}

const item = (sort: string): Write => ({
  kind: 'put',
  item: { key: { table: 'state', partition: 'things', sort }, attributes: { of: 'the test' } },
})
const things = async (ports: Ports) => (await ports.state.query('state', 'things')).map(({ key }) => key.sort)

test('is one holder’s until it is given back, and another name’s is another lease', async () => {
  const { ports } = memoryLake()
  const lease = await taken(ports)
  expect(await takeLease(ports, 'lake', 'another', MINUTE)).toEqual({ held: lease })
  await taken(ports, 'gold')
  await releaseLease(ports, lease)
  expect(await leaseHeld(ports, 'lake')).toBeUndefined()
  await taken(ports)
})

test('of two who take it at once one has it', async () => {
  const { ports } = memoryLake()
  const outcomes = await Promise.all(['one', 'two', 'three'].map(who => takeLease(ports, 'lake', who, MINUTE)))
  expect(outcomes.filter(outcome => 'taken' in outcome)).toHaveLength(1)
})

test('ends by itself, for others some seconds later than for its holder', async () => {
  const { ports, clock } = memoryLake()
  const lease = await taken(ports)
  clock.advance(MINUTE + MARGIN - 1)
  expect(await leaseHeld(ports, 'lake')).toEqual(lease)
  clock.advance(1)
  expect(await leaseHeld(ports, 'lake')).toBeUndefined()
  const next = await taken(ports)
  // Its old holder neither has it nor takes it away.
  await expect(renewLease(ports, lease, MINUTE)).rejects.toThrow(/was lost before its work was done/)
  await releaseLease(ports, lease)
  expect(await leaseHeld(ports, 'lake')).toEqual(next)
})

test('is renewed by its holder alone', async () => {
  const { ports, clock } = memoryLake()
  const lease = await taken(ports)
  clock.advance(MINUTE / 2)
  const renewed = await renewLease(ports, lease, MINUTE)
  expect(renewed.until - lease.until).toBe(MINUTE / 2)
  clock.advance(MINUTE - 1)
  expect(await leaseHeld(ports, 'lake')).toEqual(renewed)
})

test('of the lake keeps functions out, and says who has it and for how long', async () => {
  const { ports, clock } = memoryLake()
  await requireUnpaused(ports)
  const lease = await taken(ports)
  const until = new Date(lease.until).toISOString()
  await expect(requireUnpaused(ports)).rejects.toThrow(Paused)
  await expect(requireUnpaused(ports)).rejects.toThrow(`a test has the lake to itself until ${until}`)
  await expect(unlessPaused(ports)).rejects.toThrow(Paused)
  clock.advance(MINUTE + MARGIN)
  await requireUnpaused(ports)
})

test('that is taken while a long function works stops its next transaction, which writes nothing', async () => {
  const { ports } = memoryLake()
  const working = await unlessPaused(ports)
  await working.state.transact([item('before')], 'token-1')
  await taken(ports)
  await expect(working.state.transact([item('after')], 'token-2')).rejects.toThrow(Paused)
  expect(await things(ports)).toEqual(['before'])
})

test('that a killed holder left behind is in no long function’s way, until another takes the lake', async () => {
  const { ports, clock } = memoryLake()
  await taken(ports)
  clock.advance(MINUTE + MARGIN)
  const working = await unlessPaused(ports)
  await working.state.transact([item('one')], 'token-1')
  await taken(ports)
  await expect(working.state.transact([item('two')], 'token-2')).rejects.toThrow(Paused)
})

test('a conflict of a long function’s own stays a conflict', async () => {
  const { ports } = memoryLake()
  const working = await unlessPaused(ports)
  await working.state.transact([item('one')], 'token-1')
  const again: Write = { ...item('one'), when: { is: 'absent' } } as Write
  await expect(working.state.transact([again], 'token-2')).rejects.toThrow(Conflict)
})

test('its holder finds the lake free, and commits nothing once it is lost', async () => {
  const { ports, clock } = memoryLake()
  let lease = await taken(ports)
  const held = asHolder(ports, () => lease)
  await requireUnpaused(held)
  await held.state.transact([item('one')], 'token-1')
  // Over by its own clock, though nobody took it.
  clock.advance(MINUTE)
  await expect(held.state.transact([item('two')], 'token-2')).rejects.toThrow(/was lost/)
  lease = await renewLease(ports, lease, MINUTE)
  await held.state.transact([item('three')], 'token-3')
  clock.advance(MINUTE + MARGIN)
  await taken(ports)
  // A holder whose clock stood still meanwhile.
  const late = asHolder({ ...ports, clock: { ...clock, now: () => lease.until - 1 } }, () => lease)
  await expect(late.state.transact([item('four')], 'token-4')).rejects.toThrow(/was lost/)
  expect(await things(ports)).toEqual(['one', 'three'])
})
