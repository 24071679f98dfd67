/** AWS's answers, turned into the errors that the stages tell apart. */
import { BadInput, messageOf, Throttled } from '../domain/errors.ts'

/**
 * Codes that mean "try later". The client has already tried several times, with jitter (the SDK's standard retry mode).
 * Sources: S3 and DynamoDB API references, "Error responses" and "Error handling".
 */
const LATER = new Set([
  'InternalError',
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
])
/** Codes of a connection that failed: the other side is down. */
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'])

interface ServiceError extends Error {
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

export function statusOf(error: unknown): number | undefined {
  return (error as ServiceError).$metadata?.httpStatusCode
}

/** A Throttled where trying later may help, else the error itself; `doing` says what was tried. */
export function awsError(error: unknown, doing: string): Error {
  const { name, code } = error as ServiceError
  const later = LATER.has(name) || AWAY.has(code ?? '') || (statusOf(error) ?? 0) >= 500
  if (later) return new Throttled(`${doing}: ${name}: ${messageOf(error).replace(/\.$/, '')}.`, { cause: error })
  if (messageOf(error) === 'Region is missing')
    return new BadInput(`${doing}: Region is missing: set AWS_REGION or AWS_PROFILE.`)
  if (name === 'CredentialsProviderError')
    return new BadInput(
      `${doing}: ${messageOf(error)}: ${profileAdvice()}, or sign in with aws login or aws sso login.`,
    )
  return error instanceof Error ? error : new Error(String(error))
}

function profileAdvice(): string {
  const profile = process.env.AWS_PROFILE
  return profile ? `see whether there is a profile ${profile}, as AWS_PROFILE says` : 'set AWS_PROFILE'
}
