/** Every single fault at every point of a hundred trades' way through all stages, and of a migration; and a sample of pairs. */
import { expect, test } from 'vitest'
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
  expect([...minute.failures, ...upkeep.failures, ...migration.failures]).toEqual([])
  expect(minute.runs + upkeep.runs).toBeGreaterThan(20_000)
})

test('no pair of faults of a sample breaks a law', async () => {
  const { failures } = await campaign({ campaign: 'pairs', scenario: 'two', seeds: [1, 2], runs: 500 })
  expect(failures).toEqual([])
})
