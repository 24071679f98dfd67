/**
 * What AWS does around the stages: event source mappings, object notifications and their queues, schedules, a success
 * destination. All of it at least once, and each step a fault point.
 * Over 250 lines: the platform is one state machine.
 */
import { createQueue } from '../../adapters/memory-queue.ts'
import { type KafkaEvent, objectCreated, type QueueEvent } from '../../domain/events.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { consumers, dataPrefix, topicName } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import type { LogRecord, PolledBatch, Telemetry, TopicLog } from '../../domain/ports.ts'
import { tradeStream } from '../../domain/streams.ts'
import { bronzeTable, committedTables } from '../../domain/tables.ts'
import { bronzeHandler } from '../../functions/bronze/handler.ts'
import { commitHandler } from '../../functions/commit/handler.ts'
import { goldHandler } from '../../functions/gold/handler.ts'
import { maintainHandler } from '../../functions/maintain/handler.ts'
import { ohlcvHandler } from '../../functions/ohlcv/handler.ts'
import { silverHandler } from '../../functions/silver/handler.ts'
import { sweepHandler } from '../../functions/sweep/handler.ts'
import { memoryTopicLog } from '../memory/topic-log.ts'
import { SILENT } from '../silent-log.ts'
import { splitEvent } from './events.ts'
import { createLambda, type Fleet } from './lambda.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const MINUTE = 60_000
const HOURS_LATE_MS = 3 * 3_600_000
const QUEUE_BATCH = 10
const BACKOFF_MS = [1_000, 4_000, 16_000, 60_000]

/** What is still pending after this many minutes of trying, hours after the last fault, will not drain by itself. */
const MAX_TRIES = 300

const UNWATCHED: Telemetry = { log: SILENT, metrics: { addMetric: () => {}, publishStoredMetrics: () => {} } }

/** How the platform of a run is set up. */
export interface PlatformOptions {
  readonly exchanges: readonly Exchange[]
  /** The same exchanges by the rules of the second deployment. */
  readonly redeployed: readonly Exchange[]
  readonly visibilityMs: number
  readonly listLagMs: number
  /** Notifications come after up to this; 0: at once. */
  readonly eventDelayMs: number
  /** When maintenance is scheduled, milliseconds since 1970. */
  readonly maintenance: readonly number[]
}

/** What the platform did with the records of one life of a topic. */
export interface TopicLife {
  readonly exchange: string
  readonly published: { readonly partition: number; readonly offset: number; readonly record: LogRecord }[]
  /** `partition/offset` of what an invocation got, and of what one took with success. */
  readonly delivered: Set<string>
  readonly acknowledged: Set<string>
}

export interface Platform {
  publish(exchange: string, records: readonly LogRecord[]): Promise<void>
  readonly lives: readonly TopicLife[]
  /** Something is pending or running. */
  busy(): Promise<boolean>
  readonly pendingOf: () => Promise<string[]>
}

export function createPlatform(world: World, options: PlatformOptions): Platform {
  const { exchanges, visibilityMs, listLagMs, eventDelayMs } = options
  const { scheduler, random } = world
  const at = (delay: number, label: string, run: () => void | Promise<void>) =>
    scheduler.add({ due: scheduler.now() + delay, label, owner: undefined, run })

  // Object notifications and their queues.
  const ids = { uuid: () => `message-${messages++}` }
  let messages = 0
  const queues = new Map(
    exchanges.map(exchange => [
      exchange.name,
      createQueue({ clock: { now: scheduler.now, steady: scheduler.now, sleep: async () => {} }, ids }, visibilityMs),
    ]),
  )
  const polled = new Set<string>()

  function send(exchange: string, key: string, bytes: number): void {
    queues.get(exchange)?.send(objectCreated(key, bytes))
    pollQueue(exchange, 0)
  }

  function pollQueue(exchange: string, delay: number): void {
    if (polled.has(exchange)) return
    polled.add(exchange)
    at(delay, `queue of ${exchange}`, () => {
      polled.delete(exchange)
      const queue = queues.get(exchange)
      const records = queue?.receive(QUEUE_BATCH) ?? []
      if (queue && queue.size > 0) pollQueue(exchange, SECOND)
      if (records.length > 0) void refine(exchange, { Records: records })
    })
  }

  async function refine(exchange: string, event: QueueEvent): Promise<void> {
    const outcome = await silver.get(exchange)?.invoke(event)
    if (!outcome?.ok) return
    const failed = new Set(outcome.result.batchItemFailures.map(failure => failure.itemIdentifier))
    queues.get(exchange)?.delete(event.Records.map(record => record.messageId).filter(id => !failed.has(id)))
  }

  const prefixes = exchanges.map(exchange => ({ name: exchange.name, prefix: dataPrefix(bronzeTable(exchange).name) }))
  world.onObject = (key, bytes) => {
    const exchange = prefixes.find(({ prefix }) => key.startsWith(prefix))?.name
    if (exchange === undefined) return
    const kind = world.point('s3-event', key)
    const notify = () => send(exchange, key, bytes)
    const usual = eventDelayMs === 0 ? 0 : Math.floor((random() * eventDelayMs) / SECOND) * SECOND
    if (kind === 'lost') return
    at(kind === 'hours-late' ? HOURS_LATE_MS : usual, 's3 event', notify)
    if (kind === 'twice') at(usual + 7 * SECOND, 's3 event again', notify)
  }

  // Functions.
  const fleet: Fleet = { world, listLagMs, send, containers: 0, running: 0 }
  const bronze = new Map(
    exchanges.map(exchange => [
      exchange.name,
      createLambda(fleet, `bronze-${exchange.name}`, ({ ports }) =>
        bronzeHandler(UNWATCHED, ports, tradeStream(exchange)),
      ),
    ]),
  )
  const silver = new Map(
    exchanges.map(exchange => [
      exchange.name,
      createLambda(fleet, `silver-${exchange.name}`, ({ ports }) => silverHandler(UNWATCHED, ports, exchange)),
    ]),
  )
  const commit = createLambda(fleet, 'commit', ({ ports }) => commitHandler(UNWATCHED, ports, exchanges))
  const gold = createLambda(fleet, 'gold', ({ ports }) => goldHandler(UNWATCHED, ports))
  const ohlcv = createLambda(fleet, 'ohlcv', ({ ports }) => ohlcvHandler(UNWATCHED, ports))
  const sweep = createLambda(fleet, 'sweep', ({ ports, events }) => sweepHandler(UNWATCHED, ports, exchanges, events))

  const maintain = createLambda(fleet, 'maintain', ({ ports }) =>
    maintainHandler(UNWATCHED, ports, exchanges, { closedAfterMs: MINUTE / 2, sweepEveryMs: 60 * MINUTE }),
  )
  for (const due of options.maintenance) {
    const run = () => {
      const kind = world.point('schedule', 'maintain')
      if (kind !== 'missed') void maintain.invoke({})
      if (kind === 'double') void maintain.invoke({})
    }
    scheduler.add({ due, label: 'schedule of maintain', owner: undefined, run })
  }

  function deploy(): void {
    for (const exchange of options.redeployed)
      silver.get(exchange.name)?.deploy(({ ports }) => silverHandler(UNWATCHED, ports, exchange))
  }

  // Schedules: each minute, as long as the function has something to do.
  const schedules = [
    {
      name: 'commit',
      lists: committedTables(exchanges).map(table => consumers.table(table.name)),
      fire: () => commit.invoke({}),
    },
    { name: 'gold', lists: [consumers.gold], fire: goldThenCandles },
    { name: 'ohlcv', lists: [consumers.candles], fire: () => ohlcv.invoke({}) },
    { name: 'sweep', lists: exchanges.map(exchange => consumers.silver(exchange.name)), fire: () => sweep.invoke({}) },
  ]
  const ticking = new Set<string>()
  // Since the function's lists were empty last.
  const fired = new Map<string, number>()

  async function goldThenCandles(): Promise<void> {
    const outcome = await gold.invoke({})
    if (!outcome.ok || outcome.result.commits === 0) return
    const kind = world.point('destination', 'gold to ohlcv')
    if (kind === 'lost') return
    void ohlcv.invoke({})
    if (kind === 'twice') void ohlcv.invoke({})
  }

  async function anyPending(lists: readonly string[]): Promise<string[]> {
    const found: string[] = []
    for (const list of lists) if ((await countPending(world.state, list)).items > 0) found.push(list)
    return found
  }

  async function startSchedules(): Promise<void> {
    for (const schedule of schedules) {
      if (ticking.has(schedule.name)) continue
      const waits = (await anyPending(schedule.lists)).length > 0
      const fires = waits ? (fired.get(schedule.name) ?? 0) : 0
      fired.set(schedule.name, fires + 1)
      if (!waits || fires === MAX_TRIES) continue
      ticking.add(schedule.name)
      const minute = MINUTE - (scheduler.now() % MINUTE)
      at(minute, `schedule of ${schedule.name}`, async () => {
        ticking.delete(schedule.name)
        const kind = world.point('schedule', schedule.name)
        if (kind !== 'missed') void schedule.fire()
        if (kind === 'double') void schedule.fire()
        await startSchedules()
      })
    }
  }
  world.onTransaction = startSchedules

  // Topics and their event source mappings.
  const lives: TopicLife[] = []
  const topics = new Map<
    string,
    { log: TopicLog; life: TopicLife; exchange: Exchange; polling: boolean; failures: number }
  >()

  async function newLife(exchange: Exchange): Promise<void> {
    const log = memoryTopicLog()
    await log.createTopic(topicName(exchange.name), exchange.partitions)
    const life: TopicLife = { exchange: exchange.name, published: [], delivered: new Set(), acknowledged: new Set() }
    lives.push(life)
    topics.set(exchange.name, {
      log,
      life,
      exchange,
      polling: topics.get(exchange.name)?.polling ?? false,
      failures: 0,
    })
  }

  async function publish(name: string, records: readonly LogRecord[]): Promise<void> {
    const exchange = exchanges.find(candidate => candidate.name === name)!
    const kind = world.point('publish', name)
    if (!topics.has(name) || kind === 'recreate') await newLife(exchange)
    if (kind === 'deploy') deploy()
    const topic = topics.get(name)!
    const ends = await topic.log.ends(topicName(name))
    for (const record of records)
      topic.life.published.push({
        partition: record.partition,
        offset: (ends[record.partition] as { end: number }).end++,
        record,
      })
    await topic.log.append(topicName(name), records)
    poll(name, exchange.batchWindowSeconds * SECOND)
  }

  function poll(name: string, delay: number): void {
    const topic = topics.get(name)!
    if (topic.polling) return
    topic.polling = true
    at(delay, `event source of ${name}`, async () => {
      const now = topics.get(name)!
      now.polling = false
      // Split differently from the last time.
      const most = now.failures === 0 ? now.exchange.batchRecords : 1 + Math.floor(random() * now.exchange.batchRecords)
      const batch = await now.log.poll(topicName(name), most)
      if (!batch) return
      now.polling = true
      void deliver(name, now.life, batch)
    })
  }

  async function deliver(name: string, life: TopicLife, batch: PolledBatch): Promise<void> {
    const kind = world.point('batch', name)
    const [ok] = await Promise.all([
      kind === 'swapped'
        ? inParts(name, life, splitEvent(batch.event, 2).reverse())
        : invokeBronze(name, life, batch.event),
      ...(kind === 'rebalance' ? [inParts(name, life, splitEvent(batch.event, 2))] : []),
    ])
    const topic = topics.get(name)!
    topic.polling = false
    if (kind === 'reset') await replay(name, life)
    if (topic.life !== life) return poll(name, SECOND)
    if (topic.failures === MAX_TRIES) return
    if (ok && kind !== 'redeliver') await topic.log.acknowledge(batch)
    const backoff = BACKOFF_MS[Math.min(topic.failures, BACKOFF_MS.length - 1)]
    topic.failures = ok && kind !== 'redeliver' ? 0 : topic.failures + 1
    poll(name, ok ? 0 : backoff)
  }

  async function inParts(name: string, life: TopicLife, events: readonly KafkaEvent[]): Promise<boolean> {
    for (const event of events) if (!(await invokeBronze(name, life, event))) return false
    return true
  }

  async function replay(name: string, life: TopicLife): Promise<void> {
    const log = memoryTopicLog()
    await log.createTopic(topicName(name), topics.get(name)!.exchange.partitions)
    const again = life.published.filter(({ partition, offset }) => life.delivered.has(`${partition}/${offset}`))
    await log.append(
      topicName(name),
      again.map(({ record }) => record),
    )
    const batch = await log.poll(topicName(name), again.length)
    if (batch && topics.get(name)!.life === life) await inParts(name, life, splitEvent(batch.event, 3))
  }

  async function invokeBronze(name: string, life: TopicLife, event: KafkaEvent): Promise<boolean> {
    const keys = Object.values(event.records).flatMap(records =>
      records.map(({ partition, offset }) => `${partition}/${offset}`),
    )
    for (const key of keys) life.delivered.add(key)
    const outcome = await bronze.get(name)?.invoke(event)
    if (outcome?.ok) for (const key of keys) life.acknowledged.add(key)
    return outcome?.ok ?? false
  }

  const lists = schedules.flatMap(schedule => schedule.lists)
  return {
    publish,
    lives,
    busy: async () => fleet.running > 0 || (await anyPending(lists)).length > 0,
    pendingOf: () => anyPending(lists),
  }
}
