/** What a deployment costs in a month of 730 hours at a steady rate of trades: requests as the stages were counted to make them. */
import { sumOf } from '../../domain/counts.ts'
import { EXCHANGES, type KnownExchange } from '../../domain/exchanges.ts'
import { allTables, silverTable } from '../../domain/tables.ts'
import { DAY_MS } from '../../domain/time.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { DEFAULT_FRESHNESS } from '../context.ts'
import { bronzeWindowSeconds } from '../freshness.ts'
import { feedSize, SIZES } from '../sizes.ts'
import {
  ASSUMED_LOG_BYTES,
  ASSUMED_WAIT_SECONDS,
  type Asking,
  BYTES,
  CPU_SECONDS_PER_MILLION,
  type Freshness,
  REQUESTS,
  type Requests,
  SHARES,
} from './figures.ts'
import { kafkaLines } from './kafka.ts'
import { type CostLine, GB, HOURS, MINUTES, SECONDS } from './months.ts'
import { price } from './prices.ts'

const DAY_SECONDS = DAY_MS / 1000
/** Memory that gives a whole core (Lambda developer guide, "Configure memory"). */
const CORE_MIB = 1_769
/** Gold is kept for ever: its size after a year. */
const GOLD_DAYS = 365
const MAINTAIN_SECONDS = 15 * 60
/** Stages that do the same however many events there are. */
const BY_TIME: ReadonlySet<Asking> = new Set(['candles of a minute', 'candles of all', 'sweep'])

type Stage = keyof typeof ASSUMED_WAIT_SECONDS

export interface MonthlyCost {
  /** Cost of everything but Kafka. */
  readonly lines: readonly CostLine[]
  /** One of these lines applies, or none with brokers of one's own. */
  readonly kafka: readonly CostLine[]
  /** What a context value adds. */
  readonly optional: readonly CostLine[]
}

/** `rate`: trades a second of all exchanges together. `freshness`: seconds, as the context value. */
export function monthlyCost(
  rate: number,
  freshness: Freshness = DEFAULT_FRESHNESS,
  exchanges: readonly KnownExchange[] = EXCHANGES,
): MonthlyCost {
  const flows = exchanges.map(exchange => flowOf(exchange, rate, freshness))
  const events = sumOf(flows, flow => flow.events)
  // Counted where windows ended the events; what their size ends is more of the same.
  const fuller = events / sumOf(exchanges, () => 1 / bronzeWindowSeconds(freshness))
  const requests = Object.entries(REQUESTS[freshness]) as [Asking, Requests][]
  const sum = (of: (requests: Requests) => number) =>
    sumOf(requests, ([stage, asked]) => of(asked) * (BY_TIME.has(stage) ? 1 : fuller)) * MINUTES
  const runs = (stage: Asking) => REQUESTS[freshness][stage].runs / 60

  /** Invocations a second, and the CPU seconds of each. */
  const calls: Readonly<Record<Stage, { readonly rate: number; readonly cpuSeconds: number }>> = {
    bronze: { rate: events, cpuSeconds: cpu('bronze', rate / events) },
    silver: { rate: events, cpuSeconds: cpu('silver', rate / events) },
    commit: { rate: runs('commit'), cpuSeconds: 0 },
    gold: { rate: runs('gold'), cpuSeconds: cpu('gold', rate / runs('gold')) },
    // Each run folds its whole minute again.
    ohlcv: { rate: runs('candles of a minute') + runs('candles of all'), cpuSeconds: cpu('candles', 60 * rate) },
    sweep: { rate: runs('sweep'), cpuSeconds: 0 },
    // Reads and writes each layer's rows again.
    maintain: { rate: 1 / MAINTAIN_SECONDS, cpuSeconds: cpu('silver', rate * MAINTAIN_SECONDS) },
  }
  const invocations = sumOf(Object.values(calls), call => call.rate) * SECONDS
  const gbSeconds = sumOf(Object.keys(calls) as Stage[], stage => lambdaGbSeconds(stage, calls[stage]) * SECONDS)
  const scheduled = Object.entries(calls).flatMap(([stage, call]) => (/bronze|silver/.test(stage) ? [] : [call.rate]))
  const each = [...flows.flatMap(flow => [flow.events, flow.events]), ...scheduled]
  const traced = sumOf(each, tracesOf) * SECONDS
  const stored =
    sumOf(flows, flow => flow.rate * flow.retentionDays * DAY_SECONDS * BYTES.bronzeRow) +
    rate * (silverTable(exchanges[0]).retentionDays ?? 0) * DAY_SECONDS * BYTES.silverRow +
    rate * GOLD_DAYS * DAY_SECONDS * BYTES.goldRow
  const mirrored = runs('gold') + (runs('candles of a minute') + runs('candles of all') * TIMEFRAMES.length)

  const { alarms, metrics } = watched(exchanges)

  const lines: CostLine[] = [
    { component: 'Lambda', dollars: gbSeconds * price('lambdaGbSecond') + invocations * price('lambdaRequest') },
    {
      component: 'S3 requests',
      dollars: sum(({ puts }) => puts) * price('s3Put') + sum(({ gets }) => gets) * price('s3Get'),
    },
    { component: 'S3 storage, after a year', dollars: (stored / GB) * price('s3GbMonth') },
    {
      component: 'DynamoDB',
      dollars:
        sum(({ writeUnits }) => writeUnits) * price('dynamoWrite') +
        sum(({ readUnits }) => readUnits) * price('dynamoRead'),
    },
    {
      component: 'SQS, Scheduler, Glue',
      dollars:
        // Sent, received, deleted; and the empty receives of Lambda's own pollers.
        (3 * events * SECONDS + 15 * exchanges.length * MINUTES) * price('sqsRequest') +
        (4 + 60 / MAINTAIN_SECONDS) * MINUTES * price('schedulerInvocation') +
        // Each commit's table read and updated; all tables read once more by maintenance.
        2 * (mirrored * SECONDS + (2 * exchanges.length + 1) * MINUTES) * price('glueRequest') +
        allTables(exchanges).length * (SECONDS / MAINTAIN_SECONDS) * price('glueRequest'),
    },
    {
      component: 'Logs, metrics, alarms',
      dollars:
        ((invocations * ASSUMED_LOG_BYTES) / GB) * price('logGb') +
        alarms * price('alarmMetric') +
        metrics * price('customMetric') +
        price('dashboard'),
    },
  ]
  const optional = [
    {
      component: 'Feeds on Fargate (`feeds=on`), with their alarms',
      dollars: sumOf(flows, flow => feedDollars(flow.rate)),
    },
    { component: 'X-Ray traces (`tracing=on`)', dollars: traced * price('trace') },
    {
      component: 'Provisioned pollers (`pollers=1-…`), one unit for each topic',
      dollars: (exchanges.length + 1) * HOURS * price('pollerUnitHour'),
    },
  ]
  return { lines, kafka: kafkaLines(rate, exchanges), optional }
}

const WATCHED = ['bronze', 'silver', 'commit', 'gold', 'ohlcv', 'sweep', 'maintain', 'api'] as const

/** Metrics that alarms look at (a rate's alarm has two), and metrics of our own: as infra/alarms.ts makes them. */
export function watched(exchanges: readonly KnownExchange[]): { alarms: number; metrics: number } {
  // Two for each exchange, the gaps' Bronze, five schedules, and the web application.
  const functions = 2 * exchanges.length + 7
  const timed = 6
  const sizes = new Set(WATCHED.map(name => SIZES[name].memoryMiB)).size
  return {
    alarms: 6 * exchanges.length + functions + timed + sizes + 8,
    metrics: 4 * exchanges.length + 8 + sizes,
  }
}

/** A feed's alarms, each with a metric of its own. */
export const FEED_ALARMS = 4

/** One exchange's: its task, the address that it has on the internet, and what infra/alarms.ts makes for it. */
function feedDollars(rate: number): number {
  const { cpuUnits, memoryMiB } = feedSize(rate)
  const task = (cpuUnits / 1024) * price('fargateCoreHour') + (memoryMiB / 1024) * price('fargateGbHour')
  return HOURS * (task + price('publicAddressHour')) + FEED_ALARMS * (price('alarmMetric') + price('customMetric'))
}

/** What each kind of run asks for in a month, in the order of the counts: US dollars of S3's requests and of DynamoDB's. */
export function requestCosts(freshness: Freshness): {
  readonly stage: Asking
  readonly runs: number
  readonly put: number
  readonly get: number
  readonly write: number
  readonly read: number
}[] {
  return (Object.entries(REQUESTS[freshness]) as [Asking, Requests][]).map(([stage, asked]) => ({
    ...{ stage, runs: asked.runs },
    put: asked.puts * MINUTES * price('s3Put'),
    get: asked.gets * MINUTES * price('s3Get'),
    write: asked.writeUnits * MINUTES * price('dynamoWrite'),
    read: asked.readUnits * MINUTES * price('dynamoRead'),
  }))
}

export function total(lines: readonly CostLine[]): number {
  return sumOf(lines, line => line.dollars)
}

function flowOf(exchange: KnownExchange, rate: number, freshness: number) {
  const own = rate * SHARES[exchange.name]
  // A window ends an event, or its size does.
  const events = Math.max(1 / bronzeWindowSeconds(freshness), own / exchange.batchRecords)
  return { rate: own, events, retentionDays: exchange.bronzeRetentionDays }
}

function cpu(stage: keyof typeof CPU_SECONDS_PER_MILLION, records: number): number {
  return (records * CPU_SECONDS_PER_MILLION[stage]) / 1e6
}

/** A second's GB-seconds. */
function lambdaGbSeconds(stage: Stage, call: { readonly rate: number; readonly cpuSeconds: number }): number {
  const { memoryMiB } = SIZES[stage]
  const seconds = ASSUMED_WAIT_SECONDS[stage] + call.cpuSeconds / Math.min(1, memoryMiB / CORE_MIB)
  return call.rate * seconds * (memoryMiB / 1024)
}

/** Traces of one function: the first invocation of each second and 5 % of the others (Lambda developer guide, "Visualize invocations using X-Ray"). */
function tracesOf(rate: number): number {
  return rate <= 1 ? rate : 1 + 0.05 * (rate - 1)
}
