/** How a client logs in to MSK with the credentials of its role. */
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { awsClients } from './aws-clients.ts'

/** A token for SASL/OAUTHBEARER on MSK, good for 15 minutes: a presigned request for `kafka-cluster:Connect`, as base64url text. */
export async function mskToken(): Promise<string> {
  // Region and credentials as the SDK's own clients find them.
  const { config } = awsClients().dynamo
  const { token } = await generateAuthTokenFromCredentialsProvider({
    region: await config.region(),
    awsCredentialsProvider: config.credentials,
  })
  return token
}
