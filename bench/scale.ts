/**
 * Where the single writers end: a market of 500, 5,000 and 50,000 trades a second goes through the stages in one process, and what a
 * minute of it costs each of them says how much one of it can take. Lists and pointers of the state tables are partitions of DynamoDB, and
 * each takes a thousand write units a second (DynamoDB developer guide, "Burst and adaptive capacity"). docs/scale.md draws the
 * conclusions. CPU time is that of this machine; what a transaction holds and what a partition writes is the same everywhere.
 */

import { EXCHANGES } from '../domain/exchanges.ts'
import { sharesByExchange } from '../domain/shares.ts'
import { type Counts, KB, type UnitsByPartition } from './counted.ts'
import { runMarket } from './market-run.ts'
import { print, record } from './report.ts'

const FRESHNESS = 10
/** A minute of the largest makes three million trades. */
const LARGEST = { rate: 50_000, minutes: 1 }
const LOADS = [{ rate: 500, minutes: 5 }, { rate: 5_000, minutes: 3 }, LARGEST] as const
const UNITS_PER_PARTITION = 1_000

/** Stages of which one run is at work at a time, with the runs that are its own. */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  gold: ['gold'],
  candles: ['candles of a minute', 'candles of all'],
  commit: ['commit'],
}

/** The same where each exchange has a Gold and candles of its own (`-c shares=exchange`). */
const BY_EXCHANGE: Readonly<Record<string, readonly string[]>> = Object.fromEntries([
  ...EXCHANGES.flatMap(({ code }) => [
    [`gold of ${code}`, [`gold of ${code}`]],
    [`candles of ${code}`, [`candles of a minute of ${code}`]],
  ]),
  ['longer candles', ['candles of all']],
])

export async function benchScale(): Promise<void> {
  const rows: string[][] = []
  const shares = sharesByExchange(EXCHANGES)
  const runs = [...LOADS.map(load => ({ ...load, writers: WRITERS })), { ...LARGEST, shares, writers: BY_EXCHANGE }]
  for (const { writers, ...load } of runs) {
    const { rate, minutes } = load
    const { stages, partitions } = await runMarket({ freshness: FRESHNESS, ...load })
    const seconds = minutes * 60
    for (const [writer, names] of Object.entries(writers)) {
      const counts = names.flatMap(name => stages.get(name) ?? [])
      const busy = sum(counts, ({ cpuMs }) => cpuMs) / 1000 / seconds
      const largest = Math.max(...counts.map(each => each.largest))
      record({ bench: 'scale', rate, writer, busy, ceiling: rate / busy, largest })
      rows.push([
        ...[`${rate}`, writer, `${(100 * busy).toFixed(1)} %`, Math.round(rate / busy).toLocaleString('en-US')],
        `${(largest / KB).toFixed(0)} KB`,
      ])
    }
    for (const [partition, units] of hottest(partitions)) {
      const used = units / seconds / UNITS_PER_PARTITION
      record({ bench: 'scale', rate, partition, units_per_second: units / seconds, ceiling: rate / used })
      rows.push([
        ...[`${rate}`, partition, `${(100 * used).toFixed(1)} %`, Math.round(rate / used).toLocaleString('en-US'), ''],
      ])
    }
  }
  print(
    'What one writer and one partition of the state tables take',
    ['trades/s', 'writer or partition', 'used', 'ends at trades/s', 'largest transaction'],
    rows,
  )
}

const sum = (counts: readonly Counts[], of: (counts: Counts) => number) =>
  counts.reduce((all, each) => all + of(each), 0)

/** The partitions with the most write units. */
function hottest(partitions: UnitsByPartition): [string, number][] {
  return [...partitions].sort(([, a], [, b]) => b - a).slice(0, 4)
}
