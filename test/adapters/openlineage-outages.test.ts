/** A lineage server that is slow, refuses or is gone neither delays commits nor fails them: real commits, and a real server at a local port. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Ports, StateStore } from '../../domain/ports.ts'
import { allTables, GOLD_TABLE } from '../../domain/tables.ts'
import { createTable, findTable } from '../../iceberg/catalog.ts'
import { memoryLake } from '../functions/support.ts'
import { type TestedLineage, testedLineage } from './openlineage-server.ts'

let tested: TestedLineage
beforeEach(async () => {
  tested = await testedLineage()
})
afterEach(() => tested.close())

const TABLES = allTables()

async function makeAll(ports: Ports): Promise<void> {
  for (const table of TABLES) await createTable(ports, table)
}

async function thereAre(ports: Ports): Promise<number> {
  const found = await Promise.all(TABLES.map(({ name }) => findTable(ports, name)))
  return found.filter(Boolean).length
}

describe('commits go on', () => {
  test('while the server holds its first answer back', async () => {
    tested.server.answer = () => undefined
    const lineage = tested.lineage()
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, TABLES[0])
    await vi.waitUntil(() => tested.server.events.length === 1, { timeout: 10_000 })
    await makeAll(ports)
    expect(await thereAre(ports)).toBe(TABLES.length)
    // All of that took place between a request and its answer.
    expect(tested.server.events).toHaveLength(1)
    tested.server.answer = () => 201
    tested.server.release(201)
    await lineage.flush(10_000)
    expect(tested.jobs()).toHaveLength(TABLES.length)
  })

  test('where the server is gone; the oldest events are dropped, and one warning says so', async () => {
    await tested.server.close()
    const lineage = tested.lineage({ mostWaiting: 3 })
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, TABLES[0])
    await vi.waitUntil(() => tested.said.length > 0, { timeout: 10_000 })
    await makeAll(ports)
    expect(await thereAre(ports)).toBe(TABLES.length)
    await lineage.flush(10_000)
    expect(tested.said).toEqual([
      {
        level: 'warn',
        message: 'lineage is not taken: commits go on, their events wait in memory and the oldest are dropped',
        fields: {
          target: `${tested.server.url}/api/v1/lineage`,
          problem: expect.stringContaining('ECONNREFUSED'),
          mostWaiting: 3,
        },
      },
    ])
    // One is being sent, three wait.
    expect(tested.metrics.get('lineage_commits_dropped_total')).toBe(TABLES.length - 4)
    await lineage.close()
    expect(tested.metrics.get('lineage_commits_dropped_total')).toBe(TABLES.length)
    expect(tested.said.slice(1)).toEqual([
      {
        level: 'warn',
        message: 'lineage of the last commits was not taken and is dropped',
        fields: { target: `${tested.server.url}/api/v1/lineage`, commits: 4 },
      },
    ])
  })

  test('where the server refuses events, which are dropped under one warning', async () => {
    tested.server.answer = () => 401
    const lineage = tested.lineage()
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await makeAll(ports)
    expect(await thereAre(ports)).toBe(TABLES.length)
    await lineage.flush(10_000)
    expect(tested.said.map(({ level, fields }) => [level, fields.problem])).toEqual([
      ['warn', `POST ${tested.server.url}/api/v1/lineage was answered 401: check the URL and OPENLINEAGE_API_KEY.`],
    ])
    expect(tested.metrics.get('lineage_commits_dropped_total')).toBe(TABLES.length)
    // No second try of any of them.
    expect(tested.server.events).toHaveLength(TABLES.length)
  })

  test('and events wait for a server that comes back, under the ids that they had', async () => {
    tested.server.answer = () => 503
    const lineage = tested.lineage()
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, GOLD_TABLE)
    await vi.waitUntil(() => tested.said.length > 0, { timeout: 10_000 })
    tested.server.answer = () => 201
    // A flush would not wait beyond a try that was already on its way.
    await vi.waitUntil(() => tested.said.length === 2, { timeout: 10_000 })
    expect(new Set(tested.server.events.map(({ run }) => run.runId)).size).toBe(1)
    expect(tested.jobs()).toEqual(['gold.gold_crypto_trades'])
    expect(tested.said.map(({ message }) => message)).toEqual([
      expect.stringContaining('lineage is not taken'),
      'lineage is taken again',
    ])
  })

  test('where not even the log takes the warning', async () => {
    tested.server.answer = () => 401
    const fail = () => {
      throw new Error('The disk is full.')
    }
    const log = { info: fail, warn: fail, error: fail }
    const metrics = { addMetric() {}, publishStoredMetrics() {} }
    const lineage = tested.lineage({ telemetry: { log, metrics } })
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await makeAll(ports)
    expect(await thereAre(ports)).toBe(TABLES.length)
    await lineage.flush(10_000)
    expect(tested.server.events).toHaveLength(TABLES.length)
  })

  test('where the metadata that they left is gone before it was read', async () => {
    const lineage = tested.lineage()
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
    expect(tested.server.events).toEqual([])
    expect(tested.said).toHaveLength(1)
    expect(tested.metrics.get('lineage_commits_dropped_total')).toBe(1)
  })
})

describe('a flush', () => {
  test('does not wait for a server that is known to be down', async () => {
    await tested.server.close()
    // The next try would be in an hour, and the flush may take an hour.
    const lineage = tested.lineage({ backoff: { firstMs: 1, lastMs: 3_600_000 } })
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, GOLD_TABLE)
    await vi.waitUntil(() => tested.said.length > 0, { timeout: 10_000 })
    await lineage.flush(3_600_000)
  })

  test('waits no longer than it may', async () => {
    tested.server.answer = () => undefined
    const lineage = tested.lineage()
    const ports = lineage.watch(memoryLake().ports, 'stages')
    await createTable(ports, GOLD_TABLE)
    await lineage.flush(20)
    expect(tested.ends()).toEqual([])
  })
})
