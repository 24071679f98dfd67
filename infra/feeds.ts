/**
 * The feeds: for each exchange a Fargate service that reads its WebSocket and writes to Kafka. Optional. They run
 * in public subnets, and nothing can connect to them.
 */
import { join } from 'node:path'
import { Duration, IgnoreMode, RemovalPolicy } from 'aws-cdk-lib'
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import {
  Cluster,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs'
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { KnownExchange } from '../domain/exchanges.ts'
import { FEED_GAPS_TOPIC, FEED_POSITIONS_TOPIC, pascal, topicName } from '../domain/names.ts'
import { BUNDLED_IDS } from '../domain/wire.ts'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './context.ts'
import { SHARES } from './cost/figures.ts'
import { feedSize } from './sizes.ts'
import type { Stream } from './stream.ts'
import type { Topics } from './topics.ts'

/** Where probes and metrics are answered, inside the task. */
const PORT = 9100
const SPILL = 'spill'
/**
 * A feed waits this long for brokers and topics, within the longest time in which ECS does not count failed health checks
 * (ECS API reference, "HealthCheck", startPeriod): three tasks that fail trip the circuit breaker, and that rolls the whole
 * stack back (ECS API reference, "ServiceDeploymentCircuitBreaker", threshold).
 */
const WAIT = '4m'
const START_PERIOD = Duration.minutes(5)

export interface FeedsProps {
  readonly settings: Settings
  readonly stream: Stream
  /** What a feed writes to has to be there before it. */
  readonly topics: Topics
  readonly exchanges: readonly KnownExchange[]
}

export class Feeds extends Construct {
  readonly logs: readonly { readonly exchange: KnownExchange; readonly logGroup: ILogGroup }[]

  constructor(scope: Construct, id: string, { settings, stream, topics, exchanges }: FeedsProps) {
    super(scope, id)
    const arm = settings.architecture === 'arm64'
    const { vpc, vpcSubnets } = this.network(stream, settings.zones)
    const cluster = new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.DISABLED })
    acknowledge(
      cluster,
      ['AwsSolutions-ECS4'],
      'Its metrics would cost about as much as the feeds; what they log and what comes of them is watched.',
    )
    const securityGroup = new SecurityGroup(this, 'Group', { vpc, description: 'tradelake feeds: out only' })
    const image = ContainerImage.fromAsset(join(import.meta.dirname, '..'), {
      file: 'feeds/Dockerfile',
      platform: arm ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      // .dockerignore says which files it is made of; a change in one of them makes a new image.
      ignoreMode: IgnoreMode.DOCKER,
    })
    this.logs = exchanges.map(exchange => {
      const { name } = exchange
      const logGroup = new LogGroup(this, pascal(name, 'log'), {
        retention: settings.stage === 'prod' ? RetentionDays.ONE_MONTH : RetentionDays.ONE_WEEK,
        removalPolicy: RemovalPolicy.DESTROY,
      })
      const size = feedSize((settings.rate * SHARES[name]) / settings.feedTasks)
      for (let number = 1; number <= settings.feedTasks; number++) {
        // The first has the name that the only one has.
        const part = number === 1 ? [] : [String(number)]
        const share = settings.feedTasks === 1 ? [] : ['--part', `${number}/${settings.feedTasks}`]
        const task = new FargateTaskDefinition(this, pascal(name, 'task', ...part), {
          cpu: size.cpuUnits,
          memoryLimitMiB: size.memoryMiB,
          runtimePlatform: {
            cpuArchitecture: arm ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
            operatingSystemFamily: OperatingSystemFamily.LINUX,
          },
        })
        // For records that Kafka does not take: nothing else is written by the container.
        task.addVolume({ name: SPILL })
        const container = task.addContainer('feed', {
          image,
          command: [
            'feed',
            ...['--exchange', name, ...share, '--port', `${PORT}`, '--spill', `/${SPILL}`, '--wait', WAIT],
            ...(settings.registryUrl
              ? ['--registry', settings.registryUrl]
              : ['--schema-ids', `${BUNDLED_IDS.trade},${BUNDLED_IDS.wide}`]),
          ],
          environment: { ...stream.environment },
          readonlyRootFilesystem: true,
          // It sends what waits before it ends.
          stopTimeout: Duration.seconds(60),
          healthCheck: {
            command: [
              'CMD',
              'node',
              '-e',
              `fetch('http://127.0.0.1:${PORT}/healthz').then(r => process.exit(r.ok ? 0 : 1))`,
            ],
            startPeriod: START_PERIOD,
          },
          logging: LogDrivers.awsLogs({ streamPrefix: name, logGroup }),
        })
        container.addMountPoints({ sourceVolume: SPILL, containerPath: `/${SPILL}`, readOnly: false })
        stream.grantFeed(task.taskRole, { writes: [topicName(name), FEED_GAPS_TOPIC], reads: FEED_POSITIONS_TOPIC })
        acknowledge(task, ['AwsSolutions-ECS2'], 'The variables are addresses and the ARN of a secret, not secrets.')
        if (task.executionRole)
          acknowledge(
            task.executionRole,
            ['AwsSolutions-IAM5[Resource::*]'],
            'ecr:GetAuthorizationToken takes no resource.',
          )
        const service = new FargateService(this, pascal(name, 'service', ...part), {
          cluster,
          taskDefinition: task,
          desiredCount: 1,
          // Two at a time are harmless: Gold keeps each trade once.
          minHealthyPercent: 100,
          maxHealthyPercent: 200,
          circuitBreaker: { rollback: true },
          // The exchange is on the internet, and there is no NAT.
          assignPublicIp: true,
          vpcSubnets,
          securityGroups: [securityGroup, ...(stream.placement?.securityGroups ?? [])],
        })
        service.node.addDependency(topics)
      }
      return { exchange, logGroup }
    })
  }

  /** The brokers' network, or one of its own where they are reached over the internet. */
  private network(
    stream: Stream,
    zones: Settings['zones'],
  ): Pick<NonNullable<Stream['placement']>, 'vpc' | 'vpcSubnets'> {
    if (stream.placement) return { vpc: stream.placement.vpc, vpcSubnets: stream.placement.publicSubnets }
    const vpc = new Vpc(this, 'Vpc', {
      ...(zones ? { availabilityZones: [...zones] } : { maxAzs: 2 }),
      natGateways: 0,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
    })
    acknowledge(
      vpc,
      ['AwsSolutions-VPC7'],
      'Nothing in it can be reached: its only hosts are feeds that let nothing in.',
    )
    return { vpc, vpcSubnets: { subnetType: SubnetType.PUBLIC } }
  }
}
