/** A command on a deployed lake makes room for a repair, as the functions do. */
import { expect, test } from 'vitest'
import { placeOn } from '../../cli/work-lake.ts'
import { Paused } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { leaseHeld, takeLease } from '../../domain/lease.ts'
import type { Write } from '../../domain/ports.ts'
import type { WritableLake } from '../../embedded/lake.ts'
import { memoryLake } from '../functions/support.ts'

const MINUTE = 60_000
const put: Write = {
  kind: 'put',
  item: { key: { table: 'state', partition: 'things', sort: 'one' }, attributes: { of: 'the test' } },
}

function place() {
  const { ports } = memoryLake()
  const lake: WritableLake = {
    exchanges: EXCHANGES,
    ports,
    topics: { poll: async () => undefined, acknowledge: async () => {}, ends: async () => [] },
    settings: { retention: {} },
    close: () => {},
  }
  return { ports, ...placeOn(lake, async () => {}) }
}

test('beside the functions a command does not begin while a repair has the lake, and is told until when', async () => {
  const { ports, beside } = place()
  await takeLease(ports, 'lake', 'a repair', MINUTE)
  const work = beside(lake => lake.ports.state.transact([put], 'token-1'))
  await expect(work).rejects.toThrow(
    'a repair has the lake to itself: wait for its end, or until 2026-11-20T12:01:00.000Z if it was killed.',
  )
  expect(await ports.state.query('state', 'things')).toEqual([])
})

test('beside the functions a command commits nothing once a repair has taken the lake', async () => {
  const { ports, beside } = place()
  const work = beside(async lake => {
    await takeLease(ports, 'lake', 'a repair', MINUTE)
    await lake.ports.state.transact([put], 'token-1')
  })
  await expect(work).rejects.toThrow(Paused)
  expect(await ports.state.query('state', 'things')).toEqual([])
})

test('beside the functions a command keeps nobody out', async () => {
  const { ports, beside } = place()
  await beside(async lake => {
    await lake.ports.state.transact([put], 'token-1')
    expect(await leaseHeld(ports, 'lake')).toBeUndefined()
  })
  expect(await ports.state.query('state', 'things')).toHaveLength(1)
})
