/** Invoking a deployed function and waiting for it. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'

/**
 * The beginning of what the function said when it failed; undefined if it succeeded.
 * @throws what the client throws where it was not invoked
 */
export async function invocationFailure(
  client: LambdaClient,
  FunctionName: string,
  event: unknown,
): Promise<string | undefined> {
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) }),
  )
  return FunctionError === undefined ? undefined : `${Payload?.transformToString().slice(0, 300)}`
}
