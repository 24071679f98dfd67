/** Bronze: for each stream of records a function and the Kafka event source that feeds it. */
import { Duration } from 'aws-cdk-lib'
import {
  type Alias,
  EventSourceMapping,
  EventSourceMappingLogLevel,
  type Function as LambdaFunction,
  MetricType,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { consumers, statePartition } from '../domain/names.ts'
import type { RecordStream } from '../domain/streams.ts'
import type { Settings } from './context.ts'
import { bronzeWindowSeconds } from './freshness.ts'
import { type Assets, stageFunction } from './function.ts'
import { grantLake } from './grants.ts'
import type { Lake } from './lake.ts'
import { liveAlias } from './release.ts'
import type { Stream } from './stream.ts'

export interface BronzeProps {
  readonly settings: Settings
  readonly assets: Assets
  readonly lake: Lake
  readonly stream: Stream
  readonly records: RecordStream
}

export class Bronze extends Construct {
  readonly function: LambdaFunction
  readonly live: Alias
  readonly mapping: EventSourceMapping

  constructor(scope: Construct, id: string, { settings, assets, lake, stream, records }: BronzeProps) {
    super(scope, id)
    const { name, table, topic, next } = records
    this.function = stageFunction(this, 'Function', {
      settings,
      assets,
      name: 'bronze',
      exchange: name,
      description: `Kafka records of ${name} to Bronze, byte for byte`,
      environment: { ...lake.environment, [VARIABLES.exchange]: name },
      more: { reservedConcurrentExecutions: settings.bronzeConcurrency },
    })
    grantLake(lake, this.function, {
      writes: [table],
      produces: [...(next === undefined ? [] : [next]), consumers.table(table.name)],
      state: [statePartition.checkpoint(topic)],
      // Looks a repeated offset up in the table.
      catalog: 'reads',
    })
    const consumerGroup = stream.consumerGroup(name)
    stream.grantConsume(this.function, topic, consumerGroup)
    this.live = liveAlias(this.function)
    this.mapping = new EventSourceMapping(this, 'Kafka', {
      target: this.live,
      ...stream.source,
      kafkaTopic: topic,
      // A group of its own: another consumer of that group would take partitions, and so records, away.
      kafkaConsumerGroupId: consumerGroup,
      // LATEST would lose records that come while a mapping is being made.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: records.batchRecords,
      // Reports of the feeds are in no hurry.
      maxBatchingWindow: Duration.seconds(
        next === undefined ? records.batchWindowSeconds : bronzeWindowSeconds(settings.freshness),
      ),
      // Lambda offers a mapping's metrics and log only in provisioned mode (Lambda developer guide, "Kafka event source
      // mapping logging"); on demand, OffsetLag and the state are what there is.
      ...(settings.pollers && {
        provisionedPollerConfig: {
          minimumPollers: settings.pollers.minimum,
          maximumPollers: settings.pollers.maximum,
        },
        metricsConfig: { metrics: [MetricType.EVENT_COUNT, MetricType.ERROR_COUNT, MetricType.KAFKA_METRICS] },
        logLevel: EventSourceMappingLogLevel.WARN,
      }),
      // Neither onFailure nor retryAttempts: no record can make Bronze fail, so a batch is tried until it is stored.
    })
    // The mapping checks what its role may do when it is made.
    if (this.function.role) this.mapping.node.addDependency(this.function.role)
  }
}
