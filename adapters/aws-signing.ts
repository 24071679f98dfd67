/** Requests signed with the container's credentials (AWS Signature Version 4) where no client of the SDK does it. */
import { SignatureV4 } from '@smithy/signature-v4'
import { TradelakeError } from '../domain/errors.ts'
import { awsClients } from './aws-clients.ts'

const REQUEST_MS = 10_000
/** Of an MSK token: the most that MSK takes (aws-msk-iam-sasl-signer). */
const TOKEN_SECONDS = 900

/** A token for SASL/OAUTHBEARER on MSK: a presigned request for `kafka-cluster:Connect`, as base64url text. */
export async function mskToken(): Promise<string> {
  const { signer, region } = await signing('kafka-cluster')
  const hostname = `kafka.${region}.amazonaws.com`
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      headers: { host: hostname },
      query: { Action: 'kafka-cluster:Connect' },
    },
    { expiresIn: TOKEN_SECONDS },
  )
  const signed = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  // Not signed: the broker logs it.
  signed.append('User-Agent', 'tradelake')
  return Buffer.from(`https://${hostname}/?${signed}`).toString('base64url')
}

/** A secret's text. @throws TradelakeError where it may not be read */
export async function readSecret(arn: string): Promise<string> {
  const { signer, region } = await signing('secretsmanager')
  const endpoint = new URL(process.env.AWS_ENDPOINT_URL ?? `https://secretsmanager.${region}.amazonaws.com`)
  const body = JSON.stringify({ SecretId: arn })
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: endpoint.protocol,
    hostname: endpoint.hostname,
    path: '/',
    headers: {
      host: endpoint.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    },
    body,
  })
  const answer = await fetch(endpoint, { method: 'POST', headers, body, signal: AbortSignal.timeout(REQUEST_MS) })
  if (!answer.ok)
    throw new TradelakeError(
      `Secrets Manager answered ${answer.status} for ${arn}: check that it exists and that the role may read it.`,
    )
  const { SecretString } = (await answer.json()) as { SecretString?: string }
  if (SecretString === undefined) throw new TradelakeError(`The secret ${arn} has no text: give it as JSON.`)
  return SecretString
}

/** Credentials, region and hash as the SDK's own clients find them. */
async function signing(service: string) {
  const { config } = awsClients().dynamo
  const region = await config.region()
  const signer = new SignatureV4({ service, region, credentials: config.credentials, sha256: config.sha256 })
  return { signer, region }
}
