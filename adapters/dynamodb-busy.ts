/**
 * When a table gets more requests than it can take, DynamoDB cancels a transaction, and the SDK never retries a
 * cancelled one. Marked as throttled it is tried again as all other calls are: with backoff, jitter and the same
 * token. Sources: DynamoDB API reference, TransactWriteItems, "Errors"; Smithy specification, "retryable trait".
 */
import { type CancellationReason, type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb'

const BUSY = new Set(['ThrottlingError', 'ProvisionedThroughputExceeded'])

/** Why a transaction was cancelled, if a busy table is the only reason. */
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

/** Makes a client retry transactions that were cancelled for this reason. */
export function retryBusyTransactions(client: DynamoDBClient): DynamoDBClient {
  const where = { relation: 'after', toMiddleware: 'retryMiddleware', name: 'markBusy' } as const
  client.middlewareStack.addRelativeTo(markBusy, where)
  return client
}
