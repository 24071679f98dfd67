/**
 * Gold's cost must not grow with the age of its table: the same minutes on a table of one hour of one-minute commits and
 * on one of a hundred; and a backlog of 5,000 pending files must drain in a bounded number of commits and memory.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GOLD_TABLE } from '../domain/tables.ts'
import { unify } from '../functions/gold/gold.ts'
import { loadTable } from '../iceberg/catalog.ts'
import { readManifests } from '../iceberg/manifest-store.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { benchEngine, benchLake } from './lake.ts'
import { pendingMinute } from './minute.ts'
import { percentile, print, record } from './report.ts'

const START = 1_795_000_020_000_000n
/** What one exchange sends in a minute (138 a second). */
const TRADES_PER_MINUTE = 8_280
const RUNS = 100

export async function benchAge(): Promise<void> {
  const engine = await benchEngine()
  const lakes = []
  for (const hours of [1, 100]) {
    const folder = mkdtempSync(join(tmpdir(), 'tradelake-age-'))
    const lake = benchLake(folder, engine)
    // The minutes that age the table are small, the measured ones full: only the number of commits differs.
    for (let minute = 0; minute < hours * 60; minute++) {
      await pendingMinute(lake.ports, START, minute, 20)
      await unify(lake.ports, Number.POSITIVE_INFINITY)
    }
    lakes.push({ hours, folder, lake, times: [] as number[] })
  }
  // Alternately, so that other work on the machine affects both alike.
  for (let i = 0; i < RUNS; i++)
    for (const { hours, lake, times } of lakes) {
      await pendingMinute(lake.ports, START, hours * 60 + i, TRADES_PER_MINUTE)
      const before = performance.now()
      await unify(lake.ports, Number.POSITIVE_INFINITY)
      times.push(performance.now() - before)
    }
  const rows: string[][] = []
  const young = lakes[0].times
  for (const { hours, folder, lake, times } of lakes) {
    const table = await loadTable(lake.ports, GOLD_TABLE.name)
    const snapshot = currentSnapshot(table.metadata)
    const manifests = snapshot ? (await readManifests(lake.ports.store, snapshot)).length : 0
    const [least, p50, p99] = [Math.min(...times), percentile(times, 0.5), percentile(times, 0.99)]
    const snapshots = table.metadata.snapshots.length
    record({ bench: 'age', hours, least_ms: least, p50_ms: p50, p99_ms: p99, snapshots, manifests })
    rows.push([
      `${hours}`,
      ...[least, p50, p99].map(ms => ms.toFixed(1)),
      `${snapshots}`,
      `${manifests}`,
      `${(least / Math.min(...young)).toFixed(2)}x`,
      `${(p50 / percentile(young, 0.5)).toFixed(2)}x`,
    ])
    lake.close()
    rmSync(folder, { recursive: true })
  }
  print(
    `Gold's run of one minute (${TRADES_PER_MINUTE.toLocaleString('en-US')} trades) by the age of its table`,
    ['hours of commits', 'least ms', 'p50 ms', 'p99 ms', 'snapshots', 'manifests', 'least vs one hour', 'p50'],
    rows,
  )
  await benchBacklog(engine)
  engine.close()
}

async function benchBacklog(engine: Awaited<ReturnType<typeof benchEngine>>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-backlog-'))
  const lake = benchLake(folder, engine)
  for (let minute = 0; minute < 5_000; minute++) await pendingMinute(lake.ports, START, minute, 20)
  const memoryBefore = process.memoryUsage().rss
  const before = performance.now()
  const result = await unify(lake.ports, Number.POSITIVE_INFINITY)
  const seconds = (performance.now() - before) / 1000
  const growth = (process.memoryUsage().rss - memoryBefore) / 1e6
  record({ bench: 'backlog', files: 5_000, commits: result.commits, seconds, memory_growth_mb: growth })
  print(
    'Draining 5,000 pending Silver files',
    ['files', 'commits', 'seconds', 'memory grown by MB'],
    [['5,000', `${result.commits}`, seconds.toFixed(1), growth.toFixed(0)]],
  )
  lake.close()
  rmSync(folder, { recursive: true })
}
