/**
 * What the stages ask of S3 and DynamoDB, counted: half an hour of a market. The cost table (infra/cost/figures.ts) uses these counts,
 * which do not depend on the machine.
 */
import { type Counts, KB } from './counted.ts'
import { runMarket } from './market-run.ts'
import { print, record } from './report.ts'

const RATE = 138
const MINUTES = 30

export async function benchRequests(): Promise<void> {
  for (const freshness of [5, 10, 30, 60]) {
    const { stages } = await runMarket({ freshness, rate: RATE, minutes: MINUTES })
    for (const [stage, counts] of stages) record({ bench: 'requests', freshness, rate: RATE, stage, ...counts })
    const each = ({ runs }: Counts, count: number) => (count / runs).toFixed(1)
    print(
      `What a run of each stage asks for, ${RATE} trades/s for ${MINUTES} minutes, freshness ${freshness} s`,
      ['stage', 'runs a minute', 'S3 PUT', 'S3 GET', 'write units', 'read units', 'largest transaction'],
      [...stages].map(([stage, counts]) => [
        ...[stage, (counts.runs / MINUTES).toFixed(1), each(counts, counts.puts), each(counts, counts.gets)],
        ...[each(counts, counts.writeUnits), each(counts, counts.readUnits), `${(counts.largest / KB).toFixed(0)} KB`],
      ]),
    )
  }
}
