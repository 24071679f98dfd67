/** Clients who ask for the newest trades while Gold takes them: none is missing and none comes twice, whatever fails in between. */
import { afterAll, expect, test } from 'vitest'
import { type Case, runCase } from '../simulation/campaign.ts'
import { sharedEngine } from '../simulation/engine.ts'
import { runCampaign } from '../simulation/workers.ts'

const engine = await sharedEngine()
afterAll(() => engine.close())

test('all laws hold in a swarm of them', async () => {
  const { failures } = await runCampaign({
    ...{ campaign: 'swarm', scenario: 'fresh', seeds: [1], runs: 40 },
    ...{ minutes: undefined, maxFailures: 3, shrink: false, processes: 2 },
  })
  expect(failures).toEqual([])
})

test('calm worlds’ clients are answered, often before Gold has all; a seed makes one run', async () => {
  const answers = { whole: 0, waiting: 0 }
  for (const seed of [1, 2, 3]) {
    const run: Case = { campaign: 'single', scenario: 'fresh', seed, schedule: new Map() }
    const { violations, fresh, traceHash } = await runCase(engine, run)
    expect(violations).toEqual([])
    answers.whole += fresh.whole
    answers.waiting += fresh.waiting
    expect((await runCase(engine, run)).traceHash).toBe(traceHash)
  }
  expect(answers.whole).toBeGreaterThan(300)
  expect(answers.waiting).toBeGreaterThan(30)
})
