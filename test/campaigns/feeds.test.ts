/** The product's feeds between simulated exchanges and a simulated lake: whatever goes wrong, each trade is in Gold or accounted for. */
import { afterAll, expect, test } from 'vitest'
import { type Case, runCase } from '../simulation/campaign.ts'
import { sharedEngine } from '../simulation/engine.ts'
import { runCampaign } from '../simulation/workers.ts'

const engine = await sharedEngine()
afterAll(() => engine.close())

test('all laws hold in swarms of feeds', async () => {
  // Seed 125 found a clock that is ahead, 1007 a range that was not filled, 1134 a ban that never ended, 1559 a range that stayed open.
  const found = await Promise.all(
    [1, 125, 1000, 1134, 1559].map(seed =>
      runCampaign({
        ...{ campaign: 'swarm', scenario: 'feeds', seeds: [seed], runs: seed === 1 ? 60 : 12 },
        ...{ minutes: undefined, maxFailures: 3, shrink: false, processes: 1 },
      }),
    ),
  )
  expect(found.flatMap(({ failures }) => failures)).toEqual([])
})

test.each([0, 1, 2, 3])('in a calm world nothing is missing, and a seed makes one run: %i', async seed => {
  const run: Case = { campaign: 'single', scenario: 'feeds', seed, schedule: new Map() }
  const first = await runCase(engine, run)
  expect(first.violations).toEqual([])
  expect((await runCase(engine, run)).traceHash).toBe(first.traceHash)
})

test('a swarm’s seed makes one run', async () => {
  const run: Case = { campaign: 'swarm', scenario: 'feeds', seed: 1003, schedule: undefined }
  const { traceHash } = await runCase(engine, run)
  expect((await runCase(engine, run)).traceHash).toBe(traceHash)
  expect((await runCase(engine, { ...run, seed: 1004 })).traceHash).not.toBe(traceHash)
})
