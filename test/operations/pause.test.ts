/** A command that has a deployed lake to itself. */
import { expect, test } from 'vitest'
import { Throttled } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { leaseHeld, takeLease } from '../../domain/lease.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import type { WritableLake } from '../../embedded/lake.ts'
import { createTable, loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { alone } from '../../operations/pause.ts'
import { inSession } from '../../operations/repair/live.ts'
import { acceptLosses, type Gone, noteLosses, recordGone, settleLosses } from '../../operations/repair/losses.ts'
import { mendTable } from '../../operations/repair/tables.ts'
import { memoryLake, testEngine } from '../functions/support.ts'

const MINUTE = 60_000
const NO_BOUNDS = {
  columnSizes: {},
  valueCounts: {},
  nullCounts: {},
  lowerBounds: {},
  upperBounds: {},
  splitOffsets: [],
}
const put = (sort: string) => ({
  kind: 'put' as const,
  item: { key: { table: 'state' as const, partition: 'things', sort }, attributes: { of: 'the test' } },
})

const engine = await testEngine()

/** Whoever sleeps lets the others go on. */
function deployed() {
  const memory = memoryLake({ engine })
  const { ports, clock } = memory
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
  return { lake, memory, clock, ports: lake.ports, sleep }
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

test('on a machine that slept through its lease does nothing more, though nobody took it meanwhile', async () => {
  const { lake, clock, ports, sleep } = deployed()
  const work = alone(
    lake,
    'a repair',
    () => {},
    async held => {
      clock.advance(20 * MINUTE)
      // Time to renew.
      await sleep(2 * MINUTE)
      await held.ports.state.transact([put('late')], 'token-1')
    },
  )
  await expect(work).rejects.toThrow(/The lease for a repair was lost/)
  expect(await ports.state.query('state', 'things')).toEqual([])
})

test.each(['done', 'failed'])('says how its work ended (%s) where the lease cannot be given back', async how => {
  const { lake, memory } = deployed()
  memory.before = ({ writes }) => {
    if (writes.some(({ kind }) => kind === 'remove')) throw new Throttled('DynamoDB asks to back off.')
  }
  const told: string[] = []
  const work = alone(
    lake,
    'a repair',
    line => told.push(line),
    async () => {
      if (how === 'failed') throw new Error('failed')
      return 'done'
    },
  )
  expect(await work.catch(error => error.message)).toBe(how)
  expect(told[1]).toMatch(
    /^The lease was not given back: the functions go on at 2026-11-20T12:0\d:\d\d\.\d+Z\. DynamoDB asks to back off\.$/,
  )
})

test('notes more losses than a transaction takes', async () => {
  const { lake, ports } = deployed()
  const gone = (n: number): Gone => {
    return { definition: GOLD_TABLE, file: undefined, key: `file-${n}`, rows: 1, rowsBefore: 120, reason: 'a test' }
  }
  for (const from of [0, 60])
    await ports.state.transact(
      await recordGone(
        ports,
        Array.from({ length: 60 }, (_, i) => gone(from + i)),
      ),
      ports.ids.uuid(),
    )
  await alone(
    lake,
    'a repair',
    () => {},
    async held => {
      await noteLosses(held.ports)
      expect(await ports.state.query('state', 'lost_times')).toHaveLength(120)
      await acceptLosses(held.ports)
      await settleLosses(held.ports, [])
    },
  )
  expect(await ports.state.query('state', 'lost_times')).toHaveLength(120)
})

test('takes more unreadable files out of a table than a transaction takes, and forgets them where their rows are there again', async () => {
  const { lake, ports } = deployed()
  const table = await createTable(ports, GOLD_TABLE)
  const partition = { exchange_date: 20_000, exchange_hour: 3 }
  const file = (n: number): DataFile => {
    return { key: `tables/gold_crypto_trades/data/${n}.parquet`, bytes: 100, records: 1, partition, ...NO_BOUNDS }
  }
  const add = Array.from({ length: 250 }, (_, i) => file(i))
  const { write } = await stageSnapshot(ports, { table, add, operation: 'append' })
  await ports.state.transact([write], 'token-1')
  const done = await alone(
    lake,
    'a repair',
    () => {},
    held => inSession(held.ports, session => mendTable(held.ports, session, GOLD_TABLE)),
  )
  expect(done).toHaveLength(250)
  expect(await planFiles(ports, await loadTable(ports, GOLD_TABLE.name))).toEqual([])
  expect(await ports.state.query('state', 'lost_times')).toHaveLength(250)
  const mended = await stageSnapshot(ports, {
    table: await loadTable(ports, GOLD_TABLE.name),
    add,
    operation: 'append',
  })
  await ports.state.transact([mended.write], 'token-2')
  await alone(
    lake,
    'a repair',
    () => {},
    held => settleLosses(held.ports, [GOLD_TABLE]),
  )
  expect(await ports.state.query('state', 'lost_times')).toEqual([])
})

test.each(['waits', 'works'])('gives the lake back at once when it is asked to end while it %s', async when => {
  const { lake, ports } = deployed()
  let ask = () => {}
  const asked = new Promise<void>(resolve => (ask = resolve))
  let late: Promise<void> | undefined
  const work = alone(
    lake,
    'a repair',
    () => {
      if (when === 'waits') ask()
    },
    async held => {
      ask()
      await new Promise(resolve => setImmediate(resolve))
      late = held.ports.state.transact([put('late')], 'token-1')
      await late
    },
    asked,
  )
  const began = ports.clock.now()
  await expect(work).rejects.toThrow(
    'a repair was stopped, and the lake is given back: run it again, it goes on from what is done.',
  )
  if (when === 'waits') expect(ports.clock.now() - began).toBeLessThan(5_000)
  expect(await leaseHeld(ports, 'lake')).toBeUndefined()
  await late?.catch(error => expect(error.message).toMatch(/was lost/))
})
