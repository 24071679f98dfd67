/** Who may publish to a topic besides its owner. */
import { Aws } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Topic } from 'aws-cdk-lib/aws-sns'

/**
 * Lets an AWS service publish to the topic, for resources of this account with this ARN alone, which may hold wildcards. Any policy of its own takes
 * the place of the one that SNS gives a new topic, by which an account's alarms may publish (AWS re:Post, "Why didn't I receive an
 * SNS notification for my CloudWatch alarm trigger?").
 */
export function letPublish(topic: Topic, sid: string, service: string, sourceArn: string): void {
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid,
      principals: [new ServicePrincipal(service)],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID }, ArnLike: { 'aws:SourceArn': sourceArn } },
    }),
  )
}
