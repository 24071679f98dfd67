/**
 * The feed of one exchange: frames become trades, trades become Kafka records, and what did not come is looked for and
 * reported. Everything that was received is published, repeats too: Gold has each trade once.
 */

import { messageOf } from '../domain/errors.ts'
import type { Http, Positions, RecordSink, Sockets, Spill, Timers } from '../domain/feed-ports.ts'
import { lostTradesLog } from '../domain/metrics.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { Log } from '../domain/ports.ts'
import { encodeTrade } from '../domain/wire.ts'
import { type Client, createClient } from './client.ts'
import type { Decoder, FeedTrade } from './decoder.ts'
import type { Venue } from './exchanges/venues.ts'
import { createFiller } from './filler.ts'
import { createFrameReader } from './frame-reader.ts'
import { createGapReports } from './gap-reports.ts'
import { createMemoryWatch } from './memory-watch.ts'
import type { FeedMetrics } from './metrics.ts'
import type { Pair } from './pairs.ts'
import { createProgress, RESTARTED } from './progress.ts'
import type { StreamKind } from './protocol.ts'
import { createPublisher } from './publisher.ts'
import type { Random } from './random.ts'
import { type FeedStatus, NO_ROOM, statusOf } from './status.ts'
import { createTimeouts } from './timeouts.ts'
import { createTracker, rangeFields } from './tracker.ts'

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
  /** The registry's id of the schema that trades are written with. */
  readonly schemaId: number
  readonly metrics: FeedMetrics
  /** Records that wait for Kafka, in memory and then on disk. */
  readonly memoryBytes: number
  readonly spillBytes: number
  /** Heap above which the process has to end. */
  readonly heapLimitBytes: number
  /** Called once where the process has to end and begin anew. */
  exit(reason: string): void
}

export interface Feed {
  /** Goes on from where an earlier process was. @throws what the positions' store throws */
  start(): Promise<void>
  /** Ends the connections, gets what is missing for half the time, and sends what waits, in so many milliseconds at most. */
  stop(milliseconds: number): Promise<void>
  status(): FeedStatus
}

const TICK_MS = 1_000
const LOOK_MS = 100
const HEAP_FLOOR_BYTES = 128 * 1024 * 1024
/** A tick that is so late says that the process hangs. */
const HANGS_MS = 30_000

export function createFeed(options: FeedOptions, ports: FeedPorts): Feed {
  const { exchange, venue, pairs, stream, metrics, topics } = options
  const { timers, log } = ports
  const timeouts = createTimeouts(timers)
  const tracker = createTracker()
  const memory = createMemoryWatch({ floorBytes: HEAP_FLOOR_BYTES, limitBytes: options.heapLimitBytes })
  const keys = new Map<string, Uint8Array>()
  let kafkaProblem: string | undefined
  /** When an earlier process was last there, milliseconds since 1970. */
  let resumed: number | undefined
  let lastTick = timers.now()
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
        if (!isThere) stopClients('back_pressure', NO_ROOM)
        else if (!stopped) for (const client of clients) client.start()
      },
    },
  )
  const progress = createProgress({ ...ports, stream, symbols: pairs.map(({ symbol }) => symbol) }, tracker, publisher)
  const read = createFrameReader(
    { ...options, ...ports, stream: venue.stream },
    { trade: take, reached: (symbol, id) => tracker.reached(symbol, id, timers.now()) },
  )
  const reports = createGapReports({ exchange, timers, publish: gap => publish(topics.gaps, gap.key, gap.value) })
  const { history } = venue.rest
  const filling = history && { exchange, ...ports, ...venue, history, urls: venue.restUrls, pairs, stream }
  const filler =
    filling &&
    createFiller(filling, tracker, {
      trades(trades) {
        for (const trade of trades) {
          const id = trade.number
          // Only what is missing: the rest of a page has come.
          if (id === undefined || tracker.missing({ symbol: trade.symbol, from: id, to: id }).length === 0) continue
          metrics.filled(1)
          take(trade)
        }
      },
      settled(range) {
        for (const left of reports.settled(range, tracker.missing(range))) {
          const trades = left.to - left.from + 1
          metrics.lost(trades)
          log.warn(lostTradesLog.message, { exchange, symbol: range.symbol, ...left, [lostTradesLog.field]: trades })
          tracker.giveUp({ symbol: range.symbol, ...left })
        }
      },
      requested: status => metrics.historyRequest(status),
    })
  const clients: readonly Client[] = piecesOf(pairs, venue.pairsPerConnection).map(some => {
    let isFirst = true
    return createClient(
      { ...venue, ...ports, api: venue.stream, pairs: some, stream },
      {
        frame: read,
        live(outage) {
          log.info('connected', { exchange, pairs: some.length })
          if (isFirst && resumed !== undefined)
            reports.outage({ from: resumed, to: timers.now(), why: RESTARTED }, hasIds(some))
          isFirst = false
          if (!outage) return
          tracker.interrupted(outage.cause)
          reports.outage({ ...outage, why: `${outage.cause}: ${outage.problem}` }, hasIds(some))
        },
        ended(cause, problem, url) {
          metrics.connectionEnded(cause)
          log.info('disconnected', { exchange, cause, problem, url })
        },
      },
    )
  })
  metrics.observe({
    connectionAgeSeconds: () => seconds(Math.min(...clients.map(client => client.current?.liveSince ?? timers.now()))),
    sinceLastMessageSeconds: () => seconds(Math.max(...clients.map(client => client.lastFrame ?? 0)) || timers.now()),
    connected: () => (isWhole() ? 1 : 0),
    missingIds: () => tracker.missingIds,
    queueRecords: () => publisher.waiting.records,
    spillBytes: () => publisher.waiting.spillBytes,
    heapBytes: () => ports.heapBytes(),
  })

  function take(trade: FeedTrade): void {
    const id = history && trade.number
    const isRepeat = id !== undefined && tracker.note(trade.symbol, id, trade.timestamp, timers.now()) === 'repeat'
    if (isRepeat) metrics.repeats(1)
    metrics.trades(1)
    publish(topics.trades, keyOf(trade.symbol), encodeTrade(trade, options.schemaId))
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
    lastTick = timers.now()
    for (const range of tracker.overdue(lastTick)) {
      metrics.gap(range.to - range.from + 1)
      log.warn('trades are missing', { exchange, ...rangeFields(range) })
      reports.open(range)
      filler?.fill(range)
    }
    if (clients.some(client => client.current))
      progress
        .save(isWhole())
        .catch(error => log.warn('the position was not saved', { exchange, problem: messageOf(error) }))
    watchMemory()
    timeouts.after(TICK_MS, tick)
  }

  function watchMemory(): void {
    const verdict = memory.sample(ports.heapBytes(), timers.now())
    if (verdict === 'fine' || exiting) return
    log.warn('the heap grows', { exchange, bytes: ports.heapBytes(), verdict })
    if (verdict === 'rotate') for (const client of clients) client.rotate('memory')
    else {
      exiting = true
      options.exit('the heap grows and grows: the process has to begin anew')
    }
  }

  function stopClients(cause: 'back_pressure' | 'stopped', problem: string): void {
    if (cause === 'back_pressure') log.error('the feed reads no more', { exchange, problem })
    for (const client of clients) client.stop(cause, problem)
  }

  const isWhole = () => clients.every(client => client.current)
  const pause = (milliseconds: number) => new Promise<void>(resolve => timers.after(milliseconds, resolve))
  const seconds = (since: number) => (timers.now() - since) / 1000
  /** Whether what was missed of these can be told by their ids. */
  const hasIds = (some: readonly Pair[]) => some.every(({ symbol }) => tracker.knows(symbol))

  return {
    async start() {
      resumed = await progress.resume()
      for (const client of clients) client.start()
      tick()
    },
    async stop(milliseconds) {
      const at = timers.now()
      const end = at + milliseconds
      const whole = isWhole()
      stopped = true
      stopClients('stopped', 'the feed stops')
      while (tracker.missingIds > 0 && timers.now() < end - milliseconds / 2) await pause(LOOK_MS)
      timeouts.cancelAll()
      filler?.stop()
      const settled = tracker.settled()
      const left = await publisher.close(Math.max(0, end - timers.now()))
      if (left > 0) log.warn('Kafka did not take the last records: they are on disk', { exchange, records: left })
      // What went to disk counts as missing again: it comes twice, rather than not at all.
      if (left === 0) await progress.saveLast(settled, at, whole)
    },
    status() {
      const healthy = !exiting && timers.now() - lastTick < HANGS_MS
      return statusOf({ healthy, clients, publisher, kafkaProblem, missingTrades: tracker.missingIds })
    },
  }
}
