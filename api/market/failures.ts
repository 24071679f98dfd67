/** Failures as what a client is told of them. */
import type { Context } from 'hono'
import { Corrupt, messageOf, NotFound, Paused, Throttled } from '../../domain/errors.ts'
import type { Log } from '../../domain/ports.ts'
import { ApiError } from '../errors.ts'
import { Problem } from './problems.ts'

/**
 * Everything comes from the lake: what is missing or damaged is its matter, and nothing that the request could change. Its reason may name
 * places of this machine: the log has it, under the request's number.
 */
export function asProblem(context: Context, log: Log, error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof ApiError) {
    const isKnown = error.status === 401 || error.status === 403 || error.status === 409
    return new Problem(isKnown ? error.status : 400, messageOf(error))
  }
  const message = noteFailure(context, log, error)
  return new Problem(isForLater(error) ? 503 : 500, message)
}

/** Whether a later request may be answered. */
export const isForLater = (error: unknown) => error instanceof Throttled || error instanceof Paused

/** Notes in the log why a request could not be answered, and gives what its client is told of it. */
export function noteFailure(context: Context, log: Log, error: unknown): string {
  const { method, path } = context.req
  const request: string = context.get('requestId')
  const note = { method, path, reason: messageOf(error), request }
  if (isForLater(error)) {
    log.warn('a request was put off', note)
    return error instanceof Paused
      ? `${messageOf(error)} Try again in a while.`
      : 'The lake is busy: try again in a while.'
  }
  log.error('a request failed', note)
  const where = `the server's log says`
  return error instanceof Corrupt || error instanceof NotFound
    ? `A file of the lake is missing or damaged: ${where} which, under request ${request}, and tradelake audit --repair mends what can be mended.`
    : `This failed here, and not for anything in the request: ${where} why, under request ${request}.`
}
