/** REST requests by Node's own fetch. */
import { messageOf, TradelakeError } from '../domain/errors.ts'
import type { Http } from '../domain/feed-ports.ts'

const REQUEST_MS = 10_000

export function fetchHttp(): Http {
  return {
    async get(url) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_MS) })
        return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
      } catch (error) {
        throw new TradelakeError(`GET ${url} failed: ${reasonOf(error)}.`, { cause: error })
      }
    },
  }
}

/** `fetch failed` says nothing; its cause says why. */
export function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  if (cause === undefined) return messageOf(error)
  return messageOf(cause) || String((cause as { code?: unknown }).code ?? messageOf(error))
}
