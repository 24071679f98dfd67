/** Leases: one holder at a time, for as long as it says, whatever happens to it. */
import { expect, test } from 'vitest'
import { Conflict, Corrupt, Paused } from '../../domain/errors.ts'
import {
  asHolder,
  type Lease,
  leaseHeld,
  MAX_WORK_WRITES,
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
  clock.advance(MARGIN)
  lease = await taken(ports)
  await held.state.transact([item('three')], 'token-3')
  clock.advance(MINUTE + MARGIN)
  await taken(ports)
  // A holder whose clock stood still meanwhile.
  const late = asHolder({ ...ports, clock: { ...clock, now: () => lease.until - 1 } }, () => lease)
  await expect(late.state.transact([item('four')], 'token-4')).rejects.toThrow(/was lost/)
  expect(await things(ports)).toEqual(['one', 'three'])
})

test('that is over is not renewed, though nobody took it: those whom it kept out have worked since', async () => {
  const { ports, clock } = memoryLake()
  const lease = await taken(ports)
  clock.advance(MINUTE)
  await expect(renewLease(ports, lease, MINUTE)).rejects.toThrow(/was lost before its work was done/)
  clock.advance(MARGIN)
  await requireUnpaused(ports)
})

test('that meets another transaction is taken, renewed, checked and given back all the same', async () => {
  const { ports } = memoryLake()
  let tries = 0
  const { state } = ports
  const busy: Ports = {
    ...ports,
    state: {
      ...state,
      async transact(writes, token) {
        // What DynamoDB says of a transaction on items that are in another one: each is refused twice.
        if (++tries % 3 !== 0) throw new Conflict('Another transaction touched the same items.', -1)
        await state.transact(writes, token)
      },
    },
  }
  await (await unlessPaused(busy)).state.transact([item('one')], 'token-1')
  const lease = await renewLease(busy, await taken(busy), MINUTE)
  await asHolder(busy, () => lease).state.transact([item('two')], 'token-2')
  await releaseLease(busy, lease)
  expect(await leaseHeld(ports, 'lake')).toBeUndefined()
  expect(await things(ports)).toEqual(['one', 'two'])
})

test('leaves room for as many writes as the lake’s own work has', async () => {
  const { ports } = memoryLake()
  const lease = await taken(ports)
  const writes = Array.from({ length: MAX_WORK_WRITES }, (_, i) => item(`${i}`))
  await asHolder(ports, () => lease).state.transact(writes, 'token-1')
  await releaseLease(ports, lease)
  await (await unlessPaused(ports)).state.transact(writes, 'token-2')
})

test.each([
  ['no end', { holder: 'somebody', purpose: 'a repair' }],
  ['an end that is text', { holder: 'somebody', purpose: 'a repair', until: 'soon' }],
  ['an end that no date has', { holder: 'somebody', purpose: 'a repair', until: 9e15 }],
  ['no holder', { purpose: 'a repair', until: 5e12 }],
])('with %s stops everybody, and says which item to delete', async (_, attributes) => {
  const { ports } = memoryLake()
  const key = { table: 'state', partition: 'lease#lake', sort: 'holder' } as const
  await ports.state.transact([{ kind: 'put', item: { key, attributes } }], 'token-1')
  const message = /The lease lake cannot be read: .* delete the item lease#lake of the state table\./
  for (const asked of [leaseHeld(ports, 'lake'), requireUnpaused(ports), unlessPaused(ports), taken(ports)]) {
    await expect(asked).rejects.toThrow(Corrupt)
    await expect(asked).rejects.toThrow(message)
  }
})
