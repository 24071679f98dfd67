/**
 * The feed of one exchange: frames become trades, trades become Kafka records, and what did not come is looked for and
 * reported. Everything received is published, repeats included: Gold keeps each trade once.
 * Over 250 lines: the parts of a feed are wired together here, and nowhere else.
 */
import { sumOf } from '../domain/counts.ts'
import { messageOf } from '../domain/errors.ts'
import type { Http, Positions, RecordSink, Sockets, Spill, Timers } from '../domain/feed-ports.ts'
import type { Pair } from '../domain/pairs.ts'
import type { Log } from '../domain/ports.ts'
import type { FeedStatus } from '../domain/server-ports.ts'
import { encodeTrade, type SchemaIds } from '../domain/wire.ts'
import type { Outage } from './client.ts'
import { createClients } from './clients.ts'
import { createClockWatch } from './clock-watch.ts'
import type { Decoder, FeedTrade } from './decoder.ts'
import type { Venue } from './exchanges/venues.ts'
import { createFrameReader } from './frame-reader.ts'
import { createMemoryWatch } from './memory-watch.ts'
import type { FeedMetrics } from './metrics.ts'
import { createPause } from './pause.ts'
import { createProgress } from './progress.ts'
import type { StreamKind } from './protocol.ts'
import { createPublisher } from './publisher.ts'
import type { Random } from './random.ts'
import { createRecovery } from './recovery.ts'
import { NO_ROOM, statusOf } from './status.ts'
import { createTimeouts } from './timeouts.ts'
import { createTracker } from './tracker.ts'

export interface FeedPorts {
  readonly timers: Timers
  readonly sockets: Sockets
  readonly http: Http
  readonly sink: RecordSink
  readonly spill: Spill
  readonly positions: Positions
  readonly random: Random
  readonly log: Log
  /** Heap in use, bytes. */
  heapBytes(): number
}

export interface FeedOptions {
  /** Name as in domain/exchanges.ts. */
  readonly exchange: string
  readonly venue: Venue
  readonly decoder: Decoder
  readonly pairs: readonly Pair[]
  readonly stream: StreamKind
  readonly topics: { readonly trades: string; readonly gaps: string }
  /** The registry's ids of the schemas that trades are written with. */
  readonly schemaIds: SchemaIds
  readonly metrics: FeedMetrics
  /** Records that wait for Kafka, in memory and then on disk. */
  readonly memoryBytes: number
  readonly spillBytes: number
  /** Heap above which the process has to end. */
  readonly heapLimitBytes: number
  /** Called once when the process has to end and be restarted. */
  exit(reason: string): void
}

export interface Feed {
  /** Goes on from where an earlier process was. @throws what the positions' store throws */
  start(): Promise<void>
  /**
   * Ends the connections, fetches missing trades for half the time, and sends what waits; all within `milliseconds`.
   */
  stop(milliseconds: number): Promise<void>
  status(): FeedStatus
}

const TICK_MS = 1_000
const LOOK_MS = 100
const HEAP_FLOOR_BYTES = 128 * 1024 * 1024
/** A tick that is this late means that the process hangs. */
const HANGS_MS = 30_000

export function createFeed(options: FeedOptions, ports: FeedPorts): Feed {
  const { exchange, venue, pairs, stream, metrics, topics } = options
  const { timers, random, log } = ports
  const timeouts = createTimeouts(timers)
  const tracker = createTracker()
  const memory = createMemoryWatch({ floorBytes: HEAP_FLOOR_BYTES, limitBytes: options.heapLimitBytes })
  const keys = new Map<string, Uint8Array>()
  const quotes = new Map(pairs.map(({ symbol, quote }) => [symbol, quote]))
  let kafkaProblem: string | undefined
  /** When an earlier process was last alive, milliseconds since 1970. */
  let resumed: number | undefined
  let lastTick = timers.steady()
  let exiting = false
  let stopped = false

  const publisher = createPublisher(
    { ...ports, memoryBytes: options.memoryBytes, spillBytes: options.spillBytes },
    {
      sent(records, bytes, tookMs) {
        kafkaProblem = undefined
        metrics.sent(records, bytes, tookMs / 1000)
      },
      failed(problem) {
        kafkaProblem = problem
        metrics.sendFailed()
      },
      room(isThere) {
        if (!isThere) {
          log.error('the feed reads no more', { exchange, problem: NO_ROOM })
          clients.stop('back_pressure', NO_ROOM)
        } else if (!stopped) clients.start()
      },
    },
  )
  const progress = createProgress(
    { positions: ports.positions, symbols: pairs.map(({ symbol }) => symbol), stream, timers },
    tracker,
    publisher,
  )
  const pause = createPause(timers)
  const recovery = createRecovery(
    {
      exchange,
      venue,
      pairs,
      stream,
      tracker,
      metrics,
      http: ports.http,
      timers,
      pause,
      log,
      hasRoom: () => publisher.isQuick,
    },
    { found: take, report: ({ key, value }) => publish(topics.gaps, key, value) },
  )
  const clock = createClockWatch({
    ...{ exchange, http: ports.http, timers, pause, log },
    urls: venue.restUrls.map(url => `${url}${venue.rest.timePath}`),
  })
  const readFrame = createFrameReader(
    { exchange, decoder: options.decoder, api: venue.stream, metrics, timers, log },
    {
      trade: take,
      unreadable: trade => recovery.unreadable(trade),
      reached: (symbol, id) => tracker.reached(symbol, id, timers),
    },
  )
  const clients = createClients(
    { venue, pairs, stream, timers, sockets: ports.sockets, random },
    {
      frame: readFrame,
      live,
      refused: (symbol, problem) => log.error('a market is not read', { exchange, markets: symbol, problem }),
      ended(cause, problem, url) {
        metrics.connectionEnded(cause)
        log.info('disconnected', { exchange, cause, problem, url })
      },
    },
  )
  metrics.observe({
    connectionAgeSeconds: () => secondsSince(clients.liveSince),
    sinceLastMessageSeconds: () => secondsSince(clients.lastFrame),
    connected: () => (clients.isWhole ? 1 : 0),
    missingIds: () => tracker.missingIds,
    clockOffsetSeconds: () => clock.offsetSeconds,
    refusedMarkets: () => sumOf(clients.all, ({ refused }) => refused.size),
    queueRecords: () => publisher.waiting.records,
    spillBytes: () => publisher.waiting.spillBytes,
    heapBytes: () => ports.heapBytes(),
  })

  function live(some: readonly Pair[], isFirst: boolean, outage: Outage | undefined): void {
    log.info('connected', { exchange, pairs: some.length })
    if (isFirst && resumed !== undefined) recovery.restarted(some, resumed)
    if (outage) recovery.interrupted(some, outage)
  }

  function take(decoded: FeedTrade): void {
    // The decoder has only the symbol to tell the currency by; the exchange's list of markets knows.
    const currency = quotes.get(decoded.symbol) ?? decoded.currency
    const trade = currency === decoded.currency ? decoded : { ...decoded, currency }
    const id = venue.rest.history && trade.number
    const isRepeat = id !== undefined && tracker.note(trade.symbol, id, trade.timestamp, timers) === 'repeat'
    if (isRepeat) metrics.repeats(1)
    recovery.came(trade)
    metrics.trades(1)
    publish(topics.trades, keyOf(trade.symbol), encodeTrade(trade, options.schemaIds))
  }

  function publish(topic: string, key: Uint8Array, value: Uint8Array): void {
    publisher.publish({ topic, key, value, timestamp: timers.now() })
  }

  function keyOf(symbol: string): Uint8Array {
    const key = keys.get(symbol) ?? new TextEncoder().encode(symbol)
    keys.set(symbol, key)
    return key
  }

  function tick(): void {
    lastTick = timers.steady()
    recovery.look(lastTick)
    if (clients.isLive) save()
    watchMemory()
    timeouts.after(TICK_MS, tick)
  }

  function save(): void {
    const open = recovery.unannounced()
    progress.save(clients.isWhole).then(saved => saved && recovery.announce(open), notSaved)
  }

  /** The next process finds more missing than is, and some trades come twice. */
  function notSaved(error: unknown): void {
    log.warn('the position was not saved', { exchange, problem: messageOf(error) })
  }

  function watchMemory(): void {
    const verdict = memory.sample(ports.heapBytes(), timers.steady())
    if (verdict === 'fine' || exiting) return
    log.warn('the heap grows', { exchange, bytes: ports.heapBytes(), verdict })
    if (verdict === 'rotate') clients.rotate('memory')
    else {
      exiting = true
      options.exit('the heap keeps growing: the process has to be restarted')
    }
  }

  const wait = (milliseconds: number) => new Promise<void>(resolve => timers.after(milliseconds, resolve))
  /** Whether everything that was published is in Kafka by a time of the steady clock. */
  const sentBy = (end: number) =>
    new Promise<boolean>(resolve => {
      const cancel = timers.after(Math.max(0, end - timers.steady()), () => resolve(false))
      void publisher
        .barrier()
        .then(cancel)
        .then(() => resolve(true))
    })
  const secondsSince = (milliseconds: number) => (timers.steady() - milliseconds) / 1000

  return {
    async start() {
      const { last, reported } = await progress.resume()
      resumed = last
      recovery.resume(reported)
      clients.start()
      clock.start()
      tick()
    },
    async stop(milliseconds) {
      const at = timers.now()
      const end = timers.steady() + milliseconds
      const whole = clients.isWhole
      stopped = true
      clients.stop('stopped', 'the feed stops')
      while (tracker.missingIds > 0 && timers.steady() < end - milliseconds / 2) await wait(LOOK_MS)
      timeouts.cancelAll()
      recovery.stop()
      clock.stop()
      const settled = tracker.settled()
      const open = recovery.unannounced()
      // What goes to disk counts as missing again: better that it comes twice than not at all.
      if (await sentBy(end)) await progress.saveLast(settled, at, whole).then(() => recovery.announce(open), notSaved)
      const left = await publisher.close(Math.max(0, end - timers.steady()))
      if (left > 0) log.warn('Kafka did not take the last records: they are on disk', { exchange, records: left })
    },
    status() {
      const healthy = !exiting && timers.steady() - lastTick < HANGS_MS
      const problems = { kafkaProblem, clockProblem: clock.problem }
      const [missingTrades, nowMs] = [tracker.missingIds, timers.steady()]
      return statusOf({ healthy, clients: clients.all, publisher, ...problems, missingTrades, nowMs })
    },
  }
}
