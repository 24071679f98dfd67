/**
 * What lineage costs a commit: the smallest commits that there are (a snapshot without files, in a folder), by turns without lineage, with
 * a file, and with a server at a local port. Baseline: the commits without, in the same run.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { folderStore } from '../adapters/folder-store.ts'
import { createLineage } from '../adapters/openlineage.ts'
import { lineageSink } from '../adapters/openlineage-sinks.ts'
import { sqliteState } from '../adapters/sqlite-state.ts'
import { systemClock, systemIds, systemScratch } from '../adapters/system.ts'
import { candleTable } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { createMetrics } from '../embedded/metrics.ts'
import { createTable, loadTable } from '../iceberg/catalog.ts'
import { stageSnapshot } from '../iceberg/commit.ts'
import { percentile, print, record } from './report.ts'

const TURNS = 1_500
const WARM_UP = 100
const TABLE = candleTable(TIMEFRAMES[0])

export async function benchLineage(): Promise<void> {
  const [clock, ids, scratch] = [systemClock(), systemIds(), systemScratch()]
  const folder = scratch.path('lake')
  const store = folderStore(folder)
  const server = createServer((request, response) => request.resume().on('end', () => response.writeHead(201).end()))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const log = { info() {}, warn: console.warn, error: console.error }

  const ways = [undefined, scratch.path('events.ndjson'), url].map((target, i) => {
    // Each its own state, as the tables of three lakes: their histories are as long as each other's.
    const state = sqliteState(join(scratch.path(`state-${i}`)), { clock })
    const sink = target === undefined ? undefined : lineageSink(target, {})
    const lineage = sink && createLineage({ sink, clock, telemetry: { log, metrics: createMetrics() } })
    const plain = { store: { ...store, root: store.root }, state, clock, ids }
    return {
      name: ['without lineage', 'to a file', 'to a server'][i],
      ports: lineage?.watch(plain, 'stages') ?? plain,
      lineage,
      seen: [] as number[],
      whole: [] as number[],
    }
  })
  for (const { ports } of ways) await createTable(ports, TABLE)
  for (let turn = 0; turn < TURNS + WARM_UP; turn++)
    for (const { ports, lineage, seen, whole } of ways) {
      const began = performance.now()
      const table = await loadTable(ports, TABLE.name)
      const { write } = await stageSnapshot(ports, { table, operation: 'append' })
      await ports.state.transact([write], ids.uuid())
      const committed = performance.now()
      await lineage?.flush(10_000)
      if (turn < WARM_UP) continue
      seen.push(committed - began)
      whole.push(performance.now() - began)
    }
  server.close()
  server.closeAllConnections()
  for (const { lineage } of ways) await lineage?.close()

  const p50 = (values: readonly number[]) => percentile(values, 0.5)
  const [base] = ways
  const rows = ways.map(({ name, seen, whole }) => [
    name,
    p50(seen).toFixed(2),
    percentile(seen, 0.99).toFixed(2),
    (p50(whole) - p50(base.whole)).toFixed(2),
  ])
  print(`${TURNS} commits by turns, milliseconds`, ['lineage', 'commit p50', 'commit p99', 'work behind it p50'], rows)
  for (const [name, committed, tail, behind] of rows)
    record({ bench: 'lineage', name, p50Ms: Number(committed), p99Ms: Number(tail), behindMs: Number(behind) })
}
