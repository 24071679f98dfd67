/**
 * The template that is deployed.
 * Over 250 lines: one template, and each promise about it.
 */
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { dataPrefix, FEED_GAPS_TOPIC, FEED_POSITIONS_TOPIC, topicName } from '../../domain/names.ts'
import { bronzeTable } from '../../domain/tables.ts'
import { statementsOf } from './policies.ts'
import { dataTemplateOf, KAFKA_MODES, templateOf, type Values } from './support.ts'

const SELF_MANAGED = KAFKA_MODES['self-managed']
const template = templateOf(SELF_MANAGED)
const serverless = templateOf(KAFKA_MODES['msk-new'])
const data = dataTemplateOf(SELF_MANAGED)

interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: string
}
const resources = (of: Template, type: string) => Object.entries(of.findResources(type)) as [string, Resource][]

const actionsOf = (of: Template, functionName: string) =>
  [...new Set(statementsOf(of, functionName).flatMap(({ Action }) => Action))].sort()

function resourcesOf(of: Template, functionName: string, action: string): string {
  return JSON.stringify(
    statementsOf(of, functionName)
      .filter(({ Action }) => [Action].flat().includes(action))
      .map(({ Resource }) => Resource),
  )
}

test('the template of a development stage on Kafka of your own is as it was', async () => {
  const text = `${JSON.stringify(template.toJSON(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot('dev-self-managed.template.snap')
  await expect(`${JSON.stringify(data.toJSON(), null, 2)}\n`).toMatchFileSnapshot('dev-data.template.snap')
})

describe('the lake', () => {
  test('has a private, encrypted bucket without versions, whose lifecycle touches unfinished uploads alone', () => {
    data.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: Match.anyValue(),
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: Match.absent(),
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'unfinished-uploads',
            Status: 'Enabled',
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    })
  })

  test('keeps state with a time to live and a catalog in the layout of DynamoDbCatalog, both restorable', () => {
    const table = (partition: string, sort: string) => ({
      KeySchema: [
        { AttributeName: partition, KeyType: 'HASH' },
        { AttributeName: sort, KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    })
    data.hasResourceProperties('AWS::DynamoDB::Table', {
      ...table('pk', 'sk'),
      TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
    })
    data.hasResourceProperties('AWS::DynamoDB::Table', table('identifier', 'namespace'))
  })

  test('stays in production when the stack goes, and goes with it in development', () => {
    const production = dataTemplateOf({ ...SELF_MANAGED, stage: 'prod' })
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table']) {
      for (const [, { DeletionPolicy }] of resources(production, type))
        expect(DeletionPolicy).toBe('RetainExceptOnCreate')
      for (const [, { DeletionPolicy }] of resources(data, type)) expect(DeletionPolicy).toBe('Delete')
    }
    production.hasResourceProperties('AWS::Glue::Database', { DatabaseInput: { Name: 'market_data' } })
  })
})

describe('Bronze', () => {
  test.each(EXCHANGES)('reads $name in a group of its own, from the beginning, as the registry says', exchange => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      Topics: [topicName(exchange.name)],
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: `tradelake-dev-bronze-${exchange.name}` },
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: SELF_MANAGED.bootstrapServers.split(',') } },
      SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: SELF_MANAGED.kafkaSecretArn }],
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: exchange.batchRecords,
      MaximumBatchingWindowInSeconds: exchange.batchWindowSeconds,
      // Any of them would drop or divert records.
      MaximumRetryAttempts: Match.absent(),
      MaximumRecordAgeInSeconds: Match.absent(),
      DestinationConfig: Match.absent(),
      ProvisionedPollerConfig: Match.absent(),
      // Lambda refuses both without provisioned pollers.
      MetricsConfig: Match.absent(),
      LoggingConfig: Match.absent(),
    })
  })

  test('may have pollers of its own and concurrency set aside, and has neither unless asked', () => {
    const made = templateOf({ ...SELF_MANAGED, pollers: '2-8', bronzeConcurrency: 7 })
    made.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 8 },
      MetricsConfig: { Metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
      LoggingConfig: { SystemLogLevel: 'WARN' },
    })
    const reserved = (of: Template) =>
      resources(of, 'AWS::Lambda::Function').filter(
        ([, { Properties }]) => Properties.ReservedConcurrentExecutions !== undefined,
      )
    expect(reserved(made)).toHaveLength(EXCHANGES.length + 1)
    expect(reserved(template)).toEqual([])
  })

  test('may do this and no more', () => {
    const name = 'tradelake-dev-bronze-binance'
    expect(actionsOf(template, name)).toEqual([
      'dynamodb:ConditionCheckItem',
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'secretsmanager:GetSecretValue',
    ])
    const objects = resourcesOf(template, name, 's3:PutObject')
    expect(objects).toContain('/market_data/bronze_binance_trades/*')
    expect(objects).not.toMatch(/kraken|gold_crypto|"\/\*"/)
    expect(resourcesOf(template, name, 'dynamodb:PutItem')).not.toContain('Catalog')
  })

  test('reads MSK by IAM with each grant on its own topic and group', () => {
    const name = 'tradelake-dev-bronze-kraken'
    const kafka = actionsOf(serverless, name).filter(action => action.startsWith('kafka'))
    expect(kafka).toEqual([
      'kafka-cluster:AlterGroup',
      'kafka-cluster:Connect',
      'kafka-cluster:DescribeClusterDynamicConfiguration',
      'kafka-cluster:DescribeGroup',
      'kafka-cluster:DescribeTopic',
      'kafka-cluster:ReadData',
      'kafka:DescribeCluster',
      'kafka:DescribeClusterV2',
      'kafka:GetBootstrapBrokers',
    ])
    expect(resourcesOf(serverless, name, 'kafka-cluster:ReadData')).toContain(`/${topicName('kraken')}"`)
    expect(resourcesOf(serverless, name, 'kafka-cluster:AlterGroup')).toContain('/tradelake-dev-bronze-kraken"')
  })
})

describe('Silver', () => {
  test.each(EXCHANGES)('hears of new Bronze files of $name', ({ name }) => {
    const [[, notifications]] = resources(template, 'Custom::S3BucketNotifications')
    const exchange = EXCHANGES.find(candidate => candidate.name === name)!
    expect(JSON.stringify(notifications.Properties.NotificationConfiguration)).toContain(
      JSON.stringify({ Name: 'prefix', Value: dataPrefix(bronzeTable(exchange).name) }),
    )
  })

  test('takes up to 25 objects, fails them one by one, and gives up after five', () => {
    template.resourcePropertiesCountIs(
      'AWS::Lambda::EventSourceMapping',
      { BatchSize: 25, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      EXCHANGES.length,
    )
    template.resourcePropertiesCountIs(
      'AWS::SQS::Queue',
      { RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }), VisibilityTimeout: 360 },
      EXCHANGES.length,
    )
  })
})

describe('schedules', () => {
  test('run every minute, maintenance every quarter of an hour, and never twice for one time', () => {
    const rates = resources(template, 'AWS::Scheduler::Schedule').map(
      ([, { Properties }]) => Properties.ScheduleExpression,
    )
    expect(rates.sort()).toEqual([...Array(4).fill('rate(1 minute)'), 'rate(15 minutes)'])
    template.allResourcesProperties('AWS::Scheduler::Schedule', {
      Target: Match.objectLike({
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        DeadLetterConfig: Match.anyValue(),
      }),
    })
    template.allResourcesProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0 })
    template.resourceCountIs('AWS::Lambda::EventInvokeConfig', 5)
  })

  test('only maintenance deletes', () => {
    const deleting = resources(template, 'AWS::Lambda::Function')
      .map(([, { Properties }]) => String(Properties.FunctionName))
      .filter(name => name.startsWith('tradelake') && actionsOf(template, name).includes('s3:DeleteObject'))
    // The web application deletes too, but nothing of the pipeline's (api.test.ts).
    expect(deleting.sort()).toEqual(['tradelake-dev-api', 'tradelake-dev-maintain'])
  })
})

describe('functions', () => {
  const ours = (of: Template) =>
    resources(of, 'AWS::Lambda::Function')
      .map(([, { Properties }]) => Properties)
      .filter(({ FunctionName }) => FunctionName !== undefined)

  test('run on Node 24 for the architecture that was asked for, with their own log', () => {
    for (const [architecture, of] of [
      ['arm64', template],
      ['x86_64', templateOf({ ...SELF_MANAGED, arch: 'x86_64' })],
    ] as const)
      for (const properties of ours(of))
        expect(properties).toMatchObject({
          Runtime: 'nodejs24.x',
          Architectures: [architecture],
          LoggingConfig: { LogGroup: expect.anything() },
        })
    expect(ours(template)).toHaveLength(2 * EXCHANGES.length + 8)
  })

  test('are traced only when asked for: by Lambda, by Powertools, and with the grant to say so', () => {
    expect(JSON.stringify(template)).not.toMatch(/TracingConfig|xray:|POWERTOOLS_TRACE/)
    const traced = templateOf({ ...SELF_MANAGED, tracing: 'on' })
    for (const { FunctionName, ...properties } of ours(traced)) {
      expect(properties).toMatchObject({
        TracingConfig: { Mode: 'Active' },
        Environment: { Variables: { POWERTOOLS_TRACE_ENABLED: 'true' } },
      })
      expect(actionsOf(traced, String(FunctionName))).toContain('xray:PutTraceSegments')
    }
  })

  test('tell of their commits only where somebody is named, as jobs of the stack', () => {
    expect(JSON.stringify(template)).not.toContain('OPENLINEAGE')
    const told = ours(templateOf({ ...SELF_MANAGED, lineage: 'https://marquez.example:5000' }))
    for (const properties of told)
      expect(properties).toMatchObject({
        Environment: {
          Variables: { OPENLINEAGE_URL: 'https://marquez.example:5000', OPENLINEAGE_NAMESPACE: 'tradelake-dev' },
        },
      })
  })

  test('have DuckDB only where they query', () => {
    const layered = ours(template).filter(({ Layers }) => Layers !== undefined)
    expect(layered.map(({ FunctionName }) => FunctionName)).toEqual(['tradelake-dev-maintain'])
  })

  test('may never do everything, nor anything to everything but what takes no resource', () => {
    for (const of of [template, serverless])
      for (const { FunctionName } of ours(of))
        for (const { Action, Resource } of statementsOf(of, String(FunctionName))) {
          for (const action of [Action].flat()) expect(action).not.toContain('*')
          if ([Resource].flat().includes('*'))
            expect([Action].flat().filter(action => !/^(?:xray|ec2):|^dynamodb:ListStreams$/.test(action))).toEqual([])
        }
  })
})

test('feeds are made only when asked for: one for each exchange, from one image, with no way in', () => {
  template.resourceCountIs('AWS::ECS::Service', 0)
  const fed = templateOf({ ...SELF_MANAGED, feeds: 'on' })
  fed.resourceCountIs('AWS::ECS::Service', EXCHANGES.length)
  const images = resources(fed, 'AWS::ECS::TaskDefinition').map(([, { Properties }]) => {
    const [{ Image, Command }] = Properties.ContainerDefinitions as { Image: unknown; Command: string[] }[]
    expect(Command.slice(0, 2)).toEqual(['feed', '--exchange'])
    expect(EXCHANGES.map(({ name }) => name)).toContain(Command[2])
    return JSON.stringify(Image)
  })
  expect(new Set(images).size).toBe(1)
  fed.allResourcesProperties('AWS::EC2::SecurityGroup', { SecurityGroupIngress: Match.absent() })
  fed.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0)
})

test('feeds have a core’s part for their share of the rate, and share their symbols out to as many tasks as are asked for', () => {
  const tasksOf = (values: Values) =>
    resources(templateOf({ ...SELF_MANAGED, feeds: 'on', ...values }), 'AWS::ECS::TaskDefinition').map(
      ([, { Properties }]) => {
        const { Cpu, Memory, ContainerDefinitions } = Properties as {
          Cpu: string
          Memory: string
          ContainerDefinitions: { Command: string[] }[]
        }
        const { Command: command } = ContainerDefinitions[0]
        const part = command.includes('--part') ? command[command.indexOf('--part') + 1] : 'all'
        return `${command[command.indexOf('--exchange') + 1]} ${part} ${Cpu} ${Memory}`
      },
    )
  expect(tasksOf({}).sort()).toEqual(['binance all 256 512', 'coinbase all 256 512', 'kraken all 256 512'])
  // 80 % of 30,000 are Binance's: 24,000/s want half of 983 units, 12,000/s of 492.
  expect(tasksOf({ rate: '30000' }).sort()[0]).toBe('binance all 1024 2048')
  const two = tasksOf({ rate: '30000', feedTasks: '2' }).sort()
  expect(two).toHaveLength(6)
  expect(two.slice(0, 2)).toEqual(['binance 1/2 512 1024', 'binance 2/2 512 1024'])
  expect(() => templateOf({ ...SELF_MANAGED, feedTasks: '5' })).toThrow('give at most 4')
})

test('topics are made with one partition each, or as many as the rate or a value asks for, before anything reads them', () => {
  const [[id, topics]] = resources(template, 'Custom::KafkaTopics')
  const partitionsOf = (given: unknown) =>
    (JSON.parse(String(given)) as { name: string; partitions: number }[]).map(each => [each.name, each.partitions])
  const wanted = (count: number) => [
    ...EXCHANGES.map(({ name }) => [topicName(name), count]),
    ...[FEED_GAPS_TOPIC, FEED_POSITIONS_TOPIC].map(name => [name, 1]),
  ]
  expect(partitionsOf(topics.Properties.topics)).toEqual(wanted(1))
  const more = (given: Record<string, string>) =>
    partitionsOf(resources(templateOf({ ...SELF_MANAGED, ...given }), 'Custom::KafkaTopics')[0][1].Properties.topics)
  expect(more({ rate: '10000' })).toEqual(wanted(2))
  expect(more({ rate: '10000', partitions: '8' })).toEqual(wanted(8))
  const mappings = Object.values(template.findResources('AWS::Lambda::EventSourceMapping')).filter(
    ({ Properties }) => Properties.Topics,
  )
  for (const { DependsOn } of mappings) expect(DependsOn).toContain(id)
})

test('the outputs are those that the command goes by', () => {
  const names = Object.keys(template.toJSON().Outputs as object)
  expect(names.sort()).toEqual(
    [
      'Bucket',
      'StateTable',
      'CatalogTable',
      'GlueDatabase',
      'ApiFunction',
      'ApiUrl',
      'FeedGapsBronzeFunction',
      'FeedGapsBronzeMapping',
      ...EXCHANGES.map(({ name }) => name[0].toUpperCase() + name.slice(1)).flatMap(name =>
        ['BronzeFunction', 'BronzeMapping', 'SilverFunction', 'SilverQueue'].map(kind => name + kind),
      ),
      ...['Commit', 'Gold', 'Ohlcv', 'Sweep', 'Maintain'].map(name => `${name}Function`),
      'PageTopic',
      'NotifyTopic',
      'AthenaWorkGroup',
      'KafkaBootstrap',
      'ProducerPolicy',
    ].sort(),
  )
})

test('on the local stack nothing insists on TLS, the brokers ask for nothing, and nothing empties the bucket', () => {
  const values = { kafka: 'self-managed', bootstrapServers: '127.0.0.1:9092', local: true, arch: 'x86_64' }
  const local = templateOf(values)
  const localData = dataTemplateOf(values)
  localData.resourceCountIs('Custom::S3AutoDeleteObjects', 0)
  for (const type of ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy'])
    expect(JSON.stringify([local, localData].map(of => of.findResources(type)))).not.toContain('aws:SecureTransport')
  expect(JSON.stringify(data.findResources('AWS::S3::BucketPolicy'))).toContain('aws:SecureTransport')
  local.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    Topics: Match.anyValue(),
    SourceAccessConfigurations: Match.absent(),
  })
})
