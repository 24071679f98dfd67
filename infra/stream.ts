/**
 * Kafka, in one of three ways: the MSK cluster of this deployment, an existing one, or brokers of one's own. Gives what an
 * event source and the topics' function need to reach it, and writes out the grants (the CDK makes none for Kafka).
 */
import { Annotations, Fn, Stack } from 'aws-cdk-lib'
import { type ISubnet, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2'
import { type IGrantable, type IRole, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import {
  type EventSourceMappingOptions,
  type IFunction,
  type SourceAccessConfiguration,
  SourceAccessConfigurationType,
} from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { KAFKA_VARIABLES } from '../adapters/kafka-access.ts'
import { FEED_GROUP_PREFIX } from '../domain/names.ts'
import { acknowledge, wildcardArn } from './acknowledge.ts'
import type { KafkaSettings, Login, Network, Settings } from './context.ts'
import { bootstrapOf, type ReachableCluster } from './msk.ts'
import type { Placement } from './placement.ts'

const ACCESS_TYPES: Readonly<Record<Exclude<Login, 'none'>, SourceAccessConfigurationType>> = {
  'scram-512': SourceAccessConfigurationType.SASL_SCRAM_512_AUTH,
  'scram-256': SourceAccessConfigurationType.SASL_SCRAM_256_AUTH,
  plain: SourceAccessConfigurationType.BASIC_AUTH,
}

/** Lets an event source or a function into a VPC (Lambda developer guide, "Configuring network security" of Kafka sources). */
const NETWORK_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeVpcs',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeSubnets',
  'ec2:DescribeSecurityGroups',
]

export class Stream extends Construct {
  /** What each event source mapping is given. */
  readonly source: Pick<
    EventSourceMappingOptions,
    'eventSourceArn' | 'kafkaBootstrapServers' | 'sourceAccessConfigurations'
  >
  /** `host:port` with commas between them. */
  private readonly bootstrap: string
  /** `iam` for MSK. */
  private readonly login: Login | 'iam'
  private readonly secretArn?: string
  private readonly secretKeyArn?: string
  /** undefined: the brokers are reached over the internet, or on this machine. */
  readonly placement?: Placement
  private readonly clusterArn?: string
  private readonly network: boolean

  /** `cluster` is the one that is made with this deployment. */
  constructor(scope: Construct, id: string, { kafka, local }: Settings, cluster?: ReachableCluster) {
    super(scope, id)
    if (kafka.mode === 'self-managed') {
      const { bootstrapServers, login, secretArn, secretKeyArn, network } = kafka
      this.bootstrap = bootstrapServers.join(',')
      this.login = login
      this.secretArn = secretArn
      this.secretKeyArn = secretKeyArn
      this.placement = network && this.within(network)
      this.source = {
        kafkaBootstrapServers: [...bootstrapServers],
        // Brokers on this machine need no login.
        ...(!local && { sourceAccessConfigurations: accessConfigurations(kafka) }),
      }
    } else {
      const { arn, network } =
        kafka.mode === 'msk-new' ? requireCluster(cluster) : { arn: kafka.clusterArn, network: kafka.network }
      this.placement = this.within(network)
      this.clusterArn = arn
      this.bootstrap = bootstrapOf(this, arn)
      this.login = 'iam'
      this.source = { eventSourceArn: arn }
    }
    this.network = this.placement !== undefined
  }

  /** The group that a stream's mapping reads with; it holds the mapping's offsets, so it must stay the same. */
  consumerGroup(stream: string): string {
    return `${Stack.of(this).stackName}-bronze-${stream}`
  }

  /** What an event source mapping does with the function's role. */
  grantConsume(target: IFunction, topic: string, group: string): void {
    if (this.clusterArn !== undefined) {
      target.addToRolePolicy(
        new PolicyStatement({
          actions: ['kafka:DescribeCluster', 'kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'],
          resources: [this.clusterArn],
        }),
      )
      this.grantKafka(target, ['Connect', 'DescribeClusterDynamicConfiguration'], this.clusterArn)
      this.grantKafka(target, ['DescribeTopic', 'ReadData'], this.mskArn('topic', topic))
      this.grantKafka(target, ['DescribeGroup', 'AlterGroup'], this.mskArn('group', group))
    }
    this.grantSecret(target)
    if (this.network) target.addToRolePolicy(new PolicyStatement({ actions: NETWORK_ACTIONS, resources: ['*'] }))
  }

  /** What is needed to make and check topics. */
  grantTopics(target: IFunction, topics: readonly string[]): void {
    if (this.clusterArn !== undefined) {
      this.grantKafka(target, ['Connect'], this.clusterArn)
      const actions = ['CreateTopic', 'DescribeTopic', 'AlterTopic']
      const configuration = ['DescribeTopicDynamicConfiguration', 'AlterTopicDynamicConfiguration']
      this.grantKafka(target, [...actions, ...configuration], ...topics.map(topic => this.mskArn('topic', topic)))
    }
    this.grantSecret(target)
  }

  /** What a producer needs: it writes to these topics. */
  grantProduce(target: IGrantable, topics: readonly string[]): void {
    if (this.clusterArn !== undefined) {
      this.grantKafka(target, ['Connect', 'WriteDataIdempotently'], this.clusterArn)
      this.grantKafka(target, ['DescribeTopic', 'WriteData'], ...topics.map(topic => this.mskArn('topic', topic)))
    }
    this.grantSecret(target)
  }

  /** What a feed needs: it writes to these topics, and reads back what it remembers, in groups of its own. */
  grantFeed(role: IRole, topics: { readonly writes: readonly string[]; readonly reads: string }): void {
    this.grantProduce(role, [...topics.writes, topics.reads])
    if (this.clusterArn !== undefined) {
      this.grantKafka(role, ['ReadData'], this.mskArn('topic', topics.reads))
      const groups = this.mskArn('group', `${FEED_GROUP_PREFIX}*`)
      this.grantKafka(role, ['DescribeGroup', 'AlterGroup'], groups)
      acknowledge(role, [wildcardArn(role, groups)], 'Each process reads its positions in a group of its own.')
    }
  }

  /** What a client of ours needs to find the brokers and to log in. */
  get environment(): Readonly<Record<string, string>> {
    return {
      [KAFKA_VARIABLES.bootstrap]: this.bootstrap,
      [KAFKA_VARIABLES.login]: this.login,
      ...(this.secretArn && { [KAFKA_VARIABLES.secret]: this.secretArn }),
    }
  }

  /** What a producer outside this stack has to know, as outputs: where Kafka is, and a policy that lets it write. */
  producerOutputs(topics: readonly string[]): Readonly<Record<string, string>> {
    const { placement } = this
    const network: Record<string, string> = placement
      ? {
          KafkaVpc: placement.vpc.vpcId,
          KafkaSubnets: Fn.join(',', placement.vpc.selectSubnets(placement.vpcSubnets).subnetIds),
          KafkaSecurityGroup: placement.securityGroups[0].securityGroupId,
        }
      : {}
    const policy = new ManagedPolicy(this, 'Producers', {
      description: `Writes trades to the topics of ${Stack.of(this).stackName}`,
    })
    this.grantProduce(policy, topics)
    return {
      KafkaBootstrap: this.bootstrap,
      ...(this.clusterArn !== undefined && { KafkaCluster: this.clusterArn }),
      ...network,
      ProducerPolicy: policy.managedPolicyArn,
    }
  }

  private grantKafka(target: IGrantable, actions: readonly string[], ...resources: string[]): void {
    target.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: actions.map(action => `kafka-cluster:${action}`), resources }),
    )
  }

  private grantSecret(target: IGrantable): void {
    if (this.secretArn !== undefined)
      target.grantPrincipal.addToPrincipalPolicy(
        new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [this.secretArn] }),
      )
    // MSK takes no secret that is encrypted with the account's default key (MSK developer guide, "Set up SASL/SCRAM
    // authentication for an Amazon MSK cluster").
    if (this.secretKeyArn !== undefined)
      target.grantPrincipal.addToPrincipalPolicy(
        new PolicyStatement({ actions: ['kms:Decrypt'], resources: [this.secretKeyArn] }),
      )
  }

  /** `arn:…:topic/<cluster>/<its id>/<topic>` (MSK developer guide, "Resources for IAM access control"). */
  private mskArn(kind: 'topic' | 'group', name: string): string {
    const [before, after] = [0, 1].map(part => Fn.select(part, Fn.split(':cluster/', this.clusterArn as string)))
    return `${before}:${kind}/${after}/${name}`
  }

  private within({ vpc, subnets, publicSubnets, securityGroup }: Network): Placement {
    const select = (kind: string, ids: readonly string[]) => ({
      subnets: ids.map((subnet, index) => this.subnet(`${kind}${index}`, subnet)),
    })
    const selection = select('Subnet', subnets)
    return {
      // Network interfaces depend on neither zones nor route tables.
      vpc: Vpc.fromVpcAttributes(this, 'Vpc', { vpcId: vpc, availabilityZones: ['unknown'] }),
      vpcSubnets: selection,
      publicSubnets: publicSubnets ? select('PublicSubnet', publicSubnets) : selection,
      securityGroups: [SecurityGroup.fromSecurityGroupId(this, 'SecurityGroup', securityGroup, { mutable: false })],
    }
  }

  private subnet(id: string, subnetId: string): ISubnet {
    const subnet = Subnet.fromSubnetId(this, id, subnetId)
    Annotations.of(subnet).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId', 'Nothing here routes.')
    return subnet
  }
}

function accessConfigurations({
  login,
  secretArn,
  network,
}: Extract<KafkaSettings, { mode: 'self-managed' }>): SourceAccessConfiguration[] {
  const configurations: SourceAccessConfiguration[] = []
  if (login !== 'none' && secretArn !== undefined) configurations.push({ type: ACCESS_TYPES[login], uri: secretArn })
  for (const subnet of network?.subnets ?? [])
    configurations.push({ type: SourceAccessConfigurationType.VPC_SUBNET, uri: `subnet:${subnet}` })
  if (network)
    configurations.push({
      type: SourceAccessConfigurationType.VPC_SECURITY_GROUP,
      uri: `security_group:${network.securityGroup}`,
    })
  return configurations
}

function requireCluster(cluster: ReachableCluster | undefined): ReachableCluster {
  if (!cluster) throw new TypeError('A new cluster is made by the stack of the data: give it to Stream.')
  return cluster
}
