/**
 * The local stack: a real broker, a registry, an emulator of AWS, the CDK app deployed to it, and a bridge for each Kafka
 * event source mapping. Everything listens on loopback ports that were free, and ends with `stop`.
 */
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { dynamoDbState } from '../adapters/dynamodb-state.ts'
import { systemClock } from '../adapters/system.ts'
import { TradelakeError } from '../domain/errors.ts'
import type { Log } from '../domain/ports.ts'
import { TRADE_SCHEMA } from '../domain/trade.ts'
import { type Bridge, startBridge } from './bridge.ts'
import { type Deployment, deployTo } from './stack/deployment.ts'
import { startCandlesAfterGold } from './stack/destinations.ts'
import { type Kafka, startKafka } from './stack/kafka.ts'
import { type MiniStack, startMiniStack } from './stack/ministack.ts'
import { type Registry, registerSchema, startRegistry } from './stack/registry.ts'

const SUBJECT = 'market.crypto.trades-value'

export interface LocalStack {
  readonly kafka: Kafka
  readonly registry: Registry
  /** Starts the registry again, at the same address and empty, after it was stopped. */
  restartRegistry(): Promise<void>
  readonly aws: MiniStack
  readonly deployment: Deployment
  readonly bridges: readonly Bridge[]
  /** The id that the registry gave the trades' schema. */
  readonly schemaId: number
  stop(): Promise<void>
}

/** Starts all of it; what was started is stopped again where a part does not start. `folder` is for data and logs. */
export async function startLocalStack(folder: string, log: Log): Promise<LocalStack> {
  const clock = systemClock()
  const started: { stop(): Promise<void> }[] = []
  const stop = async () => {
    for (const part of started.reverse()) await part.stop()
    started.length = 0
  }
  const begin = async <T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> => {
    const running = await part
    started.push(running)
    return running
  }
  try {
    const [kafka, registry, aws] = await Promise.all([
      begin(startKafka(join(folder, 'kafka'))),
      begin(startRegistry(join(folder, 'registry'))),
      begin(startMiniStack({ folder: join(folder, 'aws') })),
    ])
    const schemaId = await registerSchema(registry.url, SUBJECT, TRADE_SCHEMA)
    const deployment = await deployTo(aws, join(folder, 'cdk'), {
      local: 'true',
      kafka: 'self-managed',
      bootstrapServers: kafka.bootstrap,
      registryUrl: registry.url,
      arch: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    })
    const client = new LambdaClient(clientOptions(aws))
    const invoke = (FunctionName: string, event: unknown) => invokeFunction(client, FunctionName, event)
    const bridges = deployment.mappings.map(mapping =>
      startBridge({ mapping, bootstrap: kafka.bootstrap, invoke, clock, log }),
    )
    started.push(...bridges)
    const { outputs } = deployment
    const tables = { state: outputs.StateTable, catalog: outputs.CatalogTable }
    const state = dynamoDbState({ client: new DynamoDBClient(clientOptions(aws)), tables })
    started.push(startCandlesAfterGold({ state, start: () => invoke(outputs.OhlcvFunction, {}), clock, log }))
    const restartRegistry = async () => {
      await begin(startRegistry(join(folder, 'registry'), Number(new URL(registry.url).port)))
    }
    return { kafka, registry, restartRegistry, aws, deployment, bridges, schemaId, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function clientOptions({ endpoint, region }: MiniStack) {
  return { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 1 }
}

/** Invokes a function and waits for it, as an event source mapping does. */
async function invokeFunction(client: LambdaClient, FunctionName: string, event: unknown): Promise<void> {
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) }),
  )
  if (FunctionError) throw new TradelakeError(`${FunctionName} failed: ${Payload?.transformToString().slice(0, 300)}`)
}
