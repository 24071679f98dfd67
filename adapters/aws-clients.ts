/**
 * Clients of AWS, made once for a container's life: connections are kept alive (the SDK's default), each request has a limit far
 * below a function's own, and retries back off with jitter.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GlueClient } from '@aws-sdk/client-glue'
import { S3Client } from '@aws-sdk/client-s3'
import { traced } from './aws-tracing.ts'
import { retryBusyTransactions } from './dynamodb-busy.ts'

const CONNECT_MS = 1_000
const REQUEST_MS = 10_000
const ATTEMPTS = 5

/** Silent, because the SDK prints as warnings what it then throws as well. */
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Region, credentials and endpoint come from the environment (AWS_REGION, AWS_ENDPOINT_URL, the function's role). */
export function awsClients() {
  const common = {
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: REQUEST_MS },
    logger: quiet,
  }
  // An emulator has one host for all buckets.
  const forcePathStyle = process.env.AWS_ENDPOINT_URL_S3 !== undefined
  return {
    s3: traced(new S3Client({ ...common, forcePathStyle })),
    dynamo: traced(retryBusyTransactions(new DynamoDBClient(common))),
    glue: traced(new GlueClient(common)),
  }
}
