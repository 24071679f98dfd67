/**
 * What a batch asks for and makes at each stage, in counts that do not depend on the machine. None may grow by over 5 % unless counters.json
 * says so in the same commit: UPDATE_COUNTERS=1 writes it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { folderStore } from '../../adapters/folder-store.ts'
import { sqliteState } from '../../adapters/sqlite-state.ts'
import { type Counts, counting, nothingCounted } from '../../bench/counted.ts'
import { benchEngine } from '../../bench/lake.ts'
import { draftKafkaEvent, type KafkaEvent } from '../../domain/events.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { consumers, topicName } from '../../domain/names.ts'
import { listPending } from '../../domain/pending.ts'
import type { Ports } from '../../domain/ports.ts'
import { tradeStream } from '../../domain/streams.ts'
import { committedTables } from '../../domain/tables.ts'
import { ingest } from '../../functions/bronze/bronze.ts'
import { commitTable } from '../../functions/commit/commit.ts'
import { unify } from '../../functions/gold/gold.ts'
import { foldPending } from '../../functions/ohlcv/ohlcv.ts'
import { cachedSchemas } from '../../functions/silver/schemas.ts'
import { refine } from '../../functions/silver/silver.ts'
import { createMarket } from '../records/market.ts'
import { allocatedBy } from './allocations.ts'
import { memoryLake } from './support.ts'

const EXPECTED = new URL('counters.json', import.meta.url)
const GROWTH = 1.05
const MESSAGES = 2_000
/** The first batches make tables and fill caches. */
const WARM_UPS = 3
const NEVER = Number.POSITIVE_INFINITY
const [EXCHANGE] = EXCHANGES

const COUNTED = ['puts', 'putBytes', 'gets', 'transactions', 'writeUnits', 'readUnits'] as const
type StageCounters = Record<(typeof COUNTED)[number] | 'fsyncs' | 'allocatedPerMessage', number>

let folder: string
let found: Record<string, StageCounters>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tradelake-counters-'))
  found = await countedBatch()
})
afterAll(() => rmSync(folder, { recursive: true }))

test('no counter of a batch has grown by over 5 %', () => {
  if (process.env.UPDATE_COUNTERS) writeFileSync(EXPECTED, `${JSON.stringify(found, undefined, 2)}\n`)
  const expected = JSON.parse(readFileSync(EXPECTED, 'utf8')) as typeof found
  expect(Object.keys(found)).toEqual(Object.keys(expected))
  const grown = Object.entries(found).flatMap(([stage, counters]) =>
    Object.entries(counters).flatMap(([name, count]) => {
      const before = expected[stage][name as keyof StageCounters]
      return count > before * GROWTH ? [`${stage} ${name}: ${count}, expected ${before}`] : []
    }),
  )
  expect(grown).toEqual([])
})

test('the counters count: each stage writes files, syncs them with their folders, and commits', () => {
  for (const [stage, { puts, putBytes, transactions, fsyncs, allocatedPerMessage }] of Object.entries(found)) {
    expect(puts, stage).toBeGreaterThan(0)
    expect(putBytes, stage).toBeGreaterThan(1_000)
    expect(transactions, stage).toBeGreaterThan(0)
    // A file and its folder.
    expect(fsyncs, stage).toBeGreaterThanOrEqual(puts * 2)
    expect(allocatedPerMessage, stage).toBeGreaterThan(0)
  }
})

/** Runs batches over files and SQLite, whose clock and names are those of a lake in memory; counts the last one. */
async function countedBatch(): Promise<Record<string, StageCounters>> {
  const engine = await benchEngine()
  const { ports: memory, clock } = memoryLake({ engine })
  const state = sqliteState(join(folder, 'state.sqlite'), { clock: memory.clock })
  const store = folderStore(join(folder, 'objects'))
  let counts: Counts = nothingCounted()
  const ports = counting({ ...memory, store, state }, () => counts, () => {}, new Map()) // biome-ignore format: short
  const schemas = cachedSchemas(ports.registry, ports.clock)
  const stages = stagesOf(ports, schemas)
  const counters: Record<string, StageCounters> = {}
  const syncs = await watchSyncs()
  for (const event of batches(clock.now())) {
    clock.advance(60_000)
    for (const [name, run] of Object.entries(stages)) {
      counts = nothingCounted()
      syncs.mockClear()
      const allocated = await allocatedBy(() => run(event))
      counters[name] = {
        ...(Object.fromEntries(COUNTED.map(each => [each, counts[each]])) as StageCounters),
        fsyncs: syncs.mock.calls.length,
        allocatedPerMessage: Math.round(allocated / MESSAGES),
      }
    }
  }
  syncs.mockRestore()
  state.close()
  engine.close()
  return counters
}

function stagesOf(ports: Ports, schemas: ReturnType<typeof cachedSchemas>) {
  return {
    bronze: (event: KafkaEvent) => ingest(ports, tradeStream(EXCHANGE), event),
    async silver() {
      const objects = await listPending(ports, consumers.silver(EXCHANGE.name), 10)
      const keys = objects.map(({ id }) => id)
      const { valid, invalid, failures } = await refine(ports, EXCHANGE, schemas, keys)
      expect([valid + invalid, failures]).toEqual([MESSAGES, []])
    },
    async commit() {
      for (const table of committedTables(EXCHANGES)) await commitTable(ports, table, NEVER)
    },
    gold: () => unify(ports, NEVER),
    candles: () => foldPending(ports, NEVER),
  }
}

/** Every file and folder that is synced: they are all handles of one prototype. */
async function watchSyncs() {
  const handle = await open(folder)
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  return vi.spyOn(prototype, 'sync')
}

/** The events of a market, so many messages in each. */
function* batches(startMs: number): Generator<KafkaEvent> {
  const start = { seed: 5, startMicros: BigInt(startMs) * 1000n, ratePerSecond: 50 }
  const market = createMarket({ ...start, exchange: EXCHANGE, partitions: 4 })
  const offsets = new Map<number, number>()
  let tick = 0
  let waiting: ReturnType<typeof market.tick>[number][] = []
  for (let batch = 0; batch <= WARM_UPS; batch++) {
    while (waiting.length < MESSAGES) waiting = [...waiting, ...market.tick(tick++)]
    const draft = draftKafkaEvent(topicName(EXCHANGE.name), { eventSource: 'aws:kafka' })
    for (const message of waiting.slice(0, MESSAGES)) {
      const offset = offsets.get(message.partition) ?? 0
      offsets.set(message.partition, offset + 1)
      draft.add({ ...message, offset })
    }
    waiting = waiting.slice(MESSAGES)
    yield draft.event()
  }
}
