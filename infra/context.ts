/**
 * What a deployment should be: CDK context values (`-c name=value`, or `context` of cdk.json) as settings. Every name
 * is read here; docs/deploy.md says what each means.
 */
import { BadInput } from '../domain/errors.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { parseRetention, type RetentionSettings } from '../domain/retention.ts'
import type { SharedBy } from '../domain/shares.ts'
import { allTables } from '../domain/tables.ts'
import { ARCHITECTURES, type ArchitectureName } from '../layers/duckdb.ts'
import { type Context, type Reader, reader } from './context-values.ts'
import { FEED_SYMBOLS, partitionsFor } from './sizes.ts'

const STAGES = ['dev', 'prod'] as const
const KAFKA_MODES = ['msk-new', 'msk-arn', 'self-managed'] as const
const RELEASES = ['guarded', 'now'] as const
const CLUSTERS = ['serverless', 'provisioned'] as const
/** SASL mechanisms with a user and password; all but `none` over TLS. */
const LOGINS = ['scram-512', 'scram-256', 'plain', 'none'] as const

export type Login = (typeof LOGINS)[number]

/** Where the brokers of an existing cluster can be reached. */
export interface Network {
  readonly vpc: string
  readonly subnets: readonly string[]
  /** With a way to the internet; undefined: the same. */
  readonly publicSubnets?: readonly string[]
  readonly securityGroup: string
}

export type KafkaSettings =
  | { readonly mode: 'msk-new'; readonly cluster: (typeof CLUSTERS)[number] }
  | { readonly mode: 'msk-arn'; readonly clusterArn: string; readonly network: Network }
  | {
      readonly mode: 'self-managed'
      readonly bootstrapServers: readonly string[]
      readonly login: Login
      /** A secret with `username` and `password`. */
      readonly secretArn?: string
      /** The customer's key that encrypts the secret; undefined: the account's default key does. */
      readonly secretKeyArn?: string
      /** undefined: the brokers are reached over the internet. */
      readonly network?: Network
    }

export interface Settings {
  readonly stage: (typeof STAGES)[number]
  readonly kafka: KafkaSettings
  /** The availability zones of a network that is made here; undefined: the account's first. */
  readonly zones?: readonly string[]
  readonly architecture: ArchitectureName
  readonly feeds: boolean
  /** Tasks of each exchange's feed, among which its symbols are shared out. */
  readonly feedTasks: number
  /** The web application behind a URL. */
  readonly api: boolean
  /** Seconds after which a trade is in Gold and the candles. */
  readonly freshness: number
  readonly shares: SharedBy
  /** Trades a second of all exchanges together, for which the disks of a new provisioned cluster have room. */
  readonly rate: number
  /** Zones of a new cluster's network. */
  readonly zoneCount: 2 | 3
  /** How many each exchange's topic gets. */
  readonly partitions: number
  /** Exchanges whose trades are meant to come: silence is an alarm. */
  readonly expected: ReadonlySet<string>
  /** How new versions take over: with alarms that take them back, or all at once whatever rings. */
  readonly release: (typeof RELEASES)[number]
  /** A key of the customer for all data at rest. */
  readonly cmk: boolean
  /** US dollars a month of the whole account. */
  readonly budget?: number
  /** X-Ray traces of the functions. */
  readonly tracing: boolean
  /** Concurrent invocations set aside for each Bronze function. */
  readonly bronzeConcurrency?: number
  /** Provisioned mode of the Kafka event sources. */
  readonly pollers?: { readonly minimum: number; readonly maximum: number }
  readonly pageEmail?: string
  readonly notifyEmail?: string
  /** The Confluent schema registry; without one Silver knows only the schema that is bundled with it. */
  readonly registryUrl?: string
  /** A server that is told of every commit in OpenLineage events. */
  readonly lineage?: string
  /** How long tables keep rows, where not for their default time. */
  readonly retention: RetentionSettings
  /** For the emulator: what it cannot do is left out. */
  readonly local: boolean
}

/** `given`: the names of all values there are. @throws BadInput with one line that says what to change */
export function readSettings(context: Context, given: readonly string[] = []): Settings {
  const asked = new Set<string>()
  const settings = settingsOf(
    reader(name => {
      asked.add(name)
      return context(name)
    }),
  )
  // Names of the CDK's own have one of these.
  const unused = given.find(name => !asked.has(name) && !/[:@]/.test(name))
  if (unused !== undefined)
    throw new BadInput(
      `The context value ${unused} is none that a deployment with kafka=${settings.kafka.mode} has: take it away, or give one of ${[...asked].sort().join(', ')}.`,
    )
  return settings
}

function settingsOf(read: Reader): Settings {
  const local = read.flag('local')
  const stage = read.choice('stage', STAGES, 'dev')
  const kafka = kafkaSettings(read, local)
  // Nobody else writes to a cluster that was just made.
  const isNew = kafka.mode === 'msk-new'
  const feeds = read.flag('feeds', isNew && stage === 'dev')
  const isProvisioned = kafka.mode === 'msk-new' && kafka.cluster === 'provisioned'
  // Three copies of which two suffice stay writable while a broker is replaced.
  const zoneCount = isProvisioned && read.choice('mskZones', ['2', '3'], stage === 'prod' ? '3' : '2') === '3' ? 3 : 2
  const rate = Number(read.matching('rate', /^[1-9]\d{0,5}$/, 'trades a second, from 1 to 999999') ?? DEFAULT_RATE)
  return {
    stage,
    kafka,
    zones: zonesOf(read, zoneCount),
    architecture: read.choice('arch', ARCHITECTURES, 'arm64'),
    feeds,
    feedTasks: feedTasksOf(read),
    api: read.flag('api', true),
    freshness: freshnessOf(read),
    shares: read.choice('shares', ['all', 'exchange'], 'all'),
    rate,
    zoneCount,
    partitions: read.count('partitions') ?? partitionsFor(rate),
    expected: expectedOf(read, feeds || !isNew),
    release: read.choice('release', RELEASES, 'guarded'),
    cmk: read.flag('cmk'),
    budget: read.count('budget'),
    tracing: read.flag('tracing'),
    bronzeConcurrency: read.count('bronzeConcurrency'),
    pollers: read.range('pollers'),
    pageEmail: read.email('pageEmail'),
    notifyEmail: read.email('notifyEmail'),
    registryUrl: read.matching('registryUrl', /^https?:\/\/\S+$/, 'an http or https address'),
    lineage: read.matching('lineage', /^https?:\/\/\S+$/, 'an http or https address'),
    retention: retentionSettings(read),
    local,
  }
}

const DEFAULT_RATE = 500
export const DEFAULT_FRESHNESS = 10 as const
/** Below it the stages' own work takes the time; above it a batching window ends (Lambda API reference, MaximumBatchingWindowInSeconds). */
const FRESHNESS = { least: 5, most: 300 }

function freshnessOf(read: Reader): number {
  const seconds = read.count('freshness') ?? DEFAULT_FRESHNESS
  if (seconds < FRESHNESS.least || seconds > FRESHNESS.most)
    throw new BadInput(
      `The context value freshness is ${seconds}: give seconds from ${FRESHNESS.least} to ${FRESHNESS.most}.`,
    )
  return seconds
}

function feedTasksOf(read: Reader): number {
  const tasks = read.count('feedTasks') ?? 1
  if (tasks > FEED_SYMBOLS)
    throw new BadInput(`The context value feedTasks is ${tasks}: give at most ${FEED_SYMBOLS}, as feeds have symbols.`)
  return tasks
}

function retentionSettings(read: Reader): RetentionSettings {
  const text = read.list('retention').join(',')
  return text === '' ? {} : parseRetention(text, allTables())
}

function expectedOf(read: Reader, all: boolean): ReadonlySet<string> {
  const names = EXCHANGES.map(({ name }): string => name)
  const given = read.list('expect')
  if (given.length === 0) return new Set(all ? names : [])
  if (given.join() === 'none') return new Set()
  const wrong = given.find(name => !names.includes(name))
  if (wrong !== undefined)
    throw new BadInput(`The context value expect has ${wrong}: give none, or some of ${names.join(', ')}.`)
  return new Set(given)
}

/** `count`: a provisioned cluster has a broker in each. */
function zonesOf(read: Reader, count: number): readonly string[] | undefined {
  const zones = read.list('zones')
  if (zones.length === 0) return undefined
  const wrong = zones.find(zone => !/^[a-z]{2}(?:-[a-z]+)+-\d[a-z]$/.test(zone))
  if (wrong !== undefined)
    throw new BadInput(`The context value zones has ${wrong}: give names of availability zones, as eu-central-1a.`)
  if (new Set(zones).size !== count || zones.length !== count)
    throw new BadInput(`The context value zones is ${zones.join(',')}: give ${count} different availability zones.`)
  return zones
}

function kafkaSettings(read: Reader, local: boolean): KafkaSettings {
  const mode = read.choice('kafka', KAFKA_MODES, 'msk-new')
  if (mode === 'msk-new') return { mode, cluster: read.choice('mskCluster', CLUSTERS, 'serverless') }
  const network = networkSettings(read)
  if (mode === 'msk-arn') {
    const clusterArn = read.matching(
      'mskArn',
      /^arn:[\w-]+:kafka:[\w-]+:\d+:cluster\/[^/]+\/[^/]+$/,
      'an MSK cluster ARN',
    )
    if (clusterArn === undefined) throw missing('mskArn', 'the ARN of your MSK cluster', mode)
    if (!network)
      throw missing('kafkaVpc', 'the VPC of your MSK cluster, with kafkaSubnets and kafkaSecurityGroup', mode)
    return { mode, clusterArn, network }
  }
  const servers = read.list('bootstrapServers')
  if (servers.length === 0)
    throw missing('bootstrapServers', 'host:port of your brokers, with commas between them', mode)
  const wrong = servers.find(server => !/^[\w.-]+:\d+$/.test(server))
  if (wrong !== undefined)
    throw new BadInput(`The context value bootstrapServers has ${wrong}: give host:port for each.`)
  const login = read.choice('kafkaLogin', LOGINS, local ? 'none' : 'scram-512')
  const secretArn = read.matching('kafkaSecretArn', /^arn:[\w-]+:secretsmanager:\S+$/, 'the ARN of a secret')
  if (login === 'none' && !local)
    throw new BadInput(
      'The context value kafkaLogin may be none only with local=true: give scram-512, scram-256 or plain.',
    )
  if (login !== 'none' && secretArn === undefined)
    throw missing('kafkaSecretArn', 'the ARN of a secret with username and password', mode)
  const secretKeyArn = read.matching(
    'kafkaSecretKeyArn',
    /^arn:[\w-]+:kms:[\w-]+:\d+:key\/\S+$/,
    'the ARN of a KMS key (not of an alias)',
  )
  return { mode, bootstrapServers: servers, login, secretArn, secretKeyArn, network }
}

function networkSettings(read: Reader): Network | undefined {
  const vpc = read.matching('kafkaVpc', /^vpc-\w+$/, 'the id of a VPC')
  const subnets = read.list('kafkaSubnets')
  const securityGroup = read.matching('kafkaSecurityGroup', /^sg-\w+$/, 'the id of a security group')
  const given = [vpc !== undefined, subnets.length > 0, securityGroup !== undefined]
  if (!given.includes(true)) return undefined
  if (vpc === undefined || subnets.length === 0 || securityGroup === undefined)
    throw new BadInput('The context values kafkaVpc, kafkaSubnets and kafkaSecurityGroup go together: give all three.')
  return { vpc, subnets, securityGroup }
}

function missing(name: string, meaning: string, mode: string): BadInput {
  return new BadInput(`The context value ${name} is missing: with kafka=${mode} give ${meaning} (-c ${name}=…).`)
}
