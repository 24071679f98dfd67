/**
 * The embedded runtime: does what the event source mappings, SQS and EventBridge Scheduler do, around the same
 * handlers. A loop for each topic and queue, and schedules of a few seconds instead of a minute.
 */
import type { Queue } from '../adapters/memory-queue.ts'
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { Conflict, Corrupt, Fenced, messageOf, Throttled } from '../domain/errors.ts'
import type { Log } from '../domain/ports.ts'
import { type RecordStream, recordStreams } from '../domain/streams.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { type Functions, invocation, wiredFor, wireFunctions } from './functions.ts'
import type { Lake } from './lake.ts'
import { createTotals, type Totals } from './totals.ts'

const SCHEDULES_MS = { commit: 5_000, gold: 2_000, ohlcv: 10_000, sweep: 10_000, maintain: MINUTE_MS }
/** Who has just started it waits for a first candle: for so long Bronze and Gold wait no longer than this for more to come. */
const [FRESH_MS, FRESH_WAIT_MS] = [5_000, 500]
const IDLE_MS = 50
const QUEUE_BATCH = 10
const BACKOFF: Backoff = { firstMs: 100, lastMs: 10_000 }

export interface Runtime {
  readonly totals: Totals
  readonly functions: Functions
  /**
   * Starts all loops; `stopped` settles when they have ended: with an error that a retry cannot mend, or after
   * `stop`.
   */
  run(): Promise<void>
  /** Lets every invocation under way end, then ends the loops. */
  stop(): void
}

interface BronzeSource {
  readonly stream: RecordStream
  readonly handler: MapValue<Functions['bronze']>
}

interface SilverSource {
  readonly exchange: string
  readonly handler: MapValue<Functions['silver']>
  readonly queue: Queue
}

type MapValue<M> = M extends ReadonlyMap<string, infer V> ? V : never

export function createRuntime(lake: Lake, log: Log): Runtime {
  const { clock } = lake.ports
  const functions = wireFunctions(lake, log)
  const totals = createTotals(lake.exchanges)
  let running = true
  let begun = Number.POSITIVE_INFINITY
  let fatal: unknown

  async function run(): Promise<void> {
    begun = clock.steady()
    // All of them before the first loop begins: a mistake in the wiring ends the run at once.
    const bronze = recordStreams(lake.exchanges).map(stream => ({
      stream,
      handler: wiredFor(functions.bronze, 'Bronze function', stream.name),
    }))
    const silver = lake.exchanges.map(({ name }) => ({
      exchange: name,
      handler: wiredFor(functions.silver, 'Silver function', name),
      queue: wiredFor(functions.queues, 'queue', name),
    }))
    const loops = [
      ...bronze.map(bronzeLoop),
      ...silver.map(silverLoop),
      every(
        () => SCHEDULES_MS.commit,
        async () => totals.committed(await functions.commit({}, invocation(lake.ports))),
      ),
      every(() => waitOf(SCHEDULES_MS.gold), goldThenCandles),
      every(() => SCHEDULES_MS.ohlcv, candles),
      every(
        () => SCHEDULES_MS.sweep,
        async () => totals.swept(await functions.sweep({}, invocation(lake.ports))),
      ),
      every(
        () => SCHEDULES_MS.maintain,
        async () => totals.maintained(await functions.maintain({}, invocation(lake.ports))),
      ),
    ]
    await Promise.all(loops)
    if (fatal !== undefined) throw fatal
  }

  async function goldThenCandles(): Promise<void> {
    const result = await functions.gold({}, invocation(lake.ports))
    totals.gold(result)
    // What Gold hands over starts them.
    if (result.commits > 0) await candles()
  }

  async function candles(): Promise<void> {
    totals.candles(await functions.ohlcv({}, invocation(lake.ports)))
  }

  /**
   * The event source mapping: batches by size or window, the next one only after success, the same one again after a
   * failure.
   */
  async function bronzeLoop({ stream, handler }: BronzeSource): Promise<void> {
    const { name, topic, batchRecords, batchWindowSeconds } = stream
    let windowEnd = 0
    await loop(async () => {
      const batch = await lake.topics.poll(topic, batchRecords)
      if (!batch) {
        windowEnd = 0
        return IDLE_MS
      }
      const now = clock.steady()
      if (windowEnd === 0) windowEnd = now + waitOf(batchWindowSeconds * 1000)
      if (batch.records < batchRecords && now < windowEnd && running) return Math.min(windowEnd - now, 4 * IDLE_MS)
      totals.bronze(name, await handler(batch.event, invocation(lake.ports)))
      await lake.topics.acknowledge(batch)
      windowEnd = 0
      return 0
    })
  }

  async function silverLoop({ exchange, handler, queue }: SilverSource): Promise<void> {
    await loop(async () => {
      const messages = queue.receive(QUEUE_BATCH)
      if (messages.length === 0) return IDLE_MS
      const { batchItemFailures, result } = await handler({ Records: messages }, invocation(lake.ports))
      const failed = new Set(batchItemFailures.map(failure => failure.itemIdentifier))
      queue.delete(messages.map(message => message.messageId).filter(id => !failed.has(id)))
      totals.silver(exchange, result)
      return 0
    })
  }

  const waitOf = (milliseconds: number) =>
    clock.steady() - begun < FRESH_MS ? Math.min(milliseconds, FRESH_WAIT_MS) : milliseconds

  /** Runs the first time at once, for what an earlier process left. */
  async function every(wait: () => number, run: () => Promise<void>): Promise<void> {
    await loop(async () => {
      await run()
      await pause(wait())
      return 0
    })
  }

  /**
   * Repeats a step, which gives the pause until the next, while the runtime runs. After an error that may pass by
   * itself it tries again.
   */
  async function loop(step: () => Promise<number>): Promise<void> {
    let failures = 0
    while (running) {
      try {
        const rest = await step()
        failures = 0
        if (rest > 0) await clock.sleep(rest)
      } catch (error) {
        totals.failed(messageOf(error))
        log.error('invocation failed', { problem: messageOf(error) })
        // A damaged table fails only its own function, and the loop goes on, as the schedule does on AWS.
        const known = [Conflict, Fenced, Throttled, Corrupt].some(kind => error instanceof kind)
        if (!known) {
          fatal ??= error
          running = false
        }
        await pause(pauseMs(BACKOFF, failures++))
      }
    }
  }

  /** Sleeps in short steps, so that a stop takes effect soon. */
  async function pause(milliseconds: number): Promise<void> {
    const end = clock.steady() + milliseconds
    while (running && clock.steady() < end) await clock.sleep(Math.min(2 * IDLE_MS, end - clock.steady()))
  }

  return {
    totals,
    functions,
    run,
    stop() {
      running = false
    },
  }
}
