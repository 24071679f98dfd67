/** Failures as what a client is told of them. */
import { Corrupt, messageOf, Paused, Throttled } from '../../domain/errors.ts'
import { ApiError } from '../errors.ts'
import { Problem } from './problems.ts'

/** Everything comes from the lake: what is missing or damaged is its matter, and nothing that the request could change. */
export function asProblem(error: unknown): Pick<Problem, 'status' | 'message' | 'parameter'> {
  if (error instanceof Problem) return error
  const message = messageOf(error)
  if (error instanceof ApiError) {
    const isKnown = error.status === 401 || error.status === 403 || error.status === 409
    return { status: isKnown ? error.status : 400, message, parameter: undefined }
  }
  if (error instanceof Throttled || error instanceof Paused)
    return { status: 503, message: `${message} Try again in a while.`, parameter: undefined }
  const reason = error instanceof Corrupt ? message : `This failed here: ${message}`
  return { status: 500, message: reason, parameter: undefined }
}
