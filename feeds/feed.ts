/**
 * The feed of one exchange: frames become trades, trades become Kafka records, and what did not come is looked for and
 * reported. Everything that was received is published, repeats too: Gold has each trade once.
 */
import { messageOf } from '../domain/errors.ts'
import type { FeedPosition, Http, Positions, RecordSink, Sockets, Spill, Timers } from '../domain/feed-ports.ts'
import type { Log } from '../domain/ports.ts'
import type { Trade } from '../domain/trade.ts'
import { encodeTrade } from '../domain/wire.ts'
import { createAlarms } from './alarms.ts'
import { type Client, createClient, type Outage } from './client.ts'
import { createFiller } from './filler.ts'
import { createGapReports } from './gap-reports.ts'
import { parseFrame } from './json.ts'
import { createMemoryWatch } from './memory-watch.ts'
import type { FeedMetrics } from './metrics.ts'
import type { Pair } from './pairs.ts'
import { type Control, type StreamKind, sequenceOf } from './protocol.ts'
import { createPublisher } from './publisher.ts'
import type { Random } from './random.ts'
import { createTracker } from './tracker.ts'
import { type Decoder, MalformedFrame } from './types.ts'
import type { Venue } from './venues.ts'

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

export interface FeedStatus {
  /** Whether the process itself is well. */
  readonly healthy: boolean
  /** Whether trades come in and go out. */
  readonly ready: boolean
  readonly connections: readonly { readonly url: string | undefined; readonly live: boolean }[]
  readonly waitingRecords: number
  readonly spillBytes: number
  readonly missingTrades: number
  readonly problems: readonly string[]
}

export interface Feed {
  /** Goes on from where an earlier process was. @throws what the positions' store throws */
  start(): Promise<void>
  /** Ends the connections, gets what is missing for half the time, and sends what waits, in so many milliseconds at most. */
  stop(milliseconds: number): Promise<void>
  /** Puts a new connection in the place of each. */
  rotate(): void
  status(): FeedStatus
}

const TICK_MS = 1_000
const LOOK_MS = 100
const HEAP_FLOOR_BYTES = 128 * 1024 * 1024
/** A tick that is so late says that the process hangs. */
const HANGS_MS = 30_000
/** The position of the feed as a whole: when it was last there. */
const WHOLE = '*'
/** Trades between the last one that was settled and the moment of its saving: where a restart looks from. Microseconds. */
const BEFORE_SAVED = 60_000_000n

export function createFeed(options: FeedOptions, ports: FeedPorts): Feed {
  const { exchange, venue, decoder, pairs, stream, metrics, topics } = options
  const { timers, log, positions } = ports
  const alarms = createAlarms(timers)
  const tracker = createTracker()
  const memory = createMemoryWatch({ floorBytes: HEAP_FLOOR_BYTES, limitBytes: options.heapLimitBytes })
  const keys = new Map<string, Uint8Array>()
  /** What is saved, by symbol. */
  const saved = new Map<string, number>()
  let kafkaProblem: string | undefined
  let resumed: Outage['from'] | undefined
  let lastTick = timers.now()
  let saving = false
  let exiting = false
  let logged = 0

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
        if (isThere) for (const client of clients) client.start()
        else stopClients('back_pressure', 'memory and disk are full of records that Kafka does not take')
      },
    },
  )
  const reports = createGapReports({ exchange, timers, publish: gap => publish(topics.gaps, gap.key, gap.value) })
  const filler = createFiller({ ...ports, ...venue, api: venue.rest, urls: venue.restUrls, pairs, stream }, tracker, {
    trades(trades) {
      for (const trade of trades) {
        const id = sequenceOf(trade)
        // Only what is missing: the rest of a page has come.
        if (id === undefined || tracker.missing({ symbol: trade.symbol, from: id, to: id }).length === 0) continue
        metrics.filled(1)
        take(trade)
      }
    },
    settled(range) {
      for (const left of reports.settled(range, tracker.missing(range))) {
        metrics.lost(left.to - left.from + 1)
        tracker.giveUp({ symbol: range.symbol, ...left })
      }
    },
    requested: status => metrics.historyRequest(status),
  })
  const clients: readonly Client[] = shards(pairs, venue.pairsPerConnection).map(some =>
    createClient(
      { ...venue, ...ports, api: venue.stream, pairs: some, stream },
      {
        frame,
        live(outage) {
          log.info('connected', { exchange, pairs: some.length })
          const from = resumed
          resumed = undefined
          if (from !== undefined) reports.outage({ from, to: timers.now(), why: 'the feed was restarted' }, hasIds())
          if (!outage) return
          tracker.interrupted(outage.cause)
          reports.outage({ ...outage, why: `${outage.cause}: ${outage.problem}` }, hasIds())
        },
        ended(cause, problem, url) {
          metrics.connectionEnded(cause)
          log.info('disconnected', { exchange, cause, problem, url })
        },
      },
    ),
  )
  metrics.observe({
    connectionAgeSeconds: () => seconds(Math.min(...clients.map(client => client.current?.liveSince ?? timers.now()))),
    sinceLastMessageSeconds: () => seconds(lastFrame() ?? timers.now()),
    connected: () => (clients.every(client => client.current) ? 1 : 0),
    missingIds: () => tracker.missingIds,
    queueRecords: () => publisher.waiting.records,
    spillBytes: () => publisher.waiting.spillBytes,
    heapBytes: () => ports.heapBytes(),
  })

  function frame(text: string): Control | undefined {
    metrics.messages(text.length)
    const receivedAt = BigInt(timers.now()) * 1000n
    let trades = 0
    try {
      const message = parseFrame(text)
      for (const trade of decoder.mapMessage(message, receivedAt)) {
        trades++
        metrics.latency(Number(receivedAt - trade.timestamp) / 1e6)
        take(trade)
      }
      return trades > 0 ? undefined : understood(venue.stream.control(message), text)
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error
      metrics.parseError()
      complain('a frame cannot be read', { problem: messageOf(error) })
      return { kind: 'other' }
    }
  }

  function understood(control: Control, text: string): Control {
    if (control.kind === 'heartbeat' && control.symbol !== undefined && control.lastId !== undefined)
      tracker.reached(control.symbol, control.lastId, timers.now())
    if (control.kind === 'error') {
      metrics.exchangeError()
      complain('the exchange reports an error', { problem: control.problem })
    }
    if (control.kind === 'unknown') {
      metrics.unknownMessage()
      complain('a message of an unknown type', { message: text.slice(0, 200) })
    }
    return control
  }

  /** What an exchange sends wrongly, it may send a thousand times a second. */
  function complain(what: string, fields: Record<string, unknown>): void {
    if (timers.now() - logged < TICK_MS) return
    logged = timers.now()
    log.warn(what, { exchange, ...fields })
  }

  function take(trade: Trade): void {
    const id = sequenceOf(trade)
    const isRepeat = id !== undefined && tracker.note(trade.symbol, id, trade.timestamp, timers.now()) === 'repeat'
    if (isRepeat) metrics.repeats(1)
    metrics.trades(1)
    publish(topics.trades, keyOf(trade.symbol), encodeTrade(trade, options.schemaId))
  }

  function publish(topic: string, key: Uint8Array, value: Uint8Array): void {
    publisher.publish({ topic, key, value, timestamp: timers.now() })
  }

  function keyOf(symbol: string): Uint8Array {
    let key = keys.get(symbol)
    if (!key) {
      key = new TextEncoder().encode(symbol)
      keys.set(symbol, key)
    }
    return key
  }

  function tick(): void {
    lastTick = timers.now()
    for (const range of tracker.overdue(lastTick)) {
      metrics.gap(range.to - range.from + 1)
      log.warn('trades are missing', { exchange, ...range, fromTime: undefined, toTime: undefined })
      reports.open(range)
      filler.fill(range)
    }
    save().catch(error => log.warn('the position was not saved', { exchange, problem: messageOf(error) }))
    watchMemory()
    alarms.after(TICK_MS, tick)
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

  /** What is settled now is safe when all that was published before is in Kafka. */
  async function save(): Promise<void> {
    if (saving || clients.every(client => !client.current)) return
    saving = true
    try {
      const at = timers.now()
      const changed = tracker.settled().filter(({ symbol, id }) => saved.get(symbol) !== id)
      await publisher.barrier()
      await positions.save(
        [...changed, { symbol: WHOLE, id: 0 }].map((position): FeedPosition => ({ ...position, at })),
      )
      for (const { symbol, id } of changed) saved.set(symbol, id)
    } finally {
      saving = false
    }
  }

  function stopClients(cause: 'back_pressure' | 'stopped', problem: string): void {
    if (cause === 'back_pressure') log.error('the feed reads no more', { exchange, problem })
    for (const client of clients) client.stop(cause, problem)
  }

  const pause = (milliseconds: number) => new Promise<void>(resolve => timers.after(milliseconds, resolve))
  const seconds = (since: number) => (timers.now() - since) / 1000
  const hasIds = () => tracker.settled().length > 0
  function lastFrame(): number | undefined {
    const times = clients.flatMap(client => client.lastFrame ?? [])
    return times.length === 0 ? undefined : Math.max(...times)
  }

  return {
    async start() {
      const wanted = new Set(pairs.map(pair => pair.symbol))
      for (const { symbol, id, at } of await positions.load()) {
        if (symbol === WHOLE) resumed = at
        if (!wanted.has(symbol)) continue
        tracker.resume(symbol, id, BigInt(at) * 1000n - BEFORE_SAVED, 'the feed was restarted')
        saved.set(symbol, id)
      }
      for (const client of clients) client.start()
      tick()
    },
    async stop(milliseconds) {
      const end = timers.now() + milliseconds
      const wasLive = clients.some(client => client.current)
      stopClients('stopped', 'the feed stops')
      while (tracker.missingIds > 0 && timers.now() < end - milliseconds / 2) await pause(LOOK_MS)
      alarms.cancelAll()
      filler.stop()
      const settled = tracker.settled()
      const left = await publisher.close(Math.max(0, end - timers.now()))
      if (left > 0) log.warn('Kafka did not take the last records: they are on disk', { exchange, records: left })
      const at = timers.now()
      // What went to disk counts as missing again: it comes twice, rather than not at all.
      if (left === 0 && wasLive)
        await positions.save([...settled, { symbol: WHOLE, id: 0 }].map(position => ({ ...position, at })))
    },
    rotate() {
      for (const client of clients) client.rotate('rotation')
    },
    status() {
      const open = clients.flatMap(client => client.openCircuits)
      const problems = [
        ...(kafkaProblem === undefined ? [] : [`Kafka: ${kafkaProblem}`]),
        ...(publisher.hasRoom ? [] : ['memory and disk are full of records that Kafka does not take']),
        ...clients.flatMap(client => (client.current ? [] : ['no live connection'])),
        ...open.map(url => `${url} failed again and again`),
      ]
      const { records, spillBytes } = publisher.waiting
      return {
        healthy: !exiting && timers.now() - lastTick < HANGS_MS,
        ready: kafkaProblem === undefined && publisher.hasRoom && clients.every(client => client.current),
        connections: clients.map(({ current }) => ({ url: current?.url, live: current !== undefined })),
        waitingRecords: records,
        spillBytes,
        missingTrades: tracker.missingIds,
        problems,
      }
    },
  }
}

function shards<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
