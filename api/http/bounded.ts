/** Answers that fit where an answer has to be whole and small, as a function's does. */
import type { MiddlewareHandler } from 'hono'
import { problem, problemBody } from '../market/problems.ts'

/** Reads every answer as far as it may go; a larger one is refused in words. */
export function bounded(maxBytes: number): MiddlewareHandler {
  return async (context, next) => {
    await next()
    const { body, status, headers } = context.res
    if (!body) return
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of body) {
      parts.push(part)
      bytes += part.length
      // Leaving the loop tells the source to stop.
      if (bytes > maxBytes) break
    }
    if (bytes <= maxBytes) {
      context.res = new Response(Buffer.concat(parts), { status, headers })
      return
    }
    const refusal = problem(
      413,
      `The answer has more than the ${maxBytes} bytes that this server can send at once: ask for fewer rows a page, a shorter range, or the files of exports.`,
      'limit',
    )
    // Only what belongs to the request stays of the headers, not what described the body.
    const kept = [...headers].filter(([name]) => name === 'x-request-id' || name.startsWith('ratelimit-'))
    context.res = undefined
    context.res = new Response(JSON.stringify(problemBody(refusal)), {
      status: 413,
      headers: [...kept, ['content-type', 'application/problem+json']],
    })
  }
}
