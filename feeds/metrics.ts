/** A feed's metrics, in Prometheus form under `{exchange}_feed_*` (docs/feeds.md, "Health and metrics"). */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { END_CAUSES, type EndCause } from './connection.ts'

/** From the exchange's time of a trade to its receipt. Clocks differ: a value below 0 counts as 0. */
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600]
const FLUSH_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

/** Values that are read when the metrics are requested. */
export interface FeedGauges {
  connectionAgeSeconds(): number
  sinceLastMessageSeconds(): number
  connected(): number
  missingIds(): number
  refusedMarkets(): number
  clockOffsetSeconds(): number
  queueRecords(): number
  spillBytes(): number
  heapBytes(): number
}

export interface FeedMetrics {
  messages(bytes: number): void
  trades(count: number): void
  repeats(count: number): void
  /** Seconds from the exchange to here. */
  latency(seconds: number): void
  /** A trade, or a frame that should hold some, cannot be read. */
  unreadable(): void
  unknownMessage(): void
  exchangeError(): void
  connectionEnded(cause: EndCause): void
  gap(ids: number): void
  filled(trades: number): void
  absent(ids: number): void
  lost(ids: number): void
  /** Status of a reply of the REST history; 0: none came. */
  historyRequest(status: number): void
  sent(records: number, bytes: number, seconds: number): void
  sendFailed(): void
  /** Its gauges are read from here on. */
  observe(gauges: FeedGauges): void
}

export function createFeedMetrics(registry: Registry, exchange: string): FeedMetrics {
  const registers = [registry]
  const name = (rest: string) => `${exchange}_feed_${rest}`
  const counter = (rest: string, help: string) => new Counter({ name: name(rest), help, registers })
  const messages = counter('messages_total', 'WebSocket messages received')
  const bytes = counter('received_bytes_total', 'Size of the messages received, as UTF-8')
  const trades = counter('trades_total', 'Trades decoded and passed on to Kafka')
  const repeats = counter('repeated_trades_total', 'Trades among them whose number had come before')
  const unreadable = counter('unreadable_trades_total', 'Trades that cannot be read, and messages that are not JSON')
  const absent = counter('absent_trades_total', 'Trade numbers that the exchange has skipped')
  const unknown = counter('unknown_messages_total', 'Messages of an unknown type')
  const errors = counter('exchange_errors_total', 'Error messages of the exchange')
  const gaps = counter('sequence_gaps_total', 'Ranges of trade numbers that did not come in time')
  const missed = counter('missed_trades_total', 'Trade numbers in those ranges')
  const filled = counter('filled_trades_total', 'Trades fetched from the REST history')
  const lost = counter('lost_trades_total', 'Trade numbers given up')
  const sentRecords = counter('kafka_records_total', 'Records that Kafka has acknowledged')
  const sentBytes = counter('kafka_bytes_total', 'Their size in memory')
  const sendFailures = counter('kafka_failures_total', 'Batches that Kafka did not take, by attempt')
  const reconnects = new Counter({
    name: name('reconnects_total'),
    help: 'Connections that ended, by cause',
    labelNames: ['cause'],
    registers,
  })
  // Each exists from the start: a rate needs a first value.
  for (const cause of END_CAUSES) reconnects.inc({ cause }, 0)
  const requests = new Counter({
    name: name('history_requests_total'),
    help: 'Requests to the REST history, by status',
    labelNames: ['status'],
    registers,
  })
  const latency = new Histogram({
    name: name('exchange_latency_seconds'),
    help: "From the exchange's time of a trade to its receipt",
    buckets: LATENCY_SECONDS,
    registers,
  })
  const flush = new Histogram({
    name: name('flush_seconds'),
    help: 'From sending a batch to its acknowledgement',
    buckets: FLUSH_SECONDS,
    registers,
  })
  const gauge = (rest: string, help: string, read: () => number) =>
    new Gauge({
      name: name(rest),
      help,
      registers,
      collect() {
        this.set(read())
      },
    })

  return {
    messages(size) {
      messages.inc()
      bytes.inc(size)
    },
    trades: count => trades.inc(count),
    repeats: count => repeats.inc(count),
    latency: seconds => latency.observe(Math.max(0, seconds)),
    unreadable: () => unreadable.inc(),
    unknownMessage: () => unknown.inc(),
    exchangeError: () => errors.inc(),
    connectionEnded: cause => reconnects.inc({ cause }),
    gap(ids) {
      gaps.inc()
      missed.inc(ids)
    },
    filled: count => filled.inc(count),
    absent: ids => absent.inc(ids),
    lost: ids => lost.inc(ids),
    historyRequest: status => requests.inc({ status: String(status) }),
    sent(records, size, seconds) {
      sentRecords.inc(records)
      sentBytes.inc(size)
      flush.observe(seconds)
    },
    sendFailed: () => sendFailures.inc(),
    observe(gauges) {
      gauge('connection_age_seconds', 'Of the connection that trades come from', () => gauges.connectionAgeSeconds())
      gauge('last_message_seconds', 'Since the last message', () => gauges.sinceLastMessageSeconds())
      gauge('connected', '1 while every connection is live', () => gauges.connected())
      gauge('missing_trades', 'Trade numbers that are missing now', () => gauges.missingIds())
      gauge('refused_markets', 'Markets that the exchange does not serve now', () => gauges.refusedMarkets())
      gauge('clock_offset_seconds', "How much later the exchange's clock shows than this machine's", () =>
        gauges.clockOffsetSeconds(),
      )
      gauge('queue_records', 'Records that wait for Kafka in memory', () => gauges.queueRecords())
      gauge('spill_bytes', 'Records that wait for Kafka on disk', () => gauges.spillBytes())
      gauge('heap_bytes', 'Heap in use', () => gauges.heapBytes())
    },
  }
}
