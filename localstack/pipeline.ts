/**
 * The CDK app on an emulator of AWS, with what stands in beside it: a bridge for each Kafka event source mapping, and a poller for each
 * mapping of the state table's stream. Broker, registry and emulator run already, wherever that is.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { dynamoDbState } from '../adapters/dynamodb-state.ts'
import { invocationFailure } from '../adapters/lambda-invoke.ts'
import { registerTradeSchemas } from '../adapters/schema-registration.ts'
import { systemClock } from '../adapters/system.ts'
import { TradelakeError } from '../domain/errors.ts'
import type { Log } from '../domain/ports.ts'
import type { SharedBy } from '../domain/shares.ts'
import type { SchemaIds } from '../domain/wire.ts'
import { type Bridge, startBridge } from './bridge.ts'
import { type Deployment, deployTo } from './deployment.ts'
import { clientOptions, type Emulator } from './ministack.ts'
import { startWake } from './wakes.ts'

/** `bootstrap` is `host:port` of a broker, `registryUrl` of a Confluent schema registry. */
interface KafkaAddress {
  readonly bootstrap: string
  readonly registryUrl: string
}

export interface PipelineOptions {
  readonly aws: Emulator
  /** As this process sees them. */
  readonly kafka: KafkaAddress
  /** As the functions see them, where that differs. */
  readonly inside?: KafkaAddress
  /** For what the deployment makes. */
  readonly folder: string
  /** `dev` where nothing is said. */
  readonly stage?: 'dev' | 'prod'
  /** `all` where nothing is said. */
  readonly shares?: SharedBy
  readonly log: Log
}

export interface Pipeline {
  readonly deployment: Deployment
  readonly bridges: readonly Bridge[]
  /** The ids that the registry gave the trades' schemas. */
  readonly schemaIds: SchemaIds
  /** Ends the bridges; what was deployed stays. */
  stop(): Promise<void>
  /** Starts them again. */
  resume(): void
}

/** Registers the schema, deploys, and starts what stands in. @throws TradelakeError */
export async function startPipeline({
  aws,
  kafka,
  inside = kafka,
  folder,
  stage = 'dev',
  shares = 'all',
  log,
}: PipelineOptions): Promise<Pipeline> {
  const clock = systemClock()
  const schemaIds = await registerTradeSchemas(kafka.registryUrl)
  const deployment = await deployTo(aws, folder, {
    local: 'true',
    stage,
    shares,
    kafka: 'self-managed',
    bootstrapServers: inside.bootstrap,
    registryUrl: inside.registryUrl,
    arch: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  })
  const client = new LambdaClient({ ...clientOptions(aws), maxAttempts: 1 })
  const invoke = async (functionName: string, event: unknown) => {
    const failure = await invocationFailure(client, functionName, event)
    if (failure !== undefined) throw new TradelakeError(`${functionName} failed: ${failure}`)
  }
  const { bootstrap } = kafka
  const { outputs } = deployment
  const tables = { state: outputs.StateTable, catalog: outputs.CatalogTable }
  const state = dynamoDbState({ client: new DynamoDBClient({ ...clientOptions(aws), maxAttempts: 1 }), tables })
  const start = () => ({
    bridges: deployment.mappings.map(mapping => startBridge({ mapping, bootstrap, invoke, clock, log })),
    wakes: deployment.wakes.map(mapping => startWake({ mapping, state, invoke, clock, log })),
  })
  let running = start()
  return {
    deployment,
    get bridges() {
      return running.bridges
    },
    schemaIds,
    async stop() {
      await Promise.all([...running.wakes, ...running.bridges].map(part => part.stop()))
    },
    resume() {
      running = start()
    },
  }
}
