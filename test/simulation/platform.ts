/**
 * What AWS does around the stages: event source mappings, object notifications and their queues, schedules, and what the state table's
 * stream or, where there is none, a success destination starts. All of it at least once, and each step a fault point.
 * Over 250 lines: the platform is one state machine.
 */
import { createQueue } from '../../adapters/memory-queue.ts'
import { objectCreated, type QueueEvent } from '../../domain/events.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import { FOLDED } from '../../domain/handover.ts'
import { consumers, dataPrefix, statePartition } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import type { Telemetry, Write } from '../../domain/ports.ts'
import type { RetentionSettings } from '../../domain/retention.ts'
import { sharesOf, wholeShare } from '../../domain/shares.ts'
import { recordStreams } from '../../domain/streams.ts'
import { bronzeTable, committedTables } from '../../domain/tables.ts'
import { bronzeHandler } from '../../functions/bronze/handler.ts'
import { commitHandler } from '../../functions/commit/handler.ts'
import { goldHandler } from '../../functions/gold/handler.ts'
import { maintainHandler } from '../../functions/maintain/handler.ts'
import { ohlcvHandler } from '../../functions/ohlcv/handler.ts'
import { silverHandler } from '../../functions/silver/handler.ts'
import { sweepHandler } from '../../functions/sweep/handler.ts'
import { SILENT } from '../silent-log.ts'
import type { Container, Place } from './container.ts'
import { createLambda, type Fleet, type Handler, type Lambda, MAX_TRIES, newContainer } from './lambda.ts'
import { createTopics, type LogStart, type Topics } from './topics.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const MINUTE = 60_000
const HOURS_LATE_MS = 3 * 3_600_000
const QUEUE_BATCH = 10

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
  readonly retention: RetentionSettings
  readonly logStart: LogStart
  /** Listings come in pages of this many objects. */
  readonly pageObjects: number
  /** New items on the lists of Gold and the candles start them; without, Gold's success starts the candles. */
  readonly wakes: boolean
  /** Gold and the candles work for each exchange by itself. */
  readonly sharedOut: boolean
}

export interface Platform {
  readonly topics: Topics
  /** Those that have not died. */
  containers(): readonly Container[]
  /** A process of a person's command. */
  newProcess(name: string, place: Place): Container
  /** A function beside the stages. */
  newFunction<E, R>(name: string, make: (container: Container) => Handler<E, R>): Lambda<E, R>
  /** Ends all invocations, and lets none begin. */
  stop(): void
  start(): void
  /** As they were deployed last. */
  exchanges(): readonly Exchange[]
  /** Bronze's objects of an exchange that were notified, with their bytes. */
  objectsOf(exchange: string): readonly (readonly [key: string, bytes: number])[]
  /** Puts a notification on the exchange's queue. */
  send(exchange: string, key: string, bytes: number): void
  /** Something is pending or running. */
  busy(): Promise<boolean>
  readonly pendingOf: () => Promise<string[]>
}

export function createPlatform(world: World, options: PlatformOptions): Platform {
  const { exchanges, visibilityMs, listLagMs, eventDelayMs, pageObjects } = options
  const whole = wholeShare(exchanges)
  const shares = sharesOf(exchanges, options.sharedOut ? 'exchange' : 'all')
  const slowest = Math.max(...exchanges.map(({ batchWindowSeconds }) => batchWindowSeconds))
  const streams = recordStreams(exchanges).map(stream => {
    return { ...stream, batchWindowSeconds: Math.max(stream.batchWindowSeconds, slowest) }
  })
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

  const objects = new Map(exchanges.map(({ name }) => [name, [] as [string, number][]]))
  const prefixes = exchanges.map(exchange => ({ name: exchange.name, prefix: dataPrefix(bronzeTable(exchange).name) }))
  world.onObject = (key, bytes) => {
    const exchange = prefixes.find(({ prefix }) => key.startsWith(prefix))?.name
    if (exchange === undefined) return
    objects.get(exchange)?.push([key, bytes])
    const kind = world.point('s3-event', key)
    const notify = () => send(exchange, key, bytes)
    const usual = eventDelayMs === 0 ? 0 : Math.floor((random() * eventDelayMs) / SECOND) * SECOND
    if (kind === 'lost') return
    at(kind === 'hours-late' ? HOURS_LATE_MS : usual, 's3 event', notify)
    if (kind === 'twice') at(usual + 7 * SECOND, 's3 event again', notify)
  }

  // Functions.
  const fleet: Fleet = {
    world,
    listLagMs,
    pageObjects,
    send,
    containers: 0,
    alive: new Set(),
    stopped: false,
    running: 0,
  }
  const bronze = new Map(
    streams.map(stream => [
      stream.name,
      createLambda(fleet, `bronze-${stream.name}`, ({ ports }) => bronzeHandler(UNWATCHED, ports, stream)),
    ]),
  )
  const silver = new Map(
    exchanges.map(exchange => [
      exchange.name,
      createLambda(fleet, `silver-${exchange.name}`, ({ ports }) => silverHandler(UNWATCHED, ports, exchange)),
    ]),
  )
  const commit = createLambda(fleet, 'commit', ({ ports }) => commitHandler(UNWATCHED, ports, exchanges))
  const gold = createLambda(fleet, 'gold', ({ ports }) => goldHandler(UNWATCHED, ports, shares))
  const ohlcv = createLambda(fleet, 'ohlcv', ({ ports }) => ohlcvHandler(UNWATCHED, ports, whole, shares))
  const sweep = createLambda(fleet, 'sweep', ({ ports, events }) => sweepHandler(UNWATCHED, ports, exchanges, events))

  const maintain = createLambda(fleet, 'maintain', ({ ports }) =>
    maintainHandler(UNWATCHED, ports, exchanges, {
      closedAfterMs: MINUTE / 2,
      sweepEveryMs: 60 * MINUTE,
      retention: options.retention,
    }),
  )
  for (const due of options.maintenance) {
    const run = () => {
      const kind = world.point('schedule', 'maintain')
      if (kind !== 'missed') void maintain.invoke({})
      if (kind === 'double') void maintain.invoke({})
    }
    scheduler.add({ due, label: 'schedule of maintain', owner: undefined, run })
  }

  let deployed = exchanges
  function deploy(): void {
    deployed = options.redeployed
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
    { name: 'gold', lists: whole.goldLists, fire: goldThenCandles },
    { name: 'ohlcv', lists: whole.candleLists, fire: () => ohlcv.invoke({}) },
    { name: 'sweep', lists: exchanges.map(exchange => consumers.silver(exchange.name)), fire: () => sweep.invoke({}) },
  ]
  const ticking = new Set<string>()
  // Since the function's lists were empty last.
  const fired = new Map<string, number>()

  async function goldThenCandles(): Promise<void> {
    const outcome = await gold.invoke({})
    if (options.wakes || !outcome.ok || outcome.result.commits === 0) return
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

  // The stream: records of a list gather for a time, and one batch of it after the other starts the function.
  const streamed = shares.flatMap(share =>
    [
      { lists: share.goldLists, windowMs: 5 * SECOND, start: (event: unknown) => gold.invoke(event) },
      { lists: [share.candleList], windowMs: 0, start: (event: unknown) => ohlcv.invoke(event) },
    ].map(mapping => ({ ...mapping, name: mapping.lists.join(), gathered: [] as string[], isStarted: false })),
  )

  function gather(mapping: (typeof streamed)[number], list: string, delayMs: number): void {
    mapping.gathered.push(list)
    if (mapping.isStarted) return
    mapping.isStarted = true
    at(delayMs, `stream of ${mapping.name}`, () => void startOf(mapping))
  }

  async function startOf(mapping: (typeof streamed)[number]): Promise<void> {
    const Records = mapping.gathered
      .splice(0)
      .map(list => ({ eventName: 'INSERT', dynamodb: { Keys: { pk: { S: statePartition.pending(list) } } } }))
    await mapping.start({ Records })
    mapping.isStarted = false
    // Those that came meanwhile.
    const next = mapping.gathered.shift()
    if (next !== undefined) gather(mapping, next, mapping.windowMs)
  }

  function wake(writes: readonly Write[]): void {
    for (const mapping of streamed) {
      const { lists, windowMs } = mapping
      const isNew = (list: string) => (write: Write) =>
        write.kind === 'put' &&
        write.item.key.partition === statePartition.pending(list) &&
        !write.item.key.sort.startsWith(FOLDED)
      const list = lists.find(name => writes.some(isNew(name)))
      if (list === undefined) continue
      const kind = world.point('stream', list)
      if (kind === 'lost') continue
      if (kind === 'hours-late') at(HOURS_LATE_MS, `stream of ${list}, late`, () => gather(mapping, list, 0))
      else gather(mapping, list, windowMs)
      if (kind === 'twice') at(windowMs + 7 * SECOND, `stream of ${list} again`, () => gather(mapping, list, 0))
    }
  }

  world.onTransaction = writes => {
    if (options.wakes) wake(writes)
    return startSchedules()
  }
  // A command that outlives its process, and its faults with it, may use up the tries of what it disturbs.
  world.onCalm = () => {
    fired.clear()
    return startSchedules()
  }

  const topics = createTopics(world, { streams, bronze, logStart: options.logStart, deployed: deploy })

  const lists = schedules.flatMap(schedule => schedule.lists)
  return {
    topics,
    containers: () => [...fleet.alive].filter(({ dead }) => !dead),
    newProcess: (name, place) => newContainer(fleet, name, place),
    newFunction: (name, make) => createLambda(fleet, name, make),
    stop() {
      fleet.stopped = true
      for (const container of fleet.alive) if (!container.dead) container.kill()
    },
    start() {
      fleet.stopped = false
    },
    exchanges: () => deployed,
    objectsOf: exchange => objects.get(exchange) ?? [],
    send,
    busy: async () => fleet.running > 0 || (await anyPending(lists)).length > 0,
    pendingOf: () => anyPending(lists),
  }
}
