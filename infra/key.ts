/** A key of the customer (`cmk=on`) for all data at rest that this stack keeps: bucket, tables, queues and topics. */
import { Annotations, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { type IKey, Key } from 'aws-cdk-lib/aws-kms'
import type { Construct, IConstruct } from 'constructs'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './context.ts'

/** Services that write to an encrypted queue or topic with no role of ours, and need the key for it. */
const SERVICES = ['s3.amazonaws.com', 'cloudwatch.amazonaws.com', 'budgets.amazonaws.com']

/** What S3, DynamoDB and SQS do with it on behalf of a function. */
export const KEY_ACTIONS = [
  ...['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt'],
  ...['kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
]

/** The key as another stack knows it. The CDK cannot add to its policy there: what that has to allow stands in `customerKey`. */
export function keyByArn(scope: Construct, id: string, arn: string): IKey {
  const byArn = Key.fromKeyArn(scope, id, arn)
  Annotations.of(byArn).acknowledgeWarning(
    '@aws-cdk/aws-s3-notifications:sqsKMSPermissionsNotAdded',
    'The policy of the key itself allows it.',
  )
  return byArn
}

/** For a role that the CDK lets use a queue with the customer's key. */
export function acknowledgeKeyUse(role: IConstruct): void {
  acknowledge(
    role,
    ['AwsSolutions-IAM5[Action::kms:GenerateDataKey*]', 'AwsSolutions-IAM5[Action::kms:ReEncrypt*]'],
    'With cmk=on: two pairs of actions with one meaning, on the one key.',
  )
}

export function customerKey(scope: Construct, id: string, stage: Settings['stage']): Key {
  const key = new Key(scope, id, {
    description: `Data of ${Stack.of(scope).stackName}`,
    enableKeyRotation: true,
    pendingWindow: Duration.days(30),
    removalPolicy: stage === 'prod' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
  })
  // SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted topics"; S3 user guide,
  // "Granting permissions to publish event notification messages to a destination".
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: SERVICES.map(service => new ServicePrincipal(service)),
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  )
  return key
}
