/** Queues of what failed. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './context.ts'

/** A queue that an alarm watches and a person empties: messages stay as long as SQS keeps any. */
export function deadLetterQueue(scope: Construct, id: string, { local }: Settings): Queue {
  const queue = new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: !local,
    retentionPeriod: Duration.days(14),
    removalPolicy: RemovalPolicy.DESTROY,
  })
  acknowledge(queue, ['AwsSolutions-SQS3'], 'It is a dead-letter queue itself, of functions and schedules.')
  return queue
}
