/** What AWS answers, as the errors that the stages tell apart. */
import { messageOf, Throttled } from '../domain/errors.ts'

/**
 * Codes that ask to come again later. The client has tried several times by then, with jitter (SDK's standard retry mode).
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
/** Codes of a connection that failed: the other side is away. */
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'])

interface ServiceError extends Error {
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

export function statusOf(error: unknown): number | undefined {
  return (error as ServiceError).$metadata?.httpStatusCode
}

/** Throttled where trying later may help, else the error itself; `doing` says what was tried. */
export function awsError(error: unknown, doing: string): Error {
  const { name, code } = error as ServiceError
  const later = LATER.has(name) || AWAY.has(code ?? '') || (statusOf(error) ?? 0) >= 500
  if (later) return new Throttled(`${doing}: ${name}: ${messageOf(error)}. It is tried again later.`, { cause: error })
  return error instanceof Error ? error : new Error(String(error))
}
