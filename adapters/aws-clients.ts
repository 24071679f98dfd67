/**
 * Clients of AWS, made once for a container's life: connections are kept alive (the SDK's default), each request has a limit far
 * below a function's own, and retries back off with jitter.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GlueClient } from '@aws-sdk/client-glue'
import { S3Client } from '@aws-sdk/client-s3'
import { awsError } from './aws-errors.ts'
import { traced } from './aws-tracing.ts'
import { retryBusyTransactions } from './dynamodb-busy.ts'

const ATTEMPTS = 5
const CONNECT_MS = 1_000
/** A connection on which nothing moves for this long is given up, even in the middle of a large object. */
const IDLE_MS = 10_000
const REQUEST_MS = 10_000
/** A file of 256 MB, put by a function that has 5 MB/s. */
const OBJECT_MS = 60_000

/** A request that takes longer fails with a TimeoutError: the SDK only warns by default, and would wait for ever. */
export function requestLimit(milliseconds = REQUEST_MS) {
  return {
    connectionTimeout: CONNECT_MS,
    requestTimeout: milliseconds,
    socketTimeout: Math.min(milliseconds, IDLE_MS),
    throwOnRequestTimeout: true,
  }
}

/** Silent, because the SDK prints as warnings what it then throws as well. */
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Region, credentials and endpoint come from the environment (AWS_REGION, AWS_ENDPOINT_URL, the function's role). */
export function awsClients(maxAttempts = ATTEMPTS) {
  const common = { maxAttempts, retryMode: 'standard', requestHandler: requestLimit(), logger: quiet }
  // An emulator has one host for all buckets.
  const forcePathStyle = process.env.AWS_ENDPOINT_URL_S3 !== undefined
  return {
    s3: traced(new S3Client({ ...common, requestHandler: requestLimit(OBJECT_MS), forcePathStyle })),
    dynamo: traced(retryBusyTransactions(new DynamoDBClient(common))),
    glue: traced(new GlueClient(common)),
  }
}

/** The region that clients are for: AWS_REGION's, else the profile's. @throws BadInput where there is none */
export async function clientRegion(): Promise<string> {
  const { s3 } = awsClients()
  try {
    return await s3.config.region()
  } catch (error) {
    throw awsError(error, 'Looking up the region')
  } finally {
    s3.destroy()
  }
}
