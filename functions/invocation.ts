/** What all handlers have in common: how an invocation gets its time, its log and its metrics. */
import type { InvocationContext, Log, LogFields, Telemetry } from '../domain/ports.ts'

export interface Invocation extends Telemetry {
  readonly context: InvocationContext
}

/**
 * A Lambda's handler: it does the work with the invocation's own log, each line of which has the request's id and these
 * fields, so that the lines of one invocation, and those of one exchange, are found together.
 */
export function handlerOf<Event, Result>(
  { log, metrics }: Telemetry,
  fields: LogFields,
  work: (event: Event, invocation: Invocation) => Promise<Result>,
): (event: Event, context: InvocationContext) => Promise<Result> {
  return (event, context) =>
    work(event, { context, metrics, log: withFields(log, { requestId: context.awsRequestId, ...fields }) })
}

function withFields(log: Log, common: LogFields): Log {
  return {
    info: (message, fields) => log.info(message, { ...common, ...fields }),
    warn: (message, fields) => log.warn(message, { ...common, ...fields }),
    error: (message, fields) => log.error(message, { ...common, ...fields }),
  }
}
