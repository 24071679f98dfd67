/**
 * Lineage beside commits: each is told once, and a server that is slow, refuses or is gone neither delays nor fails them. The commits are
 * real, of the catalog over a store in memory; the server is a real one at a local port.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLineage, type Lineage, type LineageOptions } from '../../adapters/openlineage.ts'
import { lineageSink } from '../../adapters/openlineage-sinks.ts'
import type { Ports, StateStore } from '../../domain/ports.ts'
import { allTables, GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { createTable, findTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { BINANCE, memoryLake } from '../functions/support.ts'
import { type LineageServer, lineageServer } from './openlineage-server.ts'

const TABLES = allTables()

interface Said {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

let server: LineageServer
let said: Said[]
let metrics: Map<string, number>
let opened: Lineage[]

beforeEach(async () => {
  server = await lineageServer()
  said = []
  metrics = new Map()
  opened = []
})
afterEach(async () => {
  server.release(201)
  await server.close()
  for (const lineage of opened) await lineage.close()
})

function lineageTo(url: string, more: Partial<LineageOptions> = {}): Lineage {
  const sink = lineageSink(url, {})
  if (!sink) throw new Error('There is no sink.')
  const say = (level: string) => (message: string, fields: object) =>
    said.push({ level, message, fields: { ...fields } })
  const telemetry = {
    log: { info: say('info'), warn: say('warn'), error: say('error') },
    metrics: {
      addMetric: (name: string, _: string, value: number) => metrics.set(name, (metrics.get(name) ?? 0) + value),
      publishStoredMetrics() {},
    },
  }
  const backoff = { firstMs: 1, lastMs: 2 }
  const lineage = createLineage({ sink, clock: memoryLake().clock, telemetry, backoff, ...more })
  opened.push(lineage)
  return lineage
}

const completed = () =>
  server.events.filter(({ eventType }) => eventType === 'COMPLETE').map(({ job, outputs }) => ({ job, outputs }))
const jobs = () => completed().map(({ job }) => job.name)

async function makeAll(ports: Ports): Promise<void> {
  for (const table of TABLES) await createTable(ports, table)
}

async function thereAre(ports: Ports): Promise<number> {
  const found = await Promise.all(TABLES.map(({ name }) => findTable(ports, name)))
  return found.filter(Boolean).length
}

describe('what is told', () => {
  test('is every commit of a table, in order, each as a beginning and an end', async () => {
    const lineage = lineageTo(server.url)
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await makeAll(ports)
    await lineage.flush(10_000)
    expect(server.events.map(({ eventType }) => eventType)).toEqual(TABLES.flatMap(() => ['START', 'COMPLETE']))
    expect(jobs().slice(0, 4)).toEqual([
      'bronze.bronze_binance_trades',
      'bronze.bronze_kraken_trades',
      'bronze.bronze_coinbase_trades',
      'silver.silver_binance_trades',
    ])
    expect(jobs()).toHaveLength(TABLES.length)
    expect(said).toEqual([])
  })

  test('names what was read as it is after a transaction that changed it too', async () => {
    const lineage = lineageTo(server.url)
    const ports = lineage.watch(memoryLake().ports, 'stages')
    const silver = await createTable(ports, silverTable(BINANCE))
    const gold = await createTable(ports, GOLD_TABLE)
    const staged = [
      await stageSnapshot(ports, { table: silver, operation: 'append' }),
      await stageSnapshot(ports, { table: gold, operation: 'append' }),
    ]
    await ports.state.transact(
      staged.map(({ write }) => write),
      'both',
    )
    await lineage.flush(10_000)
    const inputs = server.events.at(-1)?.inputs ?? []
    expect(inputs.map(({ name, facets }) => [name, facets?.version?.datasetVersion])).toEqual([
      [expect.stringMatching(/market_data\/silver_binance_trades$/), String(staged[0].snapshotId)],
      [expect.stringMatching(/market_data\/silver_kraken_trades$/), undefined],
      [expect.stringMatching(/market_data\/silver_coinbase_trades$/), undefined],
    ])
  })

  test('is nothing where the transaction fails', async () => {
    const lineage = lineageTo(server.url)
    const plain = memoryLake().ports
    const gold = await createTable(plain, GOLD_TABLE)
    const ports = lineage.watch(plain, 'stages')
    const [first, second] = [
      await stageSnapshot(ports, { table: gold, operation: 'append' }),
      await stageSnapshot(ports, { table: gold, operation: 'append' }),
    ]
    await ports.state.transact([first.write], '1')
    await expect(ports.state.transact([second.write], '2')).rejects.toThrow()
    await lineage.flush(10_000)
    expect(completed().map(({ outputs }) => outputs[0].facets?.version?.datasetVersion)).toEqual([
      String(first.snapshotId),
    ])
  })

  test('is told once, as the work that it is last watched as', async () => {
    const lineage = lineageTo(server.url)
    const ports = lineage.watch(lineage.watch(memoryLake().ports, 'stages'), 'repair')
    await createTable(ports, GOLD_TABLE)
    await lineage.flush(10_000)
    expect(jobs()).toEqual(['repair.gold_crypto_trades'])
  })
})

describe('commits go on', () => {
  test('while the server holds its first answer back', async () => {
    server.answer = () => undefined
    const lineage = lineageTo(server.url)
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, TABLES[0])
    await vi.waitUntil(() => server.events.length === 1)
    await makeAll(ports)
    expect(await thereAre(ports)).toBe(TABLES.length)
    // All of that took place between a request and its answer.
    expect(server.events).toHaveLength(1)
    server.answer = () => 201
    server.release(201)
    await lineage.flush(10_000)
    expect(jobs()).toHaveLength(TABLES.length)
  })

  test('where the server is gone; the oldest events are dropped, and one warning says so', async () => {
    await server.close()
    const lineage = lineageTo(server.url, { mostWaiting: 3 })
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, TABLES[0])
    await vi.waitUntil(() => said.length > 0)
    await makeAll(ports)
    expect(await thereAre(ports)).toBe(TABLES.length)
    await lineage.flush(10_000)
    expect(said).toEqual([
      {
        level: 'warn',
        message: 'lineage is not taken: commits go on, their events wait in memory and the oldest are dropped',
        fields: {
          target: `${server.url}/api/v1/lineage`,
          problem: expect.stringContaining('ECONNREFUSED'),
          mostWaiting: 3,
        },
      },
    ])
    // One is being sent, three wait.
    expect(metrics.get('lineage_commits_dropped_total')).toBe(TABLES.length - 4)
    await lineage.close()
    expect(metrics.get('lineage_commits_dropped_total')).toBe(TABLES.length)
    expect(said.slice(1)).toEqual([
      {
        level: 'warn',
        message: 'lineage of the last commits was not taken and is dropped',
        fields: { target: `${server.url}/api/v1/lineage`, commits: 4 },
      },
    ])
  })

  test('where the server refuses events, which are dropped under one warning', async () => {
    server.answer = () => 401
    const lineage = lineageTo(server.url)
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await makeAll(ports)
    expect(await thereAre(ports)).toBe(TABLES.length)
    await lineage.flush(10_000)
    expect(said.map(({ level, fields }) => [level, fields.problem])).toEqual([
      ['warn', `POST ${server.url}/api/v1/lineage was answered 401: check the URL and OPENLINEAGE_API_KEY.`],
    ])
    expect(metrics.get('lineage_commits_dropped_total')).toBe(TABLES.length)
    // No second try of any of them.
    expect(server.events).toHaveLength(TABLES.length)
  })

  test('and events wait for a server that comes back, under the ids that they had', async () => {
    server.answer = () => 503
    const lineage = lineageTo(server.url)
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, GOLD_TABLE)
    await vi.waitUntil(() => said.length > 0)
    server.answer = () => 201
    await lineage.flush(10_000)
    expect(new Set(server.events.map(({ run }) => run.runId)).size).toBe(1)
    expect(jobs()).toEqual(['gold.gold_crypto_trades'])
    expect(said.map(({ message }) => message)).toEqual([
      expect.stringContaining('lineage is not taken'),
      'lineage is taken again',
    ])
  })

  test('where the metadata that they left is gone before it was read', async () => {
    const lineage = lineageTo(server.url)
    const { ports: plain } = memoryLake()
    const key = 'market_data/gold_crypto_trades/metadata/none.metadata.json'
    const state: StateStore = lineage.watch(plain, 'stages').state
    const attributes = { v: '1', 'p.table_type': 'ICEBERG', 'p.metadata_location': `${plain.store.root}/${key}` }
    const item = {
      key: { table: 'catalog', partition: 'market_data.gold_crypto_trades', sort: 'market_data' },
      attributes,
    } as const
    await state.transact([{ kind: 'put', item, when: { is: 'absent' } }], '1')
    await lineage.flush(10_000)
    expect(server.events).toEqual([])
    expect(said).toHaveLength(1)
    expect(metrics.get('lineage_commits_dropped_total')).toBe(1)
  })
})

describe('a flush', () => {
  test('does not wait for a server that is known to be down', async () => {
    await server.close()
    // The next try would be in an hour, and the flush may take an hour.
    const lineage = lineageTo(server.url, { backoff: { firstMs: 1, lastMs: 3_600_000 } })
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, GOLD_TABLE)
    await vi.waitUntil(() => said.length > 0)
    await lineage.flush(3_600_000)
  })

  test('waits no longer than it may', async () => {
    server.answer = () => undefined
    const lineage = lineageTo(server.url)
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, GOLD_TABLE)
    await lineage.flush(20)
    expect(completed()).toEqual([])
  })
})
