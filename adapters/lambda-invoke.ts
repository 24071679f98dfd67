/** Invoking a deployed function and waiting for it. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { LIVE } from './lambda-live.ts'

/** The longest that a function may run. */
const INVOCATION_MS = 900_000

/** A client that waits for an invocation's end, and never invokes twice by itself. */
export function invokingClient(): LambdaClient {
  return new LambdaClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: INVOCATION_MS, throwOnRequestTimeout: true },
  })
}

/**
 * Invokes the version that gets the function's events. Gives the beginning of what it said when it failed; undefined if it succeeded.
 * @throws what the client throws where it was not invoked
 */
export async function invocationFailure(
  client: LambdaClient,
  FunctionName: string,
  event: unknown,
): Promise<string | undefined> {
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({ FunctionName, Qualifier: LIVE, Payload: Buffer.from(JSON.stringify(event)) }),
  )
  return FunctionError === undefined ? undefined : `${Payload?.transformToString().slice(0, 300)}`
}
