/** Amazon MSK: a cluster made here, serverless or provisioned, in a VPC of its own; and the addresses of any. */
import { Aws, CfnCondition, CfnResource, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling'
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  type ISubnet,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
  type VpcProps,
} from 'aws-cdk-lib/aws-ec2'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { CfnCluster, CfnConfiguration, CfnServerlessCluster } from 'aws-cdk-lib/aws-msk'
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources'
import { Construct } from 'constructs'
import { BadInput } from '../domain/errors.ts'
import { brokerDisks, type Disks, GROWS_AT_PERCENT, ROLL_MS } from './broker-disks.ts'
import type { KafkaSettings, Network, Settings } from './context.ts'
import { PROVISIONED } from './sizes.ts'

/** Port of MSK's IAM listener inside the VPC (MSK developer guide, "Port information"). */
const IAM_PORT = 9098
const HTTPS_PORT = 443

/** Settings of the provisioned cluster's brokers, of which all but one must have a record before it counts. */
const serverProperties = (brokers: number) =>
  [
    // Topics are made as code; a misspelt one is an error.
    'auto.create.topics.enable=false',
    `default.replication.factor=${brokers}`,
    `min.insync.replicas=${brokers - 1}`,
    'unclean.leader.election.enable=false',
    // Records go with their segment, and of a quiet partition one is a week long (infra/broker-disks.ts counts on less).
    `log.roll.ms=${ROLL_MS}`,
  ].join('\n')

/** Regions where disks do not grow by themselves (MSK developer guide, "Automatic scaling for Amazon MSK clusters"): the alarm `broker-disk` is all there is. */
const NO_GROWTH = ['ap-northeast-3', 'af-south-1', 'ap-southeast-5']

/** A cluster that stays keeps what it stands on. */
const STAYS_WITH_IT = new Set([
  ...['AWS::MSK::ServerlessCluster', 'AWS::MSK::Cluster', 'AWS::MSK::Configuration', 'AWS::Logs::LogGroup'],
  ...['AWS::EC2::VPC', 'AWS::EC2::Subnet', 'AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress'],
])

export interface MskClusterProps {
  readonly settings: Settings
  readonly kind: Extract<KafkaSettings, { mode: 'msk-new' }>['cluster']
}

/** The brokers of a provisioned cluster, which have the numbers from 1 on. */
export interface Brokers {
  readonly clusterName: string
  readonly count: number
}

/** A cluster, and where its brokers can be reached. */
export interface ReachableCluster {
  readonly arn: string
  readonly network: Network
}

export class MskCluster extends Construct implements ReachableCluster {
  readonly arn: string
  readonly network: Network
  /** Where the cluster is provisioned. */
  readonly brokers?: Brokers

  constructor(scope: Construct, id: string, { settings, kind }: MskClusterProps) {
    super(scope, id)
    const { stage } = settings
    const { vpc, securityGroup } = this.makeNetwork(settings)
    const subnets = vpc.isolatedSubnets
    this.network = {
      vpc: vpc.vpcId,
      subnets: subnets.map(({ subnetId }) => subnetId),
      publicSubnets: vpc.publicSubnets.map(({ subnetId }) => subnetId),
      securityGroup: securityGroup.securityGroupId,
    }
    if (kind === 'serverless') this.arn = this.serverless(subnets, securityGroup)
    else {
      this.arn = this.provisioned(subnets, securityGroup, settings)
      this.brokers = { clusterName: this.clusterName('provisioned'), count: subnets.length }
    }
    if (stage === 'prod')
      for (const child of this.node.findAll())
        if (CfnResource.isCfnResource(child) && STAYS_WITH_IT.has(child.cfnResourceType))
          child.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
  }

  /** The same as another stack knows it. */
  known(): ReachableCluster {
    const known = (value: string) => Stack.of(this).exportValue(value)
    const { vpc, subnets, publicSubnets, securityGroup } = this.network
    return {
      arn: known(this.arn),
      network: {
        vpc: known(vpc),
        subnets: subnets.map(known),
        publicSubnets: publicSubnets?.map(known),
        securityGroup: known(securityGroup),
      },
    }
  }

  private makeNetwork({ zones, zoneCount }: Settings) {
    // No NAT: pollers and the topics' function reach AWS through endpoints.
    const vpc = new Vpc(this, 'Vpc', {
      ...zonesOf(zones, zoneCount),
      natGateways: 0,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'brokers', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
      gatewayEndpoints: {
        s3: { service: GatewayVpcEndpointAwsService.S3 },
        dynamodb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    })
    vpc.addFlowLog('Rejected', {
      trafficType: FlowLogTrafficType.REJECT,
      destination: FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'RejectedLog', { retention: RetentionDays.ONE_WEEK, removalPolicy: RemovalPolicy.DESTROY }),
      ),
    })
    // One group for the brokers and for all that talks to them: pollers take the cluster's own group and subnets.
    const securityGroup = new SecurityGroup(this, 'Group', { vpc, description: 'tradelake: brokers and their clients' })
    securityGroup.addIngressRule(securityGroup, Port.tcp(IAM_PORT), 'Kafka clients with IAM')
    securityGroup.addIngressRule(securityGroup, Port.tcp(HTTPS_PORT), 'AWS endpoints')
    // On-demand pollers call both (Lambda developer guide, "Configuring network security" of MSK).
    for (const [name, service] of [
      ['Lambda', InterfaceVpcEndpointAwsService.LAMBDA],
      ['Sts', InterfaceVpcEndpointAwsService.STS],
    ] as const)
      vpc.addInterfaceEndpoint(name, {
        service,
        open: false,
        securityGroups: [securityGroup],
        subnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      })
    return { vpc, securityGroup }
  }

  private serverless(subnets: readonly ISubnet[], group: SecurityGroup): string {
    const cluster = new CfnServerlessCluster(this, 'Serverless', {
      clusterName: this.clusterName('serverless'),
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [{ subnetIds: subnets.map(subnet => subnet.subnetId), securityGroups: [group.securityGroupId] }],
    })
    return cluster.attrArn
  }

  /** Names differ by kind: MSK refuses a second cluster of a name, also while the first is being replaced. */
  private clusterName(kind: string): string {
    return `${Stack.of(this).stackName}-${kind}`
  }

  private provisioned(subnets: readonly ISubnet[], group: SecurityGroup, { rate }: Settings): string {
    const disks = brokerDisks(rate, subnets.length, subnets.length)
    if (!disks.suffice)
      throw new BadInput(
        `The context value rate is ${rate}: four days of its records fill more than the ${disks.gib} GiB that a disk of MSK has at most; give a lower rate, or kafka=msk-arn with a cluster of more brokers.`,
      )
    const clusterName = this.clusterName('provisioned')
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: clusterName,
      serverProperties: serverProperties(subnets.length),
    })
    const logGroup = new LogGroup(this, 'BrokerLog', {
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const cluster = new CfnCluster(this, 'Provisioned', {
      clusterName,
      kafkaVersion: PROVISIONED.kafkaVersion,
      numberOfBrokerNodes: subnets.length,
      brokerNodeGroupInfo: {
        instanceType: PROVISIONED.brokerType,
        clientSubnets: subnets.map(subnet => subnet.subnetId),
        securityGroups: [group.securityGroupId],
        storageInfo: { ebsStorageInfo: { volumeSize: disks.gib } },
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: { encryptionInTransit: { clientBroker: 'TLS', inCluster: true } },
      configurationInfo: { arn: configuration.attrArn, revision: configuration.attrLatestRevisionRevision },
      loggingInfo: { brokerLogs: { cloudWatchLogs: { enabled: true, logGroup: logGroup.logGroupName } } },
    })
    this.growingDisks(cluster.attrArn, disks)
    return cluster.attrArn
  }

  /** Disks grow by themselves, and never shrink (MSK developer guide, "Automatic scaling for Amazon MSK clusters"). */
  private growingDisks(clusterArn: string, { gib, mostGib }: Disks): void {
    // Where the stack goes to is known while it is deployed.
    const isThere = Fn.conditionOr(...NO_GROWTH.map(region => Fn.conditionEquals(Aws.REGION, region)))
    const condition = new CfnCondition(this, 'DisksCanGrow', { expression: Fn.conditionNot(isThere) })
    const target = new CfnScalableTarget(this, 'Disks', {
      serviceNamespace: 'kafka',
      resourceId: clusterArn,
      scalableDimension: 'kafka:broker-storage:VolumeSize',
      minCapacity: gib,
      maxCapacity: mostGib,
    })
    target.cfnOptions.condition = condition
    const policy = new CfnScalingPolicy(this, 'DisksGrow', {
      policyName: `${this.clusterName('provisioned')}-disks`,
      policyType: 'TargetTrackingScaling',
      scalingTargetId: target.ref,
      targetTrackingScalingPolicyConfiguration: {
        predefinedMetricSpecification: { predefinedMetricType: 'KafkaBrokerStorageUtilization' },
        targetValue: GROWS_AT_PERCENT,
        disableScaleIn: true,
      },
    })
    policy.cfnOptions.condition = condition
  }
}

/** The CDK itself knows two zones of an account that it was not told. */
function zonesOf(zones: Settings['zones'], count: number): Pick<VpcProps, 'availabilityZones' | 'maxAzs'> {
  if (zones) return { availabilityZones: [...zones] }
  if (count === 2) return { maxAzs: count }
  return { availabilityZones: Array.from({ length: count }, (_, index) => Fn.select(index, Fn.getAzs())) }
}

/** Addresses of a cluster's IAM listener. Neither kind gives CloudFormation its addresses: MSK itself is asked while deploying. */
export function bootstrapOf(scope: Construct, arn: string): string {
  const asked = new AwsCustomResource(scope, 'Bootstrap', {
    onUpdate: {
      service: 'Kafka',
      action: 'getBootstrapBrokers',
      parameters: { ClusterArn: arn },
      physicalResourceId: PhysicalResourceId.of('bootstrap'),
      outputPaths: ['BootstrapBrokerStringSaslIam'],
    },
    policy: AwsCustomResourcePolicy.fromSdkCalls({ resources: [arn] }),
    installLatestAwsSdk: false,
  })
  return asked.getResponseField('BootstrapBrokerStringSaslIam')
}
