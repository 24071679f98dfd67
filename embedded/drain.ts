/** Runs every stage until nothing is pending, without waiting for any clock. */
import { sumOf } from '../domain/counts.ts'
import { Corrupt, messageOf, TradelakeError } from '../domain/errors.ts'
import { objectCreated } from '../domain/events.ts'
import type { BronzeObject } from '../domain/handover.ts'
import { consumers, stageConsumers } from '../domain/names.ts'
import { countPending, listPending } from '../domain/pending.ts'
import { type Progress, UNTOLD } from '../domain/progress.ts'
import { wholeShare } from '../domain/shares.ts'
import { type RecordStream, recordStreams } from '../domain/streams.ts'
import { committedTables } from '../domain/tables.ts'
import { type Functions, invocation, wiredFor } from './functions.ts'
import type { WritableLake } from './lake.ts'
import type { Totals } from './totals.ts'

const OBJECTS_PER_CALL = 25

/** @throws TradelakeError where something stays pending that the stages cannot work off, with the first reason */
export async function drain(
  lake: WritableLake,
  functions: Functions,
  totals: Totals,
  progress: Progress = UNTOLD,
): Promise<void> {
  const failures: string[] = []
  // Objects that failed are not tried again: they would fail the same way.
  const stuck = new Set<string>()
  const { goldLists, candleLists } = wholeShare(lake.exchanges)
  for (;;) {
    let worked = 0
    for (const stream of recordStreams(lake.exchanges))
      worked += await drainTopic(lake, functions, totals, stream, progress)
    for (const { name } of lake.exchanges)
      worked += await drainObjects(lake, functions, totals, name, { stuck, failures, progress })
    await beginList(
      lake,
      progress,
      'Tables',
      ...committedTables(lake.exchanges).map(({ name }) => consumers.table(name)),
    )
    worked += await orCorrupt(failures, async () => {
      const commits = await functions.commit({}, invocation(lake.ports))
      totals.committed(commits)
      return sumOf(commits, result => result.commits)
    })
    await beginList(lake, progress, 'Gold', ...goldLists)
    worked += await orCorrupt(failures, async () => {
      const gold = await functions.gold({}, invocation(lake.ports))
      totals.gold(gold)
      return gold.commits
    })
    await beginList(lake, progress, 'Candles', ...candleLists)
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

/** Tells how much waits on a stage's lists, if anything does. */
async function beginList(lake: WritableLake, progress: Progress, part: string, ...lists: string[]): Promise<void> {
  if (progress === UNTOLD) return
  const waiting = await Promise.all(lists.map(name => countPending(lake.ports.state, name)))
  const items = sumOf(waiting, list => list.items)
  if (items > 0) progress.begin(part, 'item', items)
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

interface Silver {
  readonly stuck: Set<string>
  readonly failures: string[]
  readonly progress: Progress
}

async function drainTopic(
  lake: WritableLake,
  functions: Functions,
  totals: Totals,
  { name, topic, batchRecords }: RecordStream,
  progress: Progress,
): Promise<number> {
  const waiting = progress === UNTOLD ? 0 : sumOf(await lake.topics.ends(topic), end => end.waiting)
  if (waiting > 0) progress.begin(`Bronze of ${name}`, 'record', waiting)
  const handler = wiredFor(functions.bronze, 'Bronze function', name)
  let batches = 0
  for (;;) {
    const batch = await lake.topics.poll(topic, batchRecords)
    if (!batch) return batches
    const result = await handler(batch.event, invocation(lake.ports))
    totals.bronze(name, result)
    await lake.topics.acknowledge(batch)
    progress.add(result.ingested + result.repeats)
    batches++
  }
}

async function drainObjects(
  lake: WritableLake,
  functions: Functions,
  totals: Totals,
  exchange: string,
  { stuck, failures, progress }: Silver,
): Promise<number> {
  await beginList(lake, progress, `Silver of ${exchange}`, consumers.silver(exchange))
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
    progress.add(result.objects)
  }
}

async function stillPending(lake: WritableLake): Promise<string[]> {
  const names = stageConsumers(lake.exchanges)
  const counts = await Promise.all(names.map(name => countPending(lake.ports.state, name)))
  return names.flatMap((name, i) => (counts[i].items > 0 ? [`${counts[i].items} pending for ${name}`] : []))
}
