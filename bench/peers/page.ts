/** The comparison as a table, and the page docs/benchmarks.md. */
import type { Figures, Pass } from '../pass.ts'
import { percentile } from '../report.ts'

export interface Measured {
  readonly messages: number
  /** 2026-11-27. */
  readonly day: string
  readonly machine: string
  readonly versions: readonly string[]
  /** The least and the greatest load average of a minute before a pass. */
  readonly loads: readonly [number, number]
  /** By program, ours first; at least one each. */
  readonly passes: ReadonlyMap<string, readonly Pass[]>
}

const STAGES = ['bronze', 'silver', 'commit', 'gold', 'candles', 'all'] as const
export const HEADER = ['stage', 'program', 'wall s', 'CPU s', 'MB of memory', 'wall : ours', 'CPU : ours'] as const

/** Medians by stage and program; the ratios are of medians. A program has no line for a stage that it does not have. */
export function comparison({ passes }: Measured): string[][] {
  return STAGES.flatMap(stage =>
    [...passes].flatMap(([program, all]) => {
      if (all[0][stage] === undefined) return []
      const middle = (name: string, field: keyof Figures) => {
        const values = (passes.get(name) ?? []).map(pass => pass[stage][field])
        return percentile(values, 0.5)
      }
      const [ours] = passes.keys()
      const ratio = (field: 'wall' | 'cpu') => `${(middle(program, field) / middle(ours, field)).toFixed(2)}x`
      return [
        [
          stage,
          program,
          middle(program, 'wall').toFixed(2),
          middle(program, 'cpu').toFixed(2),
          middle(program, 'memory').toFixed(0),
          program === ours ? '' : ratio('wall'),
          program === ours ? '' : ratio('cpu'),
        ],
      ]
    }),
  )
}

export function benchmarksPage(measured: Measured): string {
  const { messages, day, machine, versions, loads } = measured
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return `# Side by side

Written by \`npm run bench -- peers --page\`: the same messages through our pipeline, a native program and Spark, in turn, on one machine. Ratios are of
this run alone: a program that took half as long as ours has 0.50x.

- **When and where**: ${day}, ${machine}; load average ${loads[0].toFixed(1)} to ${loads[1].toFixed(1)}, so other work ran beside it where it is over 2.
- **What**: ${messages.toLocaleString('en-US')} messages; medians of the passes that count. After every pass each count, and each sum of Gold and of the candles, equalled what the
  generator of the messages says.
${versions.map(text => `- **${text.split(':', 1)[0]}**:${text.slice(text.indexOf(':') + 1)}`).join('\n')}

${line(HEADER)}
${line(HEADER.map(() => '---'))}
${comparison(measured).map(line).join('\n')}

What they do: Bronze stores the messages as they came, Silver decodes and checks them and keeps dead letters, Gold leaves repeats out and sorts by
time, candles are folded of Gold. All write Parquet with zstd at level 1.

- **tradelake** runs Bronze and Silver in two processes, and Gold and candles in one; both stay warm. Its figures begin with an event's parsed JSON, and its tables
  are whole Iceberg tables; \`commit\` makes the snapshots of Bronze's and Silver's. Memory is the sum of the workers', without the process that starts them.
- **native** ([bench/peers/native](../bench/peers/native)) is a plain Rust program on the arrow and parquet crates, not tuned further: the same events, row groups, files, and an fsync for
  each file, folder and transaction, with threads for processes. It writes **no Iceberg metadata** and keeps the lists of pending work in memory, noting each transaction in a journal;
  its \`commit\` is a line for each table there.
- **Spark** ([bench/peers/spark](../bench/peers/spark)) runs the stages of the predecessor in its best case: a batch over all messages in one session that has done two passes (of at most 200,000 messages) before, \`local[2]\`
  and 4 GB, tables of Iceberg on the local disk without a catalog server, Kafka or S3. Its input are Parquet files with the messages' bytes. It folds four timeframes (1m, 5m, 1h,
  1d), the others six.
`
}
