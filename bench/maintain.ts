/**
 * A day of one-minute commits to Gold, maintained each hour: how many files are left, what compaction writes for each byte that
 * came in, and what a reader of one hour has to look at.
 *
 * The day is a hundredth of 1,000 trades a second: 600 trades a minute instead of 60,000, and Gold's target file size a
 * hundredth of its own, so the number of files and the share of bytes written again are those of the full rate; the
 * seconds are not. Three trades of each minute are up to two hours late, which touches closed hours again.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sumOf } from '../domain/counts.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { dayOfMs, HOUR_MICROS, MINUTE_MS } from '../domain/time.ts'
import { unify } from '../functions/gold/gold.ts'
import { maintain } from '../functions/maintain/maintain.ts'
import { loadTable } from '../iceberg/catalog.ts'
import { readManifests } from '../iceberg/manifest-store.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { planScan } from '../iceberg/scan.ts'
import { benchEngine, benchLake } from './lake.ts'
import { pendingMinute } from './minute.ts'
import { watchMemory } from './processes.ts'
import { percentile, print, record } from './report.ts'

const SCALE = 100
const TRADES_PER_MINUTE = MINUTE_MS / SCALE
const LATE_PER_MINUTE = 3
const LATE_MINUTES = 120
/** A whole day, so that its hours are the table's partitions. */
const START_MS = Date.UTC(2026, 10, 20)
/** Fifteen minutes past the hour: the hour before is closed. */
const RUN_AT_MINUTE = 15
const RUNS_AFTER = 4

export async function benchMaintain(): Promise<void> {
  await benchHour()
  const rows: string[][] = []
  for (const maintained of [false, true]) rows.push(await runDay(maintained))
  print(
    `A day of one-minute commits at 1,000 trades/s, scaled to 1/${SCALE} (${TRADES_PER_MINUTE} trades a minute, ${LATE_PER_MINUTE} of them late, target file ${(GOLD_TABLE.targetFileBytes / SCALE / 1e6).toFixed(1)} MB)`,
    [
      '',
      'commits',
      'files',
      'most of an hour',
      'scan of an hour: files',
      'manifests read',
      'of',
      'written again',
      's of upkeep',
    ],
    rows,
  )
}

/**
 * One hour at the full rate, joined with the engine's 200 MB: for the seconds and the memory, which the scaled day
 * cannot show.
 */
async function benchHour(): Promise<void> {
  const engine = await benchEngine()
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-maintain-'))
  let now = START_MS
  const clock = { now: () => now, steady: () => now, sleep: async (milliseconds: number) => void (now += milliseconds) }
  const lake = benchLake(folder, engine, clock)
  for (let minute = 0; minute < 60; minute++) {
    await pendingMinute(lake.ports, BigInt(START_MS) * 1000n, minute, TRADES_PER_MINUTE * SCALE)
    await unify(lake.ports, Number.POSITIVE_INFINITY)
  }
  now = START_MS + 2 * 60 * MINUTE_MS
  const memory = watchMemory([process.pid])
  const before = performance.now()
  const options = { tables: [GOLD_TABLE], sweepEveryMs: Number.POSITIVE_INFINITY }
  const { tables } = await maintain(lake.ports, EXCHANGES, Number.POSITIVE_INFINITY, options)
  const seconds = (performance.now() - before) / 1000
  const megabytes = memory.stop()
  const [{ files, bytesRead, bytesWritten }] = tables[0].joins
  record({ bench: 'maintain-hour', files, bytesRead, bytesWritten, seconds, memory: megabytes })
  print(
    'An hour at 1,000 trades/s joined, DuckDB at 200 MB',
    ['files', 'MB read', 'MB written', 'seconds', 'MB of memory'],
    [
      [
        `${files}`,
        (bytesRead / 1e6).toFixed(1),
        (bytesWritten / 1e6).toFixed(1),
        seconds.toFixed(1),
        megabytes.toFixed(0),
      ],
    ],
  )
  lake.close()
  engine.close()
  rmSync(folder, { recursive: true })
}

async function runDay(maintained: boolean): Promise<string[]> {
  const engine = await benchEngine()
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-maintain-'))
  let now = START_MS
  const clock = { now: () => now, steady: () => now, sleep: async (milliseconds: number) => void (now += milliseconds) }
  const lake = benchLake(folder, engine, clock)
  const gold = { ...GOLD_TABLE, targetFileBytes: GOLD_TABLE.targetFileBytes / SCALE }
  let ingested = 0
  let rewritten = 0
  let joins = 0
  let seconds = 0
  const upkeep = async () => {
    const before = performance.now()
    const options = { tables: [gold], sweepEveryMs: Number.POSITIVE_INFINITY }
    const { tables, failures } = await maintain(lake.ports, EXCHANGES, Number.POSITIVE_INFINITY, options)
    if (failures.length > 0) throw new Error(JSON.stringify(failures))
    seconds += (performance.now() - before) / 1000
    joins += sumOf(tables, table => table.joins.length)
    rewritten += sumOf(
      tables.flatMap(table => table.joins),
      each => each.bytesWritten,
    )
  }
  for (let minute = 0; minute < 1_440; minute++) {
    now = Math.max(now, START_MS + (minute + 1) * MINUTE_MS)
    await pendingMinute(lake.ports, BigInt(START_MS) * 1000n, minute, TRADES_PER_MINUTE, lateOf(minute))
    await unify(lake.ports, Number.POSITIVE_INFINITY)
    ingested += Number(
      currentSnapshot((await loadTable(lake.ports, GOLD_TABLE.name)).metadata)?.summary['added-files-size'],
    )
    if (maintained && minute % 60 === RUN_AT_MINUTE) await upkeep()
  }
  for (let i = 0; maintained && i < RUNS_AFTER; i++) {
    now += 60 * MINUTE_MS
    await upkeep()
  }
  const table = await loadTable(lake.ports, GOLD_TABLE.name)
  const figures = await figuresOf(lake.ports, table)
  const amplification = rewritten / ingested
  record({
    bench: 'maintain',
    maintained,
    scale: SCALE,
    ...figures,
    joins,
    ingested,
    rewritten,
    amplification,
    seconds,
  })
  lake.close()
  engine.close()
  rmSync(folder, { recursive: true })
  return [
    maintained ? 'maintained each hour' : 'as the commits leave it',
    `${table.metadata['last-sequence-number']}`,
    `${figures.files}`,
    `${figures.most}`,
    `${figures.scanned}`,
    `${figures.manifestsRead}`,
    `${figures.manifests}`,
    `${amplification.toFixed(2)}x`,
    seconds.toFixed(1),
  ]
}

/** The minutes by which trades are late; none before the day began. */
function lateOf(minute: number): number[] {
  return Array.from({ length: LATE_PER_MINUTE }, (_, i) =>
    Math.min(minute, ((minute * 31 + i * 47) % LATE_MINUTES) + 1),
  )
}

async function figuresOf(ports: Parameters<typeof planScan>[0], table: Awaited<ReturnType<typeof loadTable>>) {
  const snapshot = currentSnapshot(table.metadata)
  const manifests = snapshot ? (await readManifests(ports.store, snapshot)).length : 0
  const files = (await planScan(ports, table)).files
  const hours = Map.groupBy(files, file => Number(file.partition.exchange_hour))
  const scans = await Promise.all(
    [...hours.keys()].map(hour => {
      const lower = BigInt(START_MS) * 1000n + BigInt(hour) * HOUR_MICROS
      const day = dayOfMs(START_MS)
      return planScan(ports, table, {
        where: [
          { column: 'timestamp', ranges: [{ lower, upper: lower + HOUR_MICROS - 1n }] },
          { column: 'exchange_date', ranges: [{ lower: day, upper: day }] },
          { column: 'exchange_hour', ranges: [{ lower: hour, upper: hour }] },
        ],
      })
    }),
  )
  return {
    files: files.length,
    rows: sumOf(files, file => file.records),
    most: Math.max(...[...hours.values()].map(some => some.length)),
    scanned: Math.max(...scans.map(scan => scan.files.length)),
    manifestsRead: percentile(
      scans.map(scan => scan.manifestsRead),
      0.5,
    ),
    manifests,
    snapshots: table.metadata.snapshots.length,
  }
}
