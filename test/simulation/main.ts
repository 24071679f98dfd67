/**
 * npm run simulate -- [--campaign single|pairs|swarm] [--scenario NAME (scenario-sizes.ts)] [--minutes 30] [--runs N]
 *   [--from N] [--seeds N] [--seed N] [--schedule 12:crash-after,40:lost|none] [--processes 2] [--max-failures 10] [--trace]
 * With --seed or --schedule, one run; else a campaign, which starts at a seed drawn by chance unless --from says where: seeds that
 * nobody has run find what those that everybody runs cannot.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type Case, reportFailure, runCase, scheduleOf } from './campaign.ts'
import { sharedEngine } from './engine.ts'
import { runCampaign } from './workers.ts'

const { values } = parseArgs({
  options: {
    campaign: { type: 'string', default: 'swarm' },
    scenario: { type: 'string', default: 'waves' },
    minutes: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    schedule: { type: 'string' },
    processes: { type: 'string', default: '2' },
    'max-failures': { type: 'string', default: '10' },
    trace: { type: 'boolean', default: false },
  },
})
const LAST_SEED = 2 ** 31
const campaign = values.campaign as Case['campaign']
if (!['single', 'pairs', 'swarm'].includes(campaign)) throw new Error(`--campaign is single, pairs or swarm`)
const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
process.exitCode = (values.seed === undefined ? await runMany() : await runOne(Number(values.seed))) ? 0 : 1

async function runOne(seed: number): Promise<boolean> {
  const schedule = values.schedule === undefined ? undefined : scheduleOf(values.schedule)
  const one: Case = { campaign, scenario: values.scenario, seed, schedule }
  const engine = await sharedEngine()
  const result = await runCase(engine, one, values.trace ? { tell: line => console.log(line) } : {})
  for (const { point, kind, detail } of result.happened) console.log(`fault ${point} ${kind}: ${detail}`)
  for (const [kind, times] of Object.entries(result.happenings)) console.log(`happening ${kind}: ${times}`)
  console.log(`${result.points.length} points, ${result.happened.length} faults, trace ${result.traceHash}`)
  for (const violation of result.violations) console.log(violation)
  if (result.violations.length > 0) console.log(`shrunk: ${(await reportFailure(engine, one, result)).shrunk}`)
  else console.log('all laws hold')
  engine.close()
  return result.violations.length === 0
}

async function runMany(): Promise<boolean> {
  const from = values.from === undefined ? randomInt(LAST_SEED) : Number(values.from)
  console.log(`seeds from ${from} on (--from ${from})`)
  const result = await runCampaign({
    campaign,
    scenario: values.scenario,
    seeds: Array.from({ length: Number(values.seeds) }, (_, i) => from + i),
    runs: number(values.runs),
    minutes: number(values.minutes) ?? (campaign === 'single' || values.runs ? undefined : 1),
    maxFailures: Number(values['max-failures']),
    shrink: true,
    processes: Number(values.processes),
    onFailure({ command, shrunk, violations }) {
      console.log(`FAILED ${command}\n  shrunk: ${shrunk}`)
      for (const violation of violations) console.log(`  ${violation}`)
    },
  })
  const { runs, points, simulatedMs, cpuMs, wallMs, asked, answeredByDuckDb, failures } = result
  const cpuHours = cpuMs / 3_600_000
  console.log(
    `${campaign}: ${runs} runs${points > 0 ? ` over ${points} fault points` : ''}, ${failures.length} failures, ${(wallMs / 1000).toFixed(0)} s`,
  )
  console.log(
    `${Math.round(runs / (cpuMs / 60_000))} runs a CPU minute, ${Math.round(simulatedMs / 3_600_000 / cpuHours)} simulated hours a CPU hour; DuckDB answered ${answeredByDuckDb} of ${asked} queries itself`,
  )
  return failures.length === 0
}
