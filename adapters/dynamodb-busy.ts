/**
 * Where a table is asked for more than it gives, DynamoDB cancels a transaction, and the SDK takes every cancelled one for
 * final. Marked as throttled, such a one is tried again as all other calls are: with backoff, jitter and the same token.
 * Sources: DynamoDB API reference, TransactWriteItems, "Errors"; Smithy specification, "retryable trait".
 */
import { type CancellationReason, type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb'

const BUSY = new Set(['ThrottlingError', 'ProvisionedThroughputExceeded'])

/** The reason for which a transaction was cancelled, where it is this one alone. */
export function busyReason(error: unknown): CancellationReason | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined
  const reasons = (error.CancellationReasons ?? []).filter(({ Code = 'None' }) => Code !== 'None')
  return reasons.every(({ Code = '' }) => BUSY.has(Code)) ? reasons[0] : undefined
}

const markBusy =
  <Arguments, Output>(next: (args: Arguments) => Promise<Output>) =>
  async (args: Arguments): Promise<Output> => {
    try {
      return await next(args)
    } catch (error) {
      if (busyReason(error)) Object.assign(error as Error, { $retryable: { throttling: true } })
      throw error
    }
  }

/** Makes a client retry what was cancelled for this reason. */
export function retryBusyTransactions(client: DynamoDBClient): DynamoDBClient {
  const where = { relation: 'after', toMiddleware: 'retryMiddleware', name: 'markBusy' } as const
  client.middlewareStack.addRelativeTo(markBusy, where)
  return client
}
