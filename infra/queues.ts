/** Queues of what failed. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './context.ts'

/** With the customer's key, where there is one. */
export function queueEncryption(key: IKey | undefined): Pick<QueueProps, 'encryption' | 'encryptionMasterKey'> {
  return key
    ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
    : { encryption: QueueEncryption.SQS_MANAGED }
}

/** A queue that an alarm watches and a person empties: messages stay as long as SQS keeps any. */
export function deadLetterQueue(scope: Construct, id: string, { local }: Settings, key: IKey | undefined): Queue {
  const queue = new Queue(scope, id, {
    ...queueEncryption(key),
    enforceSSL: !local,
    retentionPeriod: Duration.days(14),
    removalPolicy: RemovalPolicy.DESTROY,
  })
  acknowledge(queue, ['AwsSolutions-SQS3'], 'It is a dead-letter queue itself, of functions and schedules.')
  return queue
}
