/** Lineage tells of each commit once: real commits of the catalog over a store in memory, and a real server at a local port. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allTables, GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { createTable, pointerKey, restorePointer } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { BINANCE, memoryLake } from '../functions/support.ts'
import { type TestedLineage, testedLineage } from './openlineage-server.ts'

let tested: TestedLineage
beforeEach(async () => {
  tested = await testedLineage()
})
afterEach(() => tested.close())

const TABLES = allTables()

describe('what is told', () => {
  test('is every commit of a table, in order, each as a beginning and an end', async () => {
    const lineage = tested.lineage()
    const ports = lineage.watch(memoryLake().ports, 'stages')
    for (const table of TABLES) await createTable(ports, table)
    await lineage.flush(10_000)
    expect(tested.server.events.map(({ eventType }) => eventType)).toEqual(TABLES.flatMap(() => ['START', 'COMPLETE']))
    expect(tested.jobs().slice(0, 4)).toEqual([
      'bronze.bronze_binance_trades',
      'bronze.bronze_kraken_trades',
      'bronze.bronze_coinbase_trades',
      'silver.silver_binance_trades',
    ])
    expect(tested.jobs()).toHaveLength(TABLES.length)
    expect(tested.said).toEqual([])
  })

  test('names what was read as it is after a transaction that changed it too', async () => {
    const lineage = tested.lineage()
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
    const inputs = tested.server.events.at(-1)?.inputs ?? []
    expect(inputs.map(({ name, facets }) => [name, facets?.version?.datasetVersion])).toEqual([
      [expect.stringMatching(/market_data\/silver_binance_trades$/), String(staged[0].snapshotId)],
      [expect.stringMatching(/market_data\/silver_kraken_trades$/), undefined],
      [expect.stringMatching(/market_data\/silver_coinbase_trades$/), undefined],
    ])
  })

  test('is nothing where the transaction fails', async () => {
    const lineage = tested.lineage()
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
    expect(tested.ends().map(({ outputs }) => outputs[0].facets?.version?.datasetVersion)).toEqual([
      String(first.snapshotId),
    ])
  })

  test('is nothing where a repair puts a pointer back to what was committed before', async () => {
    const { ports: plain } = memoryLake()
    const gold = await createTable(plain, GOLD_TABLE)
    const staged = await stageSnapshot(plain, { table: gold, operation: 'append' })
    await plain.state.transact([staged.write], '1')
    await plain.state.transact([{ kind: 'remove', key: pointerKey(GOLD_TABLE.name) }], '2')
    const lineage = tested.lineage()
    await restorePointer(lineage.watch(plain, 'repair'), GOLD_TABLE.name, staged.metadataLocation)
    await lineage.flush(10_000)
    expect([tested.server.events, tested.said]).toEqual([[], []])
  })

  test('is told once, as the work that it is last watched as', async () => {
    const lineage = tested.lineage()
    const ports = lineage.watch(lineage.watch(memoryLake().ports, 'stages'), 'repair')
    await createTable(ports, GOLD_TABLE)
    await lineage.flush(10_000)
    expect(tested.jobs()).toEqual(['repair.gold_crypto_trades'])
  })
})
