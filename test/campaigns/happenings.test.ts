/** What happens to swarms' worlds besides faults of calls: each kind does, in runs of fixed seeds, and the laws hold. */
import { afterAll, describe, expect, test } from 'vitest'
import { type Case, commandOf, runCase } from '../simulation/campaign.ts'
import { sharedEngine } from '../simulation/engine.ts'
import type { HappeningCounts } from '../simulation/happen.ts'
import { CALM } from '../simulation/run.ts'

const engine = await sharedEngine()
afterAll(() => engine.close())

/** How often each kind happened in the swarm's runs of these seeds, all of whose laws hold. */
async function happeningsOf(scenario: string, seeds: readonly number[]): Promise<Record<string, number>> {
  const total: Record<string, number> = {}
  for (const seed of seeds) {
    const run: Case = { campaign: 'swarm', scenario, seed, schedule: undefined }
    const { violations, happenings } = await runCase(engine, run, { readers: seed % 2 === 0 })
    expect(violations, commandOf(run)).toEqual([])
    for (const [kind, times] of Object.entries(happenings as Required<HappeningCounts>))
      total[kind] = (total[kind] ?? 0) + times
  }
  return total
}

describe('in swarms', () => {
  test('topics, clocks, lists, objects, messages, notices and the stores misbehave', async () => {
    const happenings = await happeningsOf('two', [3, 7, 8, 13])
    expect(Object.keys(happenings).sort()).toEqual([
      'clock-jump',
      'gap-reports',
      'old-notices',
      'poison-messages',
      'poison-objects',
      'recreate',
      'throttles',
      'trim',
    ])
  })

  // In 577039674 a redrive sleeps for thirty hours, during which the faults go on.
  test('a person rebuilds and redrives beside the schedules', async () => {
    expect(await happeningsOf('rebuilt', [2, 3, 5, 8, 577_039_674])).toMatchObject({
      rebuild: expect.any(Number),
      redrive: expect.any(Number),
    })
  })

  // Seed 1044 found a repair that took a good file for a damaged one when its engine failed, and one that left the candles of a file
  // that it had taken out before it was stopped.
  test('a person puts older stores back and repairs the lake', async () => {
    expect(await happeningsOf('restored', [3, 4, 1044])).toMatchObject({
      repair: expect.any(Number),
      restore: expect.any(Number),
    })
  })

  test('tables drop what is old', async () => {
    expect((await happeningsOf('months', [2, 4, 5])).retention).toBeGreaterThan(5)
  })
})

test('nothing of it happens in the calm worlds of single and pairs', async () => {
  expect(CALM).toMatchObject({ happenings: [], logStarts: [0], pageObjects: Number.POSITIVE_INFINITY, retention: {} })
  const run: Case = { campaign: 'single', scenario: 'one-batch', seed: 1, schedule: new Map() }
  expect((await runCase(engine, run)).happenings).toEqual({})
})
