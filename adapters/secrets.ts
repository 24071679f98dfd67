/** Secrets as text, from Secrets Manager. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { messageOf, Throttled, TradelakeError } from '../domain/errors.ts'
import { requestLimit } from './aws-clients.ts'
import { awsError } from './aws-errors.ts'

/** A secret's text. @throws TradelakeError where it may not be read; Throttled where trying later may help */
export async function readSecret(arn: string): Promise<string> {
  const client = new SecretsManagerClient({ requestHandler: requestLimit() })
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }))
    if (SecretString === undefined) throw new TradelakeError(`The secret ${arn} has no text: give it as JSON.`)
    return SecretString
  } catch (error) {
    if (error instanceof TradelakeError) throw error
    const failure = awsError(error, `Reading the secret ${arn}`)
    if (failure instanceof Throttled) throw failure
    throw new TradelakeError(
      `Secrets Manager gives no secret ${arn} (${messageOf(error)}): check that it exists and that the role may read it.`,
      { cause: error },
    )
  } finally {
    client.destroy()
  }
}
