/**
 * The local stack: a real broker, a registry, an emulator of AWS, the CDK app deployed to it, and a bridge for each Kafka
 * event source mapping. Everything listens on loopback ports that were free, and ends with `stop`.
 */
import { join } from 'node:path'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { Admin } from '@platformatic/kafka'
import { systemClock } from '../adapters/system.ts'
import { TradelakeError } from '../domain/errors.ts'
import type { KafkaEvent } from '../domain/events.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { topicName } from '../domain/names.ts'
import type { Log } from '../domain/ports.ts'
import { TRADE_SCHEMA } from '../domain/trade.ts'
import { type Bridge, startBridge } from './bridge.ts'
import { type Deployment, deployTo } from './stack/deployment.ts'
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
    await createTopics(kafka.bootstrap)
    const schemaId = await registerSchema(registry.url, SUBJECT, TRADE_SCHEMA)
    const deployment = await deployTo(aws, join(folder, 'cdk'), {
      local: 'true',
      kafka: 'self-managed',
      bootstrapServers: kafka.bootstrap,
      registryUrl: registry.url,
      arch: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    })
    const invoke = invoker(aws)
    const bridges = deployment.mappings.map(mapping =>
      startBridge({ mapping, bootstrap: kafka.bootstrap, invoke, clock, log }),
    )
    started.push(...bridges)
    const restartRegistry = async () => {
      await begin(startRegistry(join(folder, 'registry'), Number(new URL(registry.url).port)))
    }
    return { kafka, registry, restartRegistry, aws, deployment, bridges, schemaId, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function createTopics(bootstrap: string): Promise<void> {
  const admin = new Admin({ clientId: 'local-stack', bootstrapBrokers: [bootstrap] })
  try {
    for (const { name, partitions } of EXCHANGES)
      await admin.createTopics({ topics: [topicName(name)], partitions, replicas: 1 })
  } finally {
    await admin.close()
  }
}

/** Invokes a function and waits for it, as an event source mapping does. */
function invoker({ endpoint, region }: MiniStack): (functionName: string, event: KafkaEvent) => Promise<void> {
  const client = new LambdaClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
  return async (FunctionName, event) => {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) }),
    )
    if (FunctionError) throw new TradelakeError(`${FunctionName} failed: ${Payload?.transformToString().slice(0, 300)}`)
  }
}
