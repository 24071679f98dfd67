/** A backup's items in the place of a lake's own. */
import { expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import { leaseHeld, takeLease } from '../../domain/lease.ts'
import type { Item, Ports } from '../../domain/ports.ts'
import type { Progress } from '../../domain/progress.ts'
import { restoreTable } from '../../operations/restore.ts'
import { memoryLake } from '../functions/support.ts'

const item = (partition: string, sort: string, value: string): Item => ({
  key: { table: 'state', partition, sort },
  attributes: { value },
})
const listed = (...items: Item[]) =>
  async function* () {
    yield* items
  }
const put = (ports: Ports, items: readonly Item[]) =>
  ports.state.transact(
    items.map(each => ({ kind: 'put', item: each })),
    ports.ids.uuid(),
  )
const all = async (ports: Ports, partitions: readonly string[]) =>
  (await Promise.all(partitions.map(partition => ports.state.query('state', partition)))).flat()

test('the table holds what the backup holds, and its leases are left as they are', async () => {
  const { ports } = memoryLake()
  const backup = Array.from({ length: 60 }, (_, i) => item(`p${i % 3}`, `${i}`.padStart(2, '0'), 'then'))
  const now = [
    ...backup.slice(0, 30).map(({ key }) => ({ key, attributes: { value: 'now' } })),
    ...Array.from({ length: 40 }, (_, i) => item('later', `${i}`.padStart(2, '0'), 'now')),
  ]
  await put(ports, now)
  await takeLease(ports, 'lake', 'tradelake restore', 60_000)
  const [lease] = await ports.state.query('state', 'lease#lake')
  const old: Item = { key: lease.key, attributes: { ...lease.attributes, purpose: 'a repair of yesterday' } }
  const told: (string | number | undefined)[][] = []
  const progress: Progress = {
    begin: (part, unit, total) => told.push([part, unit, total, 0]),
    add: count => told.at(-1)?.push(Number(told.at(-1)?.pop()) + count),
    at() {},
  }
  const from = { backup: listed(old, ...backup), now: listed(lease, ...now) }
  expect(await restoreTable({ ports }, 'state', from, progress)).toEqual({
    table: 'state',
    put: 60,
    removed: 40,
    users: [],
  })
  expect(told).toEqual([
    ['Reading the state table', 'item', undefined, 71],
    ['Putting the backup of the state table', 'item', undefined, 60],
    ['Removing what the backup of the state table lacks', 'item', 40, 40],
  ])
  const found = await all(ports, ['p0', 'p1', 'p2', 'later'])
  expect(found).toHaveLength(60)
  expect(found.every(({ attributes }) => attributes.value === 'then')).toBe(true)
  expect((await leaseHeld(ports, 'lake'))?.purpose).toBe('tradelake restore')
})

test('a backup without items is refused, and changes nothing', async () => {
  const { ports } = memoryLake()
  const now = [item('p', '1', 'now')]
  await put(ports, now)
  const restored = restoreTable({ ports }, 'state', { backup: listed(), now: listed(...now) })
  await expect(restored).rejects.toThrow(BadInput)
  expect(await all(ports, ['p'])).toEqual(now)
})

test('which users’ tables were set back, removed or brought back is said, with the files where they stood', async () => {
  const { ports } = memoryLake()
  const pointer = (partition: string, sort: string, location: string): Item => ({
    key: { table: 'catalog', partition, sort },
    attributes: { v: location, 'p.metadata_location': location },
  })
  const same = pointer('research.same', 'research', 's3://lake/same/1')
  const backup = [
    ...[
      same,
      pointer('research.older', 'research', 's3://lake/older/1'),
      pointer('a.b.dropped', 'a.b', 's3://lake/d/1'),
    ],
    pointer('market_data.gold_crypto_trades', 'market_data', 's3://lake/gold/1'),
    { key: { table: 'catalog' as const, partition: 'PURGES', sort: 's3://lake/x' }, attributes: { v: '1', at: 1 } },
  ]
  const now = [
    ...[
      same,
      pointer('research.older', 'research', 's3://lake/older/2'),
      pointer('research.new%2E1', 'research', 's3://lake/new/1'),
    ],
    pointer('market_data.gold_crypto_trades', 'market_data', 's3://lake/gold/2'),
  ]
  await put(ports, now)
  const { users } = await restoreTable({ ports }, 'catalog', { backup: listed(...backup), now: listed(...now) })
  expect(users).toEqual([
    'research.older was set back to s3://lake/older/1: register s3://lake/older/2, where it stood, in its place if that is the newer one',
    'a.b.dropped is at s3://lake/d/1 again: drop it, if it was dropped since the backup',
    'research.new.1 is gone, as the backup lacks it: register s3://lake/new/1, where it stood',
  ])
  // What was to be deleted then may be another table's folder now.
  expect(await ports.state.query('catalog', 'PURGES')).toEqual([])
})
