/** What works on the data: each stage a construct, and the outputs that the `tradelake` command reads. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { EXCHANGES } from '../domain/exchanges.ts'
import { pascal, topicName } from '../domain/names.ts'
import { sharesOf } from '../domain/shares.ts'
import { FEED_GAPS, tradeStream } from '../domain/streams.ts'
import { acknowledgeOwn } from './acknowledge.ts'
import { Api } from './api.ts'
import { Athena } from './athena.ts'
import { Bronze } from './bronze.ts'
import { Budget } from './budget.ts'
import type { Settings } from './context.ts'
import type { DataStack } from './data-stack.ts'
import { Feeds } from './feeds.ts'
import type { Assets } from './function.ts'
import { Lake } from './lake.ts'
import { Releases } from './release.ts'
import { Schedules } from './schedules.ts'
import { Silver } from './silver.ts'
import { Stream } from './stream.ts'
import { Topics } from './topics.ts'
import { Wakes } from './wakes.ts'
import { Watch } from './watch.ts'

export interface TradelakeStackProps extends StackProps {
  readonly settings: Settings
  readonly assets: Assets
  /** What this one works on. */
  readonly data: DataStack
}

export class TradelakeStack extends Stack {
  constructor(scope: Construct, id: string, { settings, assets, data, ...props }: TradelakeStackProps) {
    super(scope, id, { description: 'tradelake: crypto trades from Kafka to Iceberg tables', ...props })
    const lake = new Lake(this, 'Lake', data.lake)
    const stream = new Stream(this, 'Stream', settings, data.cluster?.known())
    const topics = new Topics(this, 'Topics', {
      ...{ settings, assets, stream },
      exchanges: EXCHANGES.map(exchange => ({ ...exchange, partitions: settings.partitions })),
    })
    const stages = EXCHANGES.map(exchange => ({
      exchange,
      bronze: new Bronze(this, pascal(exchange.name, 'bronze'), {
        settings,
        assets,
        lake,
        stream,
        records: tradeStream(exchange),
      }),
      silver: new Silver(this, pascal(exchange.name, 'silver'), { settings, assets, lake, exchange }),
    }))
    const gaps = new Bronze(this, pascal(FEED_GAPS.name, 'bronze'), {
      settings,
      assets,
      lake,
      stream,
      records: FEED_GAPS,
    })
    // An event source looks for its topic when it is made.
    for (const bronze of [...stages.map(stage => stage.bronze), gaps]) bronze.mapping.node.addDependency(topics)
    const queues = Object.fromEntries(stages.map(({ exchange, silver }) => [exchange.name, silver.queue]))
    const shares = sharesOf(EXCHANGES, settings.shares)
    const schedules = new Schedules(this, 'Schedules', { settings, assets, lake, exchanges: EXCHANGES, shares, queues })
    const { gold, ohlcv } = schedules.stages
    new Wakes(this, 'Wakes', { settings, lake, shares, gold, ohlcv })
    const feeds = settings.feeds
      ? new Feeds(this, 'Feeds', { settings, stream, topics, exchanges: EXCHANGES })
      : undefined
    const api = settings.api ? new Api(this, 'Api', { settings, assets, lake }) : undefined
    acknowledgeOwn(this)
    const watch = new Watch(this, 'Watch', {
      settings,
      stages,
      gaps,
      schedules,
      api: api?.release,
      feeds,
      brokers: data.cluster?.brokers,
      key: lake.key,
    })

    // The emulator has no CodeDeploy: its aliases move at once.
    if (!settings.local) new Releases(this, 'Releases', settings, watch.released)

    if (settings.budget !== undefined) new Budget(this, 'Budget', settings.budget, watch.notify)

    const outputs: Record<string, string> = {
      Bucket: lake.bucket.bucketName,
      StateTable: lake.stateTable.tableName,
      CatalogTable: lake.catalogTable.tableName,
      GlueDatabase: lake.databaseName,
      FeedGapsBronzeFunction: gaps.function.functionName,
      FeedGapsBronzeMapping: gaps.mapping.eventSourceMappingId,
      PageTopic: watch.page.topicArn,
      NotifyTopic: watch.notify.topicArn,
    }
    if (api) Object.assign(outputs, { ApiFunction: api.release.function.functionName, ApiUrl: api.url })
    // The emulator has no named queries.
    if (!settings.local) outputs.AthenaWorkGroup = new Athena(this, 'Athena', lake.databaseName).workGroup
    // Without a login there is nothing that a policy could let a producer do.
    if (!settings.local)
      Object.assign(outputs, stream.producerOutputs([...EXCHANGES.map(({ name }) => topicName(name)), FEED_GAPS.topic]))
    for (const { exchange, bronze, silver } of stages) {
      outputs[pascal(exchange.name, 'bronzeFunction')] = bronze.function.functionName
      outputs[pascal(exchange.name, 'bronzeMapping')] = bronze.mapping.eventSourceMappingId
      outputs[pascal(exchange.name, 'silverFunction')] = silver.function.functionName
      outputs[pascal(exchange.name, 'silverQueue')] = silver.queue.queueUrl
    }
    for (const [name, stage] of Object.entries(schedules.stages))
      outputs[pascal(name, 'function')] = stage.function.functionName
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value })
  }
}
