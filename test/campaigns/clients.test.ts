/** Clients of the catalog beside the pipeline: whatever fails, each is told the truth of its changes, and their tables stay whole. */
import { afterAll, expect, test } from 'vitest'
import { type Case, runCase } from '../simulation/campaign.ts'
import { sharedEngine } from '../simulation/engine.ts'
import { runCampaign } from '../simulation/workers.ts'

const engine = await sharedEngine()
afterAll(() => engine.close())

// Among the first were a metadata file that was deleted although its transaction came late, and a table that was made and dropped
// by others before its maker was answered.
test('all laws hold in a swarm of clients', async () => {
  const { failures } = await runCampaign({
    ...{ campaign: 'swarm', scenario: 'clients', seeds: [1], runs: 80 },
    ...{ minutes: undefined, maxFailures: 3, shrink: false, processes: 2 },
  })
  expect(failures).toEqual([])
})

test('a calm world’s clients meet, and are told of all that they ask for; a seed makes one run', async () => {
  const told = new Set<string>()
  const refused = new Set<number | undefined>()
  for (const seed of [1, 2, 3, 4, 18]) {
    const run: Case = { campaign: 'single', scenario: 'clients', seed, schedule: new Map() }
    const { violations, deeds, traceHash } = await runCase(engine, run)
    expect(violations).toEqual([])
    expect(deeds.filter(({ verdict }) => verdict === 'unknown')).toEqual([])
    for (const { kind, verdict, status, names } of deeds)
      if (verdict === 'told') told.add(`${kind}${kind === 'append' ? ` to ${names.length}` : ''}`)
      else refused.add(status)
    expect((await runCase(engine, run)).traceHash).toBe(traceHash)
  }
  expect([...told].sort()).toEqual(['append to 1', 'append to 2', 'create', 'drop', 'purge', 'rename'])
  expect([...refused].sort()).toEqual([403, 404, 409])
})

test('stormy worlds’ clients lose answers, and ask again; a seed makes one run', async () => {
  const kinds = new Set<string>()
  for (const seed of [10, 11, 12, 13]) {
    const run: Case = { campaign: 'swarm', scenario: 'clients', seed, schedule: undefined }
    const { deeds, traceHash } = await runCase(engine, run)
    for (const { verdict, wasLost } of deeds) kinds.add(`${verdict}${wasLost ? ' at last' : ''}`)
    expect((await runCase(engine, run)).traceHash).toBe(traceHash)
  }
  expect([...kinds].sort()).toEqual(['refused', 'refused at last', 'told', 'told at last', 'unknown at last'])
})
