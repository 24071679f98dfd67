/** The ports of a deployed function, from its environment (infra/ sets it). */
import { SQSClient } from '@aws-sdk/client-sqs'
import { TradelakeError } from '../domain/errors.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import type { ObjectEvents, Ports, QueryEngine } from '../domain/ports.ts'
import { parseRetention, type RetentionSettings } from '../domain/retention.ts'
import { type Share, sharesOf } from '../domain/shares.ts'
import { type RecordStream, recordStreams } from '../domain/streams.ts'
import { allTables } from '../domain/tables.ts'
import { awsClients, requestLimit } from './aws-clients.ts'
import { traced } from './aws-tracing.ts'
import { bundledRegistry } from './bundled-registry.ts'
import { confluentRegistry } from './confluent-registry.ts'
import { dynamoDbState } from './dynamodb-state.ts'
import { glueMirror, type TableMirror } from './glue-mirror.ts'
import { s3Store } from './s3-store.ts'
import { sqsEvents } from './sqs-events.ts'
import { systemClock, systemIds, systemScratch } from './system.ts'

/** Names of the environment's variables. */
export const VARIABLES = {
  bucket: 'TRADELAKE_BUCKET',
  stateTable: 'TRADELAKE_STATE_TABLE',
  catalogTable: 'TRADELAKE_CATALOG_TABLE',
  /** Glue's database; without it nothing is mirrored. */
  glueDatabase: 'TRADELAKE_GLUE_DATABASE',
  /** Name of the exchange, or of the stream of records, that a Bronze or Silver function is for. */
  exchange: 'TRADELAKE_EXCHANGE',
  /** `exchange`: Gold and the candles work for each exchange by itself. */
  shares: 'TRADELAKE_SHARES',
  /** URL of the schema registry; without it only the bundled schema is known. */
  registry: 'TRADELAKE_REGISTRY_URL',
  /** JSON: queue URLs by exchange name. */
  queues: 'TRADELAKE_QUEUES',
  /** How long tables keep rows, as `gold_ohlcv_1m=90,…`; without it their default times. */
  retention: 'TRADELAKE_RETENTION',
  /** Names the code that was deployed, as `0.1.0+0123456789ab`. */
  build: 'TRADELAKE_BUILD',
  /** DuckDB's memory limit, as it writes it. */
  engineMemory: 'TRADELAKE_ENGINE_MEMORY',
  /** The role whose rights the web application gives to clients, folder by folder. */
  filesRole: 'TRADELAKE_FILES_ROLE',
} as const

export interface AwsPorts {
  readonly ports: Ports
  readonly mirror: TableMirror
}

/** Made once for a container's life. @throws TradelakeError naming a variable that is not set */
export function awsPorts(engine: QueryEngine = noEngine): AwsPorts {
  const { s3, dynamo, glue } = awsClients()
  const clock = systemClock()
  const ids = systemIds()
  const scratch = systemScratch()
  const registryUrl = process.env[VARIABLES.registry]
  const ports: Ports = {
    store: s3Store({ client: s3, bucket: required(VARIABLES.bucket), ids, scratch }),
    state: dynamoDbState({
      client: dynamo,
      tables: { state: required(VARIABLES.stateTable), catalog: required(VARIABLES.catalogTable) },
    }),
    registry: registryUrl
      ? confluentRegistry({ url: registryUrl, fallback: bundledRegistry(), clock })
      : bundledRegistry(),
    engine,
    clock,
    ids,
    scratch,
  }
  const database = process.env[VARIABLES.glueDatabase]
  const mirror = database ? glueMirror({ client: glue, ports, database }) : { follow: async () => {} }
  return { ports, mirror }
}

/** The exchange that this function is for. */
export function exchangeOfFunction(): Exchange {
  const name = required(VARIABLES.exchange)
  const exchange = EXCHANGES.find(candidate => candidate.name === name)
  if (!exchange)
    throw new TradelakeError(`${VARIABLES.exchange} is ${name}, which is not an exchange of this deployment.`)
  return exchange
}

/** The stream of records that this Bronze function is for. */
export function streamOfFunction(): RecordStream {
  const name = required(VARIABLES.exchange)
  const stream = recordStreams().find(candidate => candidate.name === name)
  if (!stream) throw new TradelakeError(`${VARIABLES.exchange} is ${name}, which is not a stream of this deployment.`)
  return stream
}

/** How Gold's and the candles' work is shared out in this deployment. */
export function sharesOfFunction(): readonly Share[] {
  return sharesOf(EXCHANGES, process.env[VARIABLES.shares] === 'exchange' ? 'exchange' : 'all')
}

/** How long this deployment keeps rows, where it was told. @throws BadInput */
export function retentionOfFunction(): RetentionSettings {
  const text = process.env[VARIABLES.retention]
  return text ? parseRetention(text, allTables()) : {}
}

/** The code that was deployed, as a number that changes with it: the first 32 bits of its hash. 0 where it has no name. */
export function buildNumberOfFunction(): number {
  return Number.parseInt(/\+([0-9a-f]{8})/.exec(process.env[VARIABLES.build] ?? '')?.[1] ?? '0', 16)
}

export function queueEvents(): ObjectEvents {
  return sqsEvents(
    traced(new SQSClient({ requestHandler: requestLimit() })),
    JSON.parse(required(VARIABLES.queues)) as Record<string, string>,
  )
}

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new TradelakeError(`The environment variable ${name} is not set: deploy the stack again.`)
  return value
}

const missing = () =>
  Promise.reject(new TradelakeError('This function was deployed without DuckDB: add its layer and deploy again.'))
const noEngine: QueryEngine = { run: missing, session: missing }
