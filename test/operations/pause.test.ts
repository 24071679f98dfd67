/** A command that has a deployed lake to itself. */
import { expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { leaseHeld, takeLease } from '../../domain/lease.ts'
import type { WritableLake } from '../../embedded/lake.ts'
import { alone } from '../../operations/pause.ts'
import { memoryLake } from '../functions/support.ts'

const MINUTE = 60_000
const put = (sort: string) => ({
  kind: 'put' as const,
  item: { key: { table: 'state' as const, partition: 'things', sort }, attributes: { of: 'the test' } },
})

/** Whoever sleeps lets the others go on. */
function deployed() {
  const { ports, clock } = memoryLake()
  const sleep = async (ms: number) => {
    const until = clock.now() + ms
    while (clock.now() < until) {
      await new Promise(resolve => setImmediate(resolve))
      clock.advance(100)
    }
  }
  const lake: WritableLake = {
    exchanges: EXCHANGES,
    ports: { ...ports, clock: { ...clock, sleep } },
    topics: { poll: async () => undefined, acknowledge: async () => {}, ends: async () => [] },
    settings: { retention: {} },
    close: () => {},
  }
  return { lake, clock, ports: lake.ports, sleep }
}

test('begins when no invocation from before can still be at work', async () => {
  const { lake, ports } = deployed()
  const began = ports.clock.now()
  const told: string[] = []
  const waited = await alone(
    lake,
    'a repair',
    line => told.push(line),
    async () => ports.clock.now() - began,
  )
  // The longest function but maintenance may run for two minutes, and its last request arrive some seconds later.
  expect(waited).toBeGreaterThanOrEqual(130_000)
  expect(told).toEqual([expect.stringMatching(/^The functions are paused; waiting until 2026-11-20T12:02:10/)])
  expect(await leaseHeld(ports, 'lake')).toBeUndefined()
})

test('keeps the lake for as long as the work takes, and gives it back when that fails', async () => {
  const { lake, ports, sleep } = deployed()
  const work = alone(
    lake,
    'a repair',
    () => {},
    async held => {
      await sleep(30 * MINUTE)
      expect(await leaseHeld(ports, 'lake')).toMatchObject({ purpose: 'a repair' })
      await held.ports.state.transact([put('late')], 'token-1')
      throw new Error('no')
    },
  )
  await expect(work).rejects.toThrow('no')
  expect(await ports.state.query('state', 'things')).toHaveLength(1)
  expect(await leaseHeld(ports, 'lake')).toBeUndefined()
})

test('is refused while another has the lake, and says who', async () => {
  const { lake, ports } = deployed()
  await takeLease(ports, 'lake', 'another repair', MINUTE)
  await expect(
    alone(
      lake,
      'a repair',
      () => {},
      async () => 1,
    ),
  ).rejects.toThrow(
    'another repair has the lake to itself: wait for its end, or until 2026-11-20T12:01:00.000Z if it was killed.',
  )
})

test('whose lease is taken away does not commit', async () => {
  const { lake, ports } = deployed()
  const work = alone(
    lake,
    'a repair',
    () => {},
    async held => {
      const [{ key, attributes }] = await ports.state.query('state', 'lease#lake')
      await ports.state.transact(
        [{ kind: 'put', item: { key, attributes: { ...attributes, holder: 'another' } } }],
        'token-1',
      )
      await held.ports.state.transact([put('late')], 'token-2')
    },
  )
  await expect(work).rejects.toThrow(/The lease for a repair was lost/)
  expect(await ports.state.query('state', 'things')).toEqual([])
})
