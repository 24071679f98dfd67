/**
 * AWS X-Ray through Powertools' tracer, in a stack that was deployed with tracing=on: each call of an AWS client is a part of the
 * invocation's trace. Without tracing nothing of it is loaded: it would add a tenth of a second to every cold start.
 */

/** The variable that Powertools reads; infra/ sets it together with Lambda's own tracing. */
export const TRACE_VARIABLE = 'POWERTOOLS_TRACE_ENABLED'

type Traced = <Client>(client: Client) => Client

async function tracing(): Promise<Traced> {
  if (process.env[TRACE_VARIABLE] !== 'true') return client => client
  const { Tracer } = await import('@aws-lambda-powertools/tracer')
  const tracer = new Tracer()
  return client => tracer.captureAWSv3Client(client)
}

/** The client, traced where the stack is. */
export const traced = await tracing()
