/** What a deployment costs in a month of 730 hours at a steady rate of trades: requests counted as the stages make them. */
import { sumOf } from '../../domain/counts.ts'
import { EXCHANGES, type KnownExchange } from '../../domain/exchanges.ts'
import { silverTable } from '../../domain/tables.ts'
import { DAY_MS } from '../../domain/time.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { TOPIC_RETENTION_DAYS } from '../../domain/topics.ts'
import { FEED, PROVISIONED, SIZES } from '../sizes.ts'
import {
  ACTIVE_PARTITIONS,
  ASSUMED_LOG_BYTES,
  ASSUMED_RECORD_OVERHEAD,
  ASSUMED_WAIT_SECONDS,
  BYTES,
  CPU_SECONDS_PER_MILLION,
  SHARES,
} from './figures.ts'
import { PRICES } from './prices.ts'

const HOURS = 730
const SECONDS = HOURS * 3_600
const MINUTES = HOURS * 60
const DAY_SECONDS = DAY_MS / 1000
const GB = 1e9
/** Memory that gives a whole core (Lambda developer guide, "Configure memory"). */
const CORE_MIB = 1_769
/** A transactional write takes two units a KB, a strongly consistent read one for 4 KB (DynamoDB developer guide). */
const UNITS_PER_WRITE = 2
/** Gold is kept for ever: its size after a year. */
const GOLD_DAYS = 365
const SILVER_OBJECTS = 25
const ZONES = 2
const ENDPOINTS = 2
/** Metadata, manifest list and manifest. */
const FILES_PER_COMMIT = 3
const MAINTAIN_MINUTES = 15

type Stage = keyof typeof ASSUMED_WAIT_SECONDS

export interface CostLine {
  readonly component: string
  /** US dollars a month. */
  readonly dollars: number
}

export interface MonthlyCost {
  /** Cost of everything but Kafka. */
  readonly lines: readonly CostLine[]
  /** One of these lines applies, or none with brokers of one's own. */
  readonly kafka: readonly CostLine[]
  /** What a context value adds. */
  readonly optional: readonly CostLine[]
}

/** `rate`: trades a second of all exchanges together. */
export function monthlyCost(rate: number, exchanges: readonly KnownExchange[] = EXCHANGES): MonthlyCost {
  const flows = exchanges.map(exchange => flowOf(exchange, rate))
  const bronzeEvents = sumOf(flows, flow => flow.events)
  const silverInvocations = sumOf(flows, flow => flow.silverInvocations)
  const committed = 2 * exchanges.length + 1
  const candles = TIMEFRAMES.length
  const perMinute = 1 / 60

  /** Invocations a second, and the records that each takes. */
  const calls: Readonly<Record<Stage, { readonly rate: number; readonly cpuSeconds: number }>> = {
    bronze: { rate: bronzeEvents, cpuSeconds: cpu('bronze', rate / bronzeEvents) },
    silver: { rate: silverInvocations, cpuSeconds: cpu('silver', rate / silverInvocations) },
    commit: { rate: perMinute, cpuSeconds: 0 },
    gold: { rate: perMinute, cpuSeconds: cpu('gold', rate * 60) },
    // Started by Gold and by the schedule, which then finds nothing.
    ohlcv: { rate: 2 * perMinute, cpuSeconds: cpu('candles', rate * 30) },
    sweep: { rate: perMinute, cpuSeconds: 0 },
    // Reads and writes each layer's rows again.
    maintain: {
      rate: perMinute / MAINTAIN_MINUTES,
      cpuSeconds: cpu('silver', rate * 60 * MAINTAIN_MINUTES),
    },
  }
  const invocations = sumOf(Object.values(calls), call => call.rate) * SECONDS
  const gbSeconds = sumOf(Object.keys(calls) as Stage[], stage => lambdaGbSeconds(stage, calls[stage]) * SECONDS)

  const tablesPerMinute = committed + 1 + candles
  const puts =
    (bronzeEvents + silverInvocations) * SECONDS + (tablesPerMinute * FILES_PER_COMMIT + 1 + candles) * MINUTES
  // Silver reads objects, Gold Silver's files; commits, mirrors and the sweep read metadata and manifests of each table.
  const gets = (bronzeEvents + silverInvocations) * SECONDS + 10 * tablesPerMinute * MINUTES

  const items =
    // Checkpoints and two lists; for each object what Silver takes and leaves; what commit and Gold take.
    (bronzeEvents * (ACTIVE_PARTITIONS + 2) +
      bronzeEvents * 2 +
      silverInvocations * 3 +
      bronzeEvents +
      silverInvocations * 2) *
      SECONDS +
    // Pointers, of about 2 KB.
    2 * tablesPerMinute * MINUTES +
    // Gold's lease, taken and given back.
    2 * MINUTES
  const reads =
    bronzeEvents * (ACTIVE_PARTITIONS + 2) * SECONDS +
    10 * tablesPerMinute * MINUTES +
    // Whether somebody has the lake to himself.
    invocations

  const scheduled = Object.entries(calls).flatMap(([stage, call]) => (/bronze|silver/.test(stage) ? [] : [call.rate]))
  const each = [...flows.flatMap(flow => [flow.events, flow.silverInvocations]), ...scheduled]
  const traced = sumOf(each, tracesOf) * SECONDS
  const stored =
    sumOf(flows, flow => flow.rate * flow.retentionDays * DAY_SECONDS * BYTES.bronzeRow) +
    rate * (silverTable(exchanges[0]).retentionDays ?? 0) * DAY_SECONDS * BYTES.silverRow +
    rate * GOLD_DAYS * DAY_SECONDS * BYTES.goldRow

  const { alarms, metrics } = watched(exchanges)

  const lines: CostLine[] = [
    { component: 'Lambda', dollars: gbSeconds * price('lambdaGbSecond') + invocations * price('lambdaRequest') },
    { component: 'S3 requests', dollars: puts * price('s3Put') + gets * price('s3Get') },
    { component: 'S3 storage, after a year', dollars: (stored / GB) * price('s3GbMonth') },
    {
      component: 'DynamoDB',
      dollars: items * UNITS_PER_WRITE * price('dynamoWrite') + reads * price('dynamoRead'),
    },
    {
      component: 'SQS, Scheduler, Glue',
      dollars:
        // Sent, received, deleted; and the empty receives of Lambda's own pollers.
        (3 * bronzeEvents * SECONDS + 15 * exchanges.length * MINUTES) * price('sqsRequest') +
        (4 + 1 / MAINTAIN_MINUTES) * MINUTES * price('schedulerInvocation') +
        // Read and updated; read once more by the sweep.
        3 * tablesPerMinute * MINUTES * price('glueRequest'),
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
    { component: 'Feeds on Fargate (`feeds=on`), with their alarms', dollars: exchanges.length * feedDollars() },
    { component: 'X-Ray traces (`tracing=on`)', dollars: traced * price('trace') },
  ]
  return { lines, kafka: kafkaLines(rate, exchanges), optional }
}

/** Metrics that alarms look at (a rate's alarm has two), and metrics of our own: as infra/alarms.ts makes them. */
export function watched(exchanges: readonly KnownExchange[]): { alarms: number; metrics: number } {
  // Two for each exchange, the gaps' Bronze, five schedules, and the web application.
  const functions = 2 * exchanges.length + 7
  return { alarms: 6 * exchanges.length + 4 * functions + 7, metrics: 4 * exchanges.length + 9 + functions }
}

/** A feed's alarms, each with a metric of its own. */
export const FEED_ALARMS = 4

/** One exchange's: its task, the address that it has on the internet, and what infra/alarms.ts makes for it. */
function feedDollars(): number {
  const task = (FEED.cpuUnits / 1024) * price('fargateCoreHour') + (FEED.memoryMiB / 1024) * price('fargateGbHour')
  return HOURS * (task + price('publicAddressHour')) + FEED_ALARMS * (price('alarmMetric') + price('customMetric'))
}

export function total(lines: readonly CostLine[]): number {
  return sumOf(lines, line => line.dollars)
}

function kafkaLines(rate: number, exchanges: readonly KnownExchange[]): CostLine[] {
  const gbMonth = (rate * SECONDS * (BYTES.record + ASSUMED_RECORD_OVERHEAD)) / GB
  const kept = (gbMonth / SECONDS) * TOPIC_RETENTION_DAYS * DAY_SECONDS
  const partitions = sumOf(exchanges, exchange => exchange.partitions)
  const endpoints = ENDPOINTS * ZONES * HOURS * price('endpointHour')
  return [
    {
      component: 'MSK Serverless, with endpoints',
      dollars:
        endpoints +
        HOURS * price('mskServerlessHour') +
        partitions * HOURS * price('mskPartitionHour') +
        gbMonth * (price('mskInGb') + price('mskOutGb')) +
        kept * price('mskGbMonth'),
    },
    {
      component: `MSK provisioned (${PROVISIONED.brokers} × ${PROVISIONED.brokerType}, ${PROVISIONED.brokerGiB} GB each), with endpoints`,
      dollars:
        endpoints +
        PROVISIONED.brokers * (HOURS * price('mskBrokerHour') + PROVISIONED.brokerGiB * price('mskGbMonth')),
    },
  ]
}

function flowOf(exchange: KnownExchange, rate: number) {
  const own = rate * SHARES[exchange.name]
  // A window ends an event, or its size does.
  const events = Math.max(1 / exchange.batchWindowSeconds, own / exchange.batchRecords)
  // Objects gather for a second, or until there are 25.
  const silverInvocations = Math.max(Math.min(events, 1), events / SILVER_OBJECTS)
  return { rate: own, events, silverInvocations, retentionDays: exchange.bronzeRetentionDays }
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

function price(name: keyof typeof PRICES): number {
  return PRICES[name].dollars
}
