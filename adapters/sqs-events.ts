/** Tells Silver of Bronze objects again, through the queues that S3 itself notifies. */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { Throttled, TradelakeError } from '../domain/errors.ts'
import { objectCreated } from '../domain/events.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { ObjectEvents } from '../domain/ports.ts'
import { awsError } from './aws-errors.ts'

/** SQS takes no more in one call. */
const MESSAGES_AT_ONCE = 10

/** `queues`: URLs by exchange name. @throws TradelakeError for an exchange without a queue */
export function sqsEvents(client: SQSClient, queues: Readonly<Record<string, string>>): ObjectEvents {
  return {
    async send(exchange, objects) {
      const QueueUrl = queues[exchange]
      if (!QueueUrl) throw new TradelakeError(`There is no queue for ${exchange}: deploy the stack again.`)
      for (const some of piecesOf(objects, MESSAGES_AT_ONCE)) {
        const Entries = some.map(({ key, bytes }, i) => ({ Id: String(i), MessageBody: objectCreated(key, bytes) }))
        const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries })).catch(error => {
          throw awsError(error, `Sending objects to ${QueueUrl}`)
        })
        // They stay pending: the next sweep sends them.
        if (Failed.length > 0)
          throw new Throttled(`${Failed.length} messages to ${QueueUrl} were not taken: ${Failed[0].Message}.`)
      }
    },
  }
}
