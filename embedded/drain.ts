/** Runs every stage until nothing is pending, without waiting for any clock. */
import { sumOf } from '../domain/counts.ts'
import { Corrupt, messageOf, TradelakeError } from '../domain/errors.ts'
import { objectCreated } from '../domain/events.ts'
import type { BronzeObject } from '../domain/handover.ts'
import { consumers, stageConsumers } from '../domain/names.ts'
import { countPending, listPending } from '../domain/pending.ts'
import { type RecordStream, recordStreams } from '../domain/streams.ts'
import { type Functions, invocation, wiredFor } from './functions.ts'
import type { WritableLake } from './lake.ts'
import type { Totals } from './totals.ts'

const OBJECTS_PER_CALL = 25

/** @throws TradelakeError where something stays pending that the stages cannot work off, with the first reason */
export async function drain(lake: WritableLake, functions: Functions, totals: Totals): Promise<void> {
  const failures: string[] = []
  // Objects that failed are not tried again: they would fail the same way.
  const stuck = new Set<string>()
  for (;;) {
    let worked = 0
    for (const stream of recordStreams(lake.exchanges)) worked += await drainTopic(lake, functions, totals, stream)
    for (const { name } of lake.exchanges) worked += await drainObjects(lake, functions, totals, name, stuck, failures)
    worked += await orCorrupt(failures, async () => {
      const commits = await functions.commit({}, invocation(lake.ports))
      totals.committed(commits)
      return sumOf(commits, result => result.commits)
    })
    worked += await orCorrupt(failures, async () => {
      const gold = await functions.gold({}, invocation(lake.ports))
      totals.gold(gold)
      return gold.commits
    })
    worked += await orCorrupt(failures, async () => {
      const candles = await functions.ohlcv({}, invocation(lake.ports))
      totals.candles(candles)
      return candles.commits
    })
    if (worked === 0) break
  }
  const left = await stillPending(lake)
  if (left.length > 0)
    throw new TradelakeError(
      `Not everything could be worked off: ${left.join(', ')}. ${failures[0] ?? 'Run tradelake drain again.'}`,
    )
}

/** A damaged table stops only its own function: how much that did is then unknown, and counts as nothing. */
async function orCorrupt(failures: string[], run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error
    failures.push(messageOf(error))
    return 0
  }
}

async function drainTopic(
  lake: WritableLake,
  functions: Functions,
  totals: Totals,
  { name, topic, batchRecords }: RecordStream,
): Promise<number> {
  const handler = wiredFor(functions.bronze, 'Bronze function', name)
  let batches = 0
  for (;;) {
    const batch = await lake.topics.poll(topic, batchRecords)
    if (!batch) return batches
    totals.bronze(name, await handler(batch.event, invocation(lake.ports)))
    await lake.topics.acknowledge(batch)
    batches++
  }
}

async function drainObjects(
  lake: WritableLake,
  functions: Functions,
  totals: Totals,
  exchange: string,
  stuck: Set<string>,
  failures: string[],
): Promise<number> {
  const handler = wiredFor(functions.silver, 'Silver function', exchange)
  let objects = 0
  for (;;) {
    const items = await listPending<BronzeObject>(lake.ports, consumers.silver(exchange), OBJECTS_PER_CALL + stuck.size)
    const fresh = items.filter(item => !stuck.has(item.id)).slice(0, OBJECTS_PER_CALL)
    if (fresh.length === 0) return objects
    const messages = fresh.map(item => ({ messageId: item.id, body: objectCreated(item.id, item.payload.bytes) }))
    const { result } = await handler({ Records: messages }, invocation(lake.ports))
    totals.silver(exchange, result)
    for (const { key, reason } of result.failures) {
      stuck.add(key)
      failures.push(reason)
    }
    objects += result.objects
  }
}

async function stillPending(lake: WritableLake): Promise<string[]> {
  const names = stageConsumers(lake.exchanges)
  const counts = await Promise.all(names.map(name => countPending(lake.ports.state, name)))
  return names.flatMap((name, i) => (counts[i].items > 0 ? [`${counts[i].items} pending for ${name}`] : []))
}
