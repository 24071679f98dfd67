/** Every single fault at every point of a hundred trades' way through all stages, and of a migration; and a sample of pairs. */
import { expect, test } from 'vitest'
import { type Case, commandOf, runCase, singleFaults } from '../simulation/campaign.ts'
import { sharedEngine } from '../simulation/engine.ts'
import { type CampaignOptions, runCampaign } from '../simulation/workers.ts'

/** Each seed is another order of concurrent calls, and other trades. */
const SEEDS = Array.from({ length: 4 }, (_, i) => i + 1)
const MAX_FAILURES = 5

async function campaign(options: Omit<CampaignOptions, 'minutes' | 'maxFailures' | 'shrink'>) {
  const result = await runCampaign({ minutes: undefined, maxFailures: MAX_FAILURES, shrink: true, ...options })
  const { runs, points, wallMs, failures } = result
  const over = points > 0 ? ` over ${points} fault points × their kinds` : ''
  console.log(
    `${options.campaign} faults: ${runs} runs${over}, ${failures.length} failures, ${Math.round(wallMs / 1000)} s`,
  )
  return result
}

test('no single fault breaks a law', async () => {
  const minute = await campaign({ campaign: 'single', scenario: 'two', seeds: SEEDS, runs: undefined })
  const upkeep = await campaign({ campaign: 'single', scenario: 'hundred', seeds: [1], runs: undefined })
  const migration = await campaign({ campaign: 'single', scenario: 'aged', seeds: [1], runs: undefined })
  const woken = await campaign({ campaign: 'single', scenario: 'woken-once', seeds: [1], runs: undefined })
  expect([...minute.failures, ...upkeep.failures, ...migration.failures, ...woken.failures]).toEqual([])
  expect(minute.runs + upkeep.runs).toBeGreaterThan(17_000)
})

test('no pair of faults of a sample breaks a law', async () => {
  const { failures } = await campaign({ campaign: 'pairs', scenario: 'two', seeds: [1, 2], runs: 500 })
  expect(failures).toEqual([])
})

test('the laws hold in stormy worlds of fixed seeds', async () => {
  const engine = await sharedEngine()
  for (const seed of [5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181]) {
    const run: Case = { campaign: 'swarm', scenario: 'waves', seed, schedule: undefined }
    const { violations } = await runCase(engine, run)
    expect(violations, commandOf(run)).toEqual([])
  }
  engine.close()
})

test('a start of Gold or the candles that is lost, late, doubled or out of order costs time, never data', async () => {
  const { failures } = await campaign({ campaign: 'swarm', scenario: 'woken', seeds: [1], runs: 60 })
  expect(failures).toEqual([])
})

test('no law breaks where each exchange has a Gold and candles of its own', async () => {
  const { failures } = await campaign({ campaign: 'swarm', scenario: 'shared-out', seeds: [1], runs: 120 })
  expect(failures).toEqual([])
})

test('no single fault of a sample breaks a law where a lake of an older version is joined and swept', async () => {
  const engine = await sharedEngine()
  const run: Case = { campaign: 'single', scenario: 'aged-upkeep', seed: 1, schedule: new Map() }
  const schedules = singleFaults(await runCase(engine, run)).filter((_, n) => n % 211 === 0)
  expect(schedules.length).toBeGreaterThan(15)
  for (const schedule of schedules) {
    const { violations } = await runCase(engine, { ...run, schedule })
    expect(violations, commandOf({ ...run, schedule })).toEqual([])
  }
  engine.close()
})
