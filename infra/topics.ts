/** The topics as code: partitions, retention and the largest message, made and checked by a function while deploying. */
import { CustomResource, Duration } from 'aws-cdk-lib'
import { Construct } from 'constructs'
import type { Exchange } from '../domain/exchanges.ts'
import { topicDefinitions } from '../domain/topics.ts'
import type { Settings } from './context.ts'
import { type Assets, stageFunction } from './function.ts'
import type { Stream } from './stream.ts'

export interface TopicsProps {
  readonly settings: Settings
  readonly assets: Assets
  readonly stream: Stream
  readonly exchanges: readonly Exchange[]
}

export class Topics extends Construct {
  constructor(scope: Construct, id: string, { settings, assets, stream, exchanges }: TopicsProps) {
    super(scope, id)
    const topics = topicDefinitions(exchanges)
    const { placement } = stream
    const made = stageFunction(this, 'Function', {
      settings,
      assets,
      name: 'topics',
      description: 'Makes and checks the Kafka topics while deploying',
      environment: stream.environment,
      more: placement && {
        vpc: placement.vpc,
        vpcSubnets: placement.vpcSubnets,
        securityGroups: [...placement.securityGroups],
      },
    })
    stream.grantTopics(
      made,
      topics.map(({ name }) => name),
    )
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: made.functionArn,
      resourceType: 'Custom::KafkaTopics',
      // Otherwise CloudFormation would wait for an hour.
      serviceTimeout: Duration.minutes(5),
      properties: { topics: JSON.stringify(topics) },
    })
    // Not before the role has its grants.
    if (made.role) resource.node.addDependency(made.role)
  }
}
