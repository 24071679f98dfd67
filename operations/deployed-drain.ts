/** Runs a deployed lake's own functions, without waiting for their schedules, until nothing is pending. */
import { invocationFailure, invokingClient } from '../adapters/lambda-invoke.ts'
import { sumOf } from '../domain/counts.ts'
import { TradelakeError } from '../domain/errors.ts'
import { stageConsumers } from '../domain/names.ts'
import { countPending } from '../domain/pending.ts'
import { type Progress, UNTOLD } from '../domain/progress.ts'
import type { DeployedLake } from './deployed-lake.ts'

/** The sweep sends what waits for Silver, whose queue brings it there by itself. */
const FUNCTIONS = ['SweepFunction', 'CommitFunction', 'GoldFunction', 'OhlcvFunction']
const PAUSE_MS = 1_000
/** If nothing moves for this long, something is stuck. An object rests half a minute before it is sent again. */
const PATIENCE_MS = 180_000

/** @throws TradelakeError where a function fails, or what is pending stays so */
export async function drainDeployed(lake: DeployedLake, progress: Progress = UNTOLD): Promise<void> {
  const client = invokingClient()
  const { clock } = lake.ports
  let least = Number.POSITIVE_INFINITY
  let most = 0
  progress.begin('Working off what is pending', 'item')
  let moved = clock.steady()
  let failure = ''
  for (;;) {
    for (const name of FUNCTIONS) {
      const said = await invocationFailure(client, lake.output(name), {})
      if (said !== undefined) failure = `${lake.output(name)} failed: ${said}`
    }
    const waiting = await pendingOf(lake)
    const items = sumOf(waiting, ([, count]) => count)
    most = Math.max(most, items)
    progress.at(most - items, most)
    if (items === 0) return
    if (items < least) moved = clock.steady()
    least = Math.min(least, items)
    if (clock.steady() - moved > PATIENCE_MS)
      throw new TradelakeError(
        `Not everything could be worked off: ${waiting.map(([name, count]) => `${count} pending for ${name}`).join(', ')}. ${failure}`.trim(),
      )
    await clock.sleep(PAUSE_MS)
  }
}

async function pendingOf({ ports, exchanges }: DeployedLake): Promise<[consumer: string, items: number][]> {
  const found: [string, number][] = []
  for (const consumer of stageConsumers(exchanges)) {
    const { items } = await countPending(ports.state, consumer)
    if (items > 0) found.push([consumer, items])
  }
  return found
}
