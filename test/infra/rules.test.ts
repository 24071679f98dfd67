/**
 * Rules that hold of every resource of a kind, in every deployment that the context values describe.
 * Over 250 lines: each deployment's template is made once for all rules.
 */
import { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { statementsOf } from './policies.ts'
import { replacingTags } from './resource-spec.ts'
import { DEPLOYMENTS, KAFKA_MODES, stacksOf, templateOf, type Values } from './support.ts'

interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  readonly Properties?: any
  readonly DependsOn?: readonly string[]
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  readonly UpdatePolicy?: any
}

interface Statement {
  readonly Effect: string
  readonly Principal?: { readonly Service?: string }
  readonly Action: string | readonly string[]
  readonly Condition?: Readonly<Record<string, unknown>>
}

const metricSpace = ({ MetricStat }: { MetricStat?: { Metric: { Namespace: string } } }): string[] =>
  MetricStat ? [MetricStat.Metric.Namespace] : []
type Json = Pick<Template, 'toJSON'>
const resourcesOf = (template: Json): Record<string, Resource> => template.toJSON().Resources
const ofType = (template: Json, type: string) =>
  Object.entries(resourcesOf(template)).filter(([, resource]) => resource.Type === type)

/** About how many characters a value is when it is deployed: a reference may become an ARN. */
function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum, one) => sum + lengthOf(one) + 1, 2)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).length
  const { 'Fn::Join': join, Ref: name } = value as { 'Fn::Join'?: [string, unknown[]]; Ref?: string }
  if (join) return join[1].reduce((sum: number, one) => sum + (typeof one === 'string' ? one.length : lengthOf(one)), 2)
  if (name?.startsWith('AWS::')) return 14
  if (name !== undefined || 'Fn::ImportValue' in value || 'Fn::GetAtt' in value || 'Fn::Select' in value) return 100
  return Object.entries(value).reduce((sum, [key, one]) => sum + key.length + lengthOf(one) + 4, 2)
}

/** Two stacks as one template. */
function merged(...templates: readonly Template[]): Json {
  const all = templates.map(template => template.toJSON())
  const json = {
    Resources: Object.assign({}, ...all.map(({ Resources }) => Resources)),
    Outputs: Object.assign({}, ...all.map(({ Outputs }) => Outputs)),
  }
  return { toJSON: () => json }
}

const bothOf = (values: Values) => {
  const { data, stack } = stacksOf(values)
  return merged(Template.fromStack(data), Template.fromStack(stack))
}

describe.each(Object.entries(DEPLOYMENTS))('deployed with %s', (_, values) => {
  const { data, stack } = stacksOf(values)
  const dataTemplate = Template.fromStack(data)
  const stackTemplate = Template.fromStack(stack)
  const template = merged(dataTemplate, stackTemplate)

  test('every topic that an alarm notifies lets the alarms of this stack and account publish, and no other', () => {
    const alarms = ofType(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties)
    const notified = new Set(
      alarms.flatMap(({ AlarmActions, OKActions }) => [...AlarmActions, ...OKActions].map(action => action.Ref)),
    )
    expect(notified.size).toBe(2)
    const stackName = alarms[0].AlarmName.split('/')[0]
    for (const topic of notified) {
      const policies = ofType(template, 'AWS::SNS::TopicPolicy').filter(([, { Properties }]) =>
        Properties.Topics.some(({ Ref }: { Ref: string }) => Ref === topic),
      )
      const statements: Statement[] = policies.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      const allowed = statements.filter(
        ({ Effect, Principal }) => Effect === 'Allow' && Principal?.Service === 'cloudwatch.amazonaws.com',
      )
      expect(allowed, topic).toHaveLength(1)
      expect(allowed[0]).toMatchObject({
        Action: 'sns:Publish',
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      })
      const source = JSON.stringify(allowed[0].Condition?.ArnLike)
      expect(source).toContain(`:alarm:${stackName}/*"`)
      // The alarms' own names are under what the condition allows.
      for (const { AlarmName } of alarms) expect(AlarmName.startsWith(`${stackName}/`)).toBe(true)
    }
  })

  test('nothing that reads or writes a topic is made before the topics', () => {
    const [[topics]] = ofType(template, 'Custom::KafkaTopics')
    const services = ofType(template, 'AWS::ECS::Service')
    const mappings = ofType(template, 'AWS::Lambda::EventSourceMapping').filter(
      ([, { Properties }]) => Properties.Topics,
    )
    expect(services).toHaveLength(values.feeds === 'on' ? EXCHANGES.length : 0)
    expect(mappings).toHaveLength(EXCHANGES.length + 1)
    for (const [id, { DependsOn }] of [...services, ...mappings]) expect(DependsOn, id).toContain(topics)
  })

  test('metrics and alarms are those of this stack: another of the account has its own', () => {
    const stackName = ofType(template, 'AWS::CloudWatch::Dashboard')[0][1].Properties.DashboardName
    const ours = ofType(template, 'AWS::Lambda::Function').filter(([, { Properties }]) => Properties.FunctionName)
    for (const [id, { Properties }] of ours)
      expect(Properties.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE, id).toBe(stackName)
    const namespaces = ofType(template, 'AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) =>
      Properties.Namespace ? [Properties.Namespace] : Properties.Metrics.flatMap(metricSpace),
    )
    expect(new Set(namespaces.filter(name => !name.startsWith('AWS/')))).toEqual(new Set([stackName]))
  })

  test('silence is an alarm exactly where someone writes', () => {
    const silent = ofType(template, 'AWS::CloudWatch::Alarm').filter(([, { Properties }]) =>
      Properties.AlarmName.includes('/bronze-silent/'),
    )
    const writes = values.feeds === 'on' || values.kafka !== 'msk-new'
    expect(silent).toHaveLength(writes ? EXCHANGES.length : 0)
  })

  test('a producer is told where Kafka is, and given a policy to write to it', () => {
    const outputs = template.toJSON().Outputs
    const told = Object.keys(outputs).filter(name => /^(?:Kafka|Producer)/.test(name))
    const msk = ['KafkaBootstrap', 'KafkaCluster', 'KafkaSecurityGroup', 'KafkaSubnets', 'KafkaVpc', 'ProducerPolicy']
    expect(told.sort()).toEqual(
      values.local ? [] : values.kafka === 'self-managed' ? ['KafkaBootstrap', 'ProducerPolicy'] : msk,
    )
    if (values.local) return
    const statements = resourcesOf(template)[outputs.ProducerPolicy.Value.Ref].Properties.PolicyDocument.Statement
    const actions = statements.flatMap(({ Action }: Statement) => Action).sort()
    expect(actions).toEqual(
      values.kafka === 'self-managed'
        ? ['secretsmanager:GetSecretValue']
        : ['Connect', 'DescribeTopic', 'WriteData', 'WriteDataIdempotently'].map(name => `kafka-cluster:${name}`),
    )
  })

  test('every event goes to an alias, which moves back when the errors of its function raise their alarm', () => {
    const aliases = new Map(ofType(template, 'AWS::Lambda::Alias'))
    const functions = ofType(template, 'AWS::Lambda::Function').filter(([, { Properties }]) => Properties.FunctionName)
    // All but the topics' own, which CloudFormation itself calls.
    expect(aliases.size).toBe(functions.length - 1)
    const targets = [
      ...ofType(template, 'AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties.FunctionName),
      ...ofType(template, 'AWS::Scheduler::Schedule').map(([, { Properties }]) => Properties.Target.Arn),
    ]
    // A Kafka and a queue's mapping for each exchange, the feeds' reports, two of the state's stream, and five schedules.
    expect(targets).toHaveLength(2 * EXCHANGES.length + 1 + 2 + 5)
    for (const target of targets)
      expect(aliases.has(/"Ref":"(\w+)"/.exec(JSON.stringify(target))?.[1] ?? '')).toBe(true)

    const groups = new Map(ofType(template, 'AWS::CodeDeploy::DeploymentGroup'))
    expect(groups.size).toBe(values.local ? 0 : aliases.size)
    if (values.local) return
    for (const [id, { Properties, UpdatePolicy }] of aliases) {
      const group = groups.get(UpdatePolicy?.CodeDeployLambdaAliasUpdate.DeploymentGroupName.Ref)?.Properties
      expect(group.DeploymentConfigName, id).toBe(
        values.stage === 'prod'
          ? 'CodeDeployDefault.LambdaCanary10Percent5Minutes'
          : 'CodeDeployDefault.LambdaAllAtOnce',
      )
      expect(group.AutoRollbackConfiguration.Events).toContain('DEPLOYMENT_STOP_ON_ALARM')
      const [{ Name }] = group.AlarmConfiguration.Alarms
      const alarm = resourcesOf(template)[Name.Ref].Properties
      expect(alarm.AlarmName).toContain('/function-errors/')
      expect(alarm).toMatchObject({ MetricName: 'Errors', Dimensions: [{ Value: Properties.FunctionName }] })
    }
  })

  test('data at rest is encrypted, with the customer’s key where there is one, and by nobody else’s leave', () => {
    const keys = ofType(template, 'AWS::KMS::Key')
    expect(keys).toHaveLength(values.cmk ? 1 : 0)
    const withKey = (id: string, where: unknown) =>
      values.cmk ? expect(JSON.stringify(where), id).toContain(keys[0][0]) : expect(where, id).toBeUndefined()
    for (const [id, { Properties }] of ofType(template, 'AWS::S3::Bucket')) {
      const [rule] = Properties.BucketEncryption.ServerSideEncryptionConfiguration
      withKey(id, rule.ServerSideEncryptionByDefault.KMSMasterKeyID)
    }
    for (const [id, { Properties }] of ofType(template, 'AWS::DynamoDB::Table')) {
      expect(Properties.SSESpecification.SSEEnabled, id).toBe(true)
      withKey(id, Properties.SSESpecification.KMSMasterKeyId)
    }
    for (const [id, { Properties }] of ofType(template, 'AWS::SQS::Queue')) withKey(id, Properties.KmsMasterKeyId)
    for (const [id, { Properties }] of ofType(template, 'AWS::SNS::Topic')) withKey(id, Properties.KmsMasterKeyId)
    if (!values.cmk) return
    const services = keys[0][1].Properties.KeyPolicy.Statement.flatMap(({ Principal }: Statement) =>
      [Principal?.Service ?? []].flat(),
    )
    // Without them no object would raise an event, and no alarm would reach anyone.
    for (const service of ['s3', 'cloudwatch', 'budgets']) expect(services).toContain(`${service}.amazonaws.com`)
    for (const [, { Properties }] of ofType(template, 'AWS::Lambda::Function')) {
      if (!Properties.FunctionName || Properties.FunctionName.endsWith('-topics')) continue
      const granted = statementsOf(template, Properties.FunctionName).flatMap(({ Action }) => Action)
      expect(granted, Properties.FunctionName).toEqual(expect.arrayContaining(['kms:Decrypt', 'kms:GenerateDataKey']))
    }
  })

  test('no role has more policy than IAM takes, nor a stack more resources than CloudFormation', () => {
    const sizes = new Map<string, number>()
    for (const [, { Properties }] of ofType(template, 'AWS::IAM::Policy'))
      for (const { Ref } of Properties.Roles)
        sizes.set(Ref, (sizes.get(Ref) ?? 0) + lengthOf(Properties.PolicyDocument))
    // IAM user guide, "IAM and AWS STS quotas": a role's inline policies, without white space.
    for (const [role, length] of sizes) expect(length, role).toBeLessThan(10_240)
    for (const one of [dataTemplate, stackTemplate]) expect(Object.keys(resourcesOf(one)).length).toBeLessThan(500)
  })

  test('a budget tells the topic of what can wait, which lets it', () => {
    const budgets = ofType(template, 'AWS::Budgets::Budget')
    expect(budgets).toHaveLength(values.budget === undefined ? 0 : 1)
    for (const [, { Properties }] of budgets) {
      expect(Properties.Budget).toMatchObject({ BudgetLimit: { Amount: 500, Unit: 'USD' }, TimeUnit: 'MONTHLY' })
      for (const { Subscribers } of Properties.NotificationsWithSubscribers) {
        const policies = ofType(template, 'AWS::SNS::TopicPolicy').filter(
          ([, policy]) => policy.Properties.Topics[0].Ref === Subscribers[0].Address.Ref,
        )
        const [[, policy]] = policies
        expect(policy.Properties.PolicyDocument.Statement).toContainEqual(
          expect.objectContaining({
            Effect: 'Allow',
            Principal: { Service: 'budgets.amazonaws.com' },
            Action: 'sns:Publish',
          }),
        )
      }
    }
  })

  test('a feed has given up waiting for Kafka before its failed health checks count', () => {
    for (const [, { Properties }] of ofType(template, 'AWS::ECS::TaskDefinition')) {
      const [{ Command, HealthCheck }] = Properties.ContainerDefinitions
      const wait = Command[Command.indexOf('--wait') + 1]
      expect(wait).toBe('4m')
      expect(HealthCheck.StartPeriod).toBe(300)
    }
  })

  test('what stays when the stack goes does not stay when its creation is rolled back', () => {
    const stays: string[] = []
    for (const [id, { Type, DeletionPolicy, UpdateReplacePolicy, Properties }] of Object.entries(
      resourcesOf(template),
    )) {
      expect(DeletionPolicy, id).not.toBe('Retain')
      // It would refuse to be deleted.
      expect(Properties?.DeletionProtectionEnabled, id).toBeUndefined()
      if (DeletionPolicy !== 'RetainExceptOnCreate') continue
      expect(UpdateReplacePolicy, id).toBe('Retain')
      stays.push(Type)
    }
    const lake = ['AWS::KMS::Key', 'AWS::DynamoDB::Table', 'AWS::S3::Bucket']
    const kafka = ofType(template, 'AWS::MSK::ServerlessCluster').length > 0 ? SERVERLESS : PROVISIONED
    const isNew = values.kafka === 'msk-new'
    expect([...new Set(stays)].sort()).toEqual(
      values.stage === 'prod' ? [...lake, ...(isNew ? [...NETWORK, ...kafka] : [])].sort() : [],
    )
  })

  test('the stack of the functions has nothing that must outlive it', () => {
    const kept = [
      'S3::Bucket',
      'DynamoDB::Table',
      'Glue::Database',
      'KMS::Key',
      'MSK::Cluster',
      'MSK::ServerlessCluster',
    ]
    for (const [id, { Type, DeletionPolicy }] of Object.entries(resourcesOf(stackTemplate))) {
      expect(kept, id).not.toContain(Type.replace('AWS::', ''))
      expect(DeletionPolicy, id).not.toBe('RetainExceptOnCreate')
    }
    // And the other one has no function of ours, whose changes could break it.
    expect(
      ofType(dataTemplate, 'AWS::Lambda::Function').filter(([, { Properties }]) => Properties.FunctionName),
    ).toEqual([])
  })

  test('in production the tables are protected last, and let go first', () => {
    const protections = ofType(dataTemplate, 'Custom::AWS')
    expect(protections).toHaveLength(values.stage === 'prod' ? 2 : 0)
    const last = Object.entries(resourcesOf(dataTemplate)).filter(([, { Type }]) =>
      /::(?:Serverless)?Cluster$/.test(Type),
    )
    for (const [, { DependsOn, Properties }] of protections) {
      for (const [id] of last) expect(DependsOn).toContain(id)
      expect(JSON.stringify(Properties.Create)).toContain('DeletionProtectionEnabled\\":true')
      expect(JSON.stringify(Properties.Delete)).toContain('DeletionProtectionEnabled\\":false')
    }
  })

  test('no tag is where a changed one would replace the resource, nor on the stack, which hands its tags on', () => {
    const wrong = Object.entries(resourcesOf(template)).filter(([, { Type, Properties }]) => {
      const tags = replacingTags(Type)
      return tags !== undefined && Properties?.[tags] !== undefined
    })
    expect(wrong).toEqual([])
    for (const { tags } of [data, stack]) expect(tags.tagValues()).toEqual({})
    for (const [id, { Properties }] of ofType(template, 'AWS::S3::Bucket'))
      expect(Properties.Tags, id).toContainEqual({ Key: 'application', Value: 'tradelake' })
  })
})

const NETWORK = ['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::Subnet', 'AWS::EC2::VPC']
const SERVERLESS = ['AWS::Logs::LogGroup', 'AWS::MSK::ServerlessCluster']
const PROVISIONED = ['AWS::Logs::LogGroup', 'AWS::MSK::Cluster', 'AWS::MSK::Configuration']

test('a serverless cluster is one of the resources that tags would replace', () => {
  expect(replacingTags('AWS::MSK::ServerlessCluster')).toBe('Tags')
  expect(replacingTags('AWS::MSK::Cluster')).toBeUndefined()
})

test('an update that mends what rings is not stopped by it, when asked for', () => {
  const template = templateOf({ ...KAFKA_MODES['self-managed'], stage: 'prod', release: 'now' })
  for (const [id, { Properties }] of ofType(template, 'AWS::CodeDeploy::DeploymentGroup')) {
    expect(Properties.DeploymentConfigName, id).toBe('CodeDeployDefault.LambdaAllAtOnce')
    expect(Properties.AlarmConfiguration?.Alarms ?? [], id).toEqual([])
  }
})

test('clusters of the two kinds have different names, so that one can take the other’s place', () => {
  const name = (values: Values, type: string) => ofType(bothOf(values), type)[0][1].Properties.ClusterName
  const serverless = name(KAFKA_MODES['msk-new'], 'AWS::MSK::ServerlessCluster')
  expect(serverless).toBe('tradelake-dev-data-serverless')
  expect(name(KAFKA_MODES['msk-new, provisioned'], 'AWS::MSK::Cluster')).not.toBe(serverless)
})

test('the zones that are asked for are those of every network that is made', () => {
  const zones = ['us-east-1b', 'us-east-1d']
  for (const values of [KAFKA_MODES['msk-new'], { ...KAFKA_MODES['self-managed'], feeds: 'on' }]) {
    const subnets = ofType(bothOf({ ...values, zones: zones.join(',') }), 'AWS::EC2::Subnet')
    expect([...new Set(subnets.map(([, { Properties }]) => Properties.AvailabilityZone))].sort()).toEqual(zones)
  }
})

test('whoever may read the secret of Kafka may decrypt it where a key of the customer encrypts it', () => {
  const key = 'arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-4e5f-6789-abcd-0123456789ab'
  const template = templateOf({ ...KAFKA_MODES['self-managed'], feeds: 'on', kafkaSecretKeyArn: key })
  const policies = ofType(template, 'AWS::IAM::Policy').map(([, { Properties }]) => Properties.PolicyDocument.Statement)
  const granting = (action: string) =>
    policies.flatMap(statements => statements.filter(({ Action }: Statement) => [Action].flat().includes(action)))
  // Bronze for each exchange and for the feeds' reports, the topics, a feed for each exchange.
  expect(granting('secretsmanager:GetSecretValue')).toHaveLength(2 * EXCHANGES.length + 2)
  expect(granting('kms:Decrypt')).toHaveLength(2 * EXCHANGES.length + 2)
  for (const { Resource } of granting('kms:Decrypt')) expect(Resource).toBe(key)
})
