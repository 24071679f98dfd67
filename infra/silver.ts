/** Silver: for each exchange the queue of its new Bronze objects, and the function that decodes them. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { Alias, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { EventType } from 'aws-cdk-lib/aws-s3'
import { SqsDestination } from 'aws-cdk-lib/aws-s3-notifications'
import { Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { VARIABLES } from '../adapters/aws-ports.ts'
import type { Exchange } from '../domain/exchanges.ts'
import { consumers, dataPrefix } from '../domain/names.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../domain/tables.ts'
import type { Settings } from './context.ts'
import { type Assets, stageFunction } from './function.ts'
import { grantLake } from './grants.ts'
import type { Lake } from './lake.ts'
import { deadLetterQueue, queueEncryption } from './queues.ts'
import { liveAlias } from './release.ts'
import { SIZES } from './sizes.ts'

/** A commit takes up to 25 objects. */
const OBJECTS_PER_EVENT = 25
/** How long objects gather; Lambda requires a window where an event may have over ten messages. */
const WINDOW = Duration.seconds(1)
/** AWS's advice for a queue's visibility: six times the function's time-out (Lambda developer guide, "Using Lambda with SQS"). */
const VISIBILITY_TIMEOUTS = 6
const RECEIVES = 5
/** More would only wait for each other at the table's lists. */
const CONCURRENCY = 10

export interface SilverProps {
  readonly settings: Settings
  readonly assets: Assets
  readonly lake: Lake
  readonly exchange: Exchange
}

export class Silver extends Construct {
  readonly function: LambdaFunction
  readonly live: Alias
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, { settings, assets, lake, exchange }: SilverProps) {
    super(scope, id)
    this.deadLetters = deadLetterQueue(this, 'DeadLetters', settings, lake.key)
    this.queue = new Queue(this, 'Queue', {
      ...queueEncryption(lake.key),
      // The emulator speaks plain HTTP.
      enforceSSL: !settings.local,
      visibilityTimeout: Duration.seconds(SIZES.silver.timeoutSeconds * VISIBILITY_TIMEOUTS),
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: RECEIVES },
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const bronze = bronzeTable(exchange)
    const silver = silverTable(exchange)
    lake.bucket.addEventNotification(EventType.OBJECT_CREATED, new SqsDestination(this.queue), {
      prefix: dataPrefix(bronze.name),
      suffix: '.parquet',
    })
    this.function = stageFunction(this, 'Function', {
      settings,
      assets,
      name: 'silver',
      exchange: exchange.name,
      description: `Bronze objects of ${exchange.name} to valid trades and dead letters`,
      environment: {
        ...lake.environment,
        [VARIABLES.exchange]: exchange.name,
        ...(settings.registryUrl && { [VARIABLES.registry]: settings.registryUrl }),
      },
    })
    grantLake(lake, this.function, {
      reads: [bronze],
      writes: [silver, DLQ_TABLE],
      consumes: [consumers.silver(exchange.name)],
      produces: [consumers.gold(exchange.name), consumers.table(silver.name), consumers.table(DLQ_TABLE.name)],
      catalog: 'none',
    })
    this.live = liveAlias(this.function)
    this.live.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: OBJECTS_PER_EVENT,
        maxBatchingWindow: WINDOW,
        maxConcurrency: CONCURRENCY,
        reportBatchItemFailures: true,
      }),
    )
  }
}
