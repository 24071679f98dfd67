/** Bronze: for each exchange a function and the Kafka event source that feeds it. */
import { Duration } from 'aws-cdk-lib'
import { EventSourceMapping, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { VARIABLES } from '../adapters/aws-ports.ts'
import type { Exchange } from '../domain/exchanges.ts'
import { consumers, topicName } from '../domain/names.ts'
import { bronzeTable } from '../domain/tables.ts'
import type { Settings } from './context.ts'
import { type Assets, stageFunction } from './function.ts'
import { grantLake } from './grants.ts'
import type { Lake } from './lake.ts'
import type { Stream } from './stream.ts'

export interface BronzeProps {
  readonly settings: Settings
  readonly assets: Assets
  readonly lake: Lake
  readonly stream: Stream
  readonly exchange: Exchange
}

export class Bronze extends Construct {
  readonly function: LambdaFunction
  readonly mapping: EventSourceMapping

  constructor(scope: Construct, id: string, { settings, assets, lake, stream, exchange }: BronzeProps) {
    super(scope, id)
    const table = bronzeTable(exchange)
    this.function = stageFunction(this, 'Function', {
      settings,
      assets,
      name: 'bronze',
      exchange: exchange.name,
      description: `Kafka records of ${exchange.name} to Bronze, byte for byte`,
      environment: { ...lake.environment, [VARIABLES.exchange]: exchange.name },
      more: { reservedConcurrentExecutions: settings.bronzeConcurrency },
    })
    grantLake(lake, this.function, {
      writes: [table],
      produces: [consumers.silver(exchange.name), consumers.table(table.name)],
      // Looks a repeated offset up in the table.
      catalog: 'reads',
    })
    const topic = topicName(exchange.name)
    const consumerGroup = stream.consumerGroup(exchange)
    stream.grantConsume(this.function, topic, consumerGroup)
    this.mapping = new EventSourceMapping(this, 'Kafka', {
      target: this.function,
      ...stream.source,
      kafkaTopic: topic,
      // Of its own: another consumer of that group would take partitions, and so records, away.
      kafkaConsumerGroupId: consumerGroup,
      // LATEST would lose what comes while a mapping is being made.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: exchange.batchRecords,
      maxBatchingWindow: Duration.seconds(exchange.batchWindowSeconds),
      ...(settings.pollers && {
        provisionedPollerConfig: {
          minimumPollers: settings.pollers.minimum,
          maximumPollers: settings.pollers.maximum,
        },
      }),
      // Neither onFailure nor retryAttempts: no record is poison to Bronze, so a batch is tried until it is in.
    })
    // The mapping checks what its role may do when it is made.
    if (this.function.role) this.mapping.node.addDependency(this.function.role)
  }
}
