/** What is wrong with a request of the read API: problem details (RFC 9457). */
import { TradelakeError } from '../../domain/errors.ts'

export class Problem extends TradelakeError {
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 410 | 413 | 416 | 429 | 500 | 503
  /** The parameter that has to change. */
  readonly parameter: string | undefined

  constructor(status: Problem['status'], message: string, parameter?: string) {
    super(message)
    this.status = status
    this.parameter = parameter
  }
}

export function problem(status: Problem['status'], message: string, parameter?: string): Problem {
  return new Problem(status, message, parameter)
}

const TITLES: Readonly<Record<Problem['status'], string>> = {
  400: 'Bad request',
  401: 'Not authorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  406: 'Not acceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'Too large',
  416: 'Range not satisfiable',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
}

/** Every status that a problem can have; the last is the web server's own, for addresses and headers that it does not read. */
export const PROBLEM_STATUSES: readonly string[] = [...Object.keys(TITLES), '431']

/** The body of `application/problem+json`. */
export function problemBody({ status, message, parameter }: Pick<Problem, 'status' | 'message' | 'parameter'>) {
  return {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail: message,
    ...(parameter !== undefined && { parameter }),
  }
}
