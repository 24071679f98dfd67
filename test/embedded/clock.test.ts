/** A wall clock that is set does not stop the embedded runtime: it waits by a clock that only goes forward. */
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../adapters/system.ts'
import { sumOf } from '../../domain/counts.ts'
import { createRuntime } from '../../embedded/runtime.ts'
import { SILENT } from '../silent-log.ts'
import { newLake, publishMarket } from './support.ts'

const TEN_MINUTES = 600_000

test.each([-TEN_MINUTES, TEN_MINUTES])('a clock that is set by %i ms delays nothing', async by => {
  const found = await newLake()
  onTestFinished(() => found.remove())
  const clock = systemClock()
  let set = 0
  const lake = { ...found, ports: { ...found.ports, clock: { ...clock, now: () => clock.now() + set } } }
  const runtime = createRuntime(lake, SILENT)
  const running = runtime.run()
  await publishMarket(lake, { market: 0, from: 0, to: 10 })
  const gold = () => sumOf([...runtime.totals.exchanges.values()], totals => totals.gold)
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 150 && !condition(); i++) await clock.sleep(100)
    expect(condition()).toBe(true)
  }
  await until(() => gold() > 0)
  const before = gold()
  // In the middle of all waits.
  set = by
  await publishMarket(lake, { market: 1, from: 0, to: 10 })
  await until(() => gold() > before)
  runtime.stop()
  await running
})
