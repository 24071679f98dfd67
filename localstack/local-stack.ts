/**
 * The local stack: a real broker, a registry, an emulator of AWS, and the pipeline deployed to it. Everything listens on
 * loopback ports that were free, and ends with `stop`.
 */
import { join } from 'node:path'
import type { Log } from '../domain/ports.ts'
import { type Kafka, startKafka } from './kafka.ts'
import { type MiniStack, startMiniStack } from './ministack.ts'
import { type Pipeline, type PipelineOptions, startPipeline } from './pipeline.ts'
import { type Registry, startRegistry } from './registry.ts'

export interface LocalStack extends Pipeline {
  readonly kafka: Kafka
  readonly registry: Registry
  /** Starts the registry again, at the same address and empty, after it was stopped. */
  restartRegistry(): Promise<void>
  readonly aws: MiniStack
  /** Ends only the bridges. */
  stopBridges(): Promise<void>
}

export interface LocalStackOptions {
  /** IAM is enforced. */
  readonly auth?: boolean
  /** `dev` where nothing is said. */
  readonly stage?: PipelineOptions['stage']
  /** `all` where nothing is said. */
  readonly shares?: PipelineOptions['shares']
}

/**
 * Starts all of it; if a part does not start, the others are stopped again. `folder` is for data and logs.
 */
export async function startLocalStack(
  folder: string,
  log: Log,
  { auth, stage, shares }: LocalStackOptions = {},
): Promise<LocalStack> {
  const started: { stop(): Promise<void> }[] = []
  const stop = async () => {
    for (const part of started.reverse()) await part.stop()
    started.length = 0
  }
  const starting: Promise<unknown>[] = []
  const begin = <T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> => {
    const running = part.then(one => {
      started.push(one)
      return one
    })
    starting.push(running)
    return running
  }
  try {
    const [kafka, registry, aws] = await Promise.all([
      begin(startKafka(join(folder, 'kafka'))),
      begin(startRegistry(join(folder, 'registry'))),
      begin(startMiniStack({ folder: join(folder, 'aws'), auth })),
    ])
    const address = { bootstrap: kafka.bootstrap, registryUrl: registry.url }
    const pipeline = await begin(
      startPipeline({ aws, kafka: address, folder: join(folder, 'cdk'), stage, shares, log }),
    )
    const restartRegistry = async () => {
      await begin(startRegistry(join(folder, 'registry'), Number(new URL(registry.url).port)))
    }
    return { ...pipeline, kafka, registry, restartRegistry, aws, stopBridges: () => pipeline.stop(), stop }
  } catch (error) {
    // What is starting still would else be left running.
    await Promise.allSettled(starting)
    await stop()
    throw error
  }
}
