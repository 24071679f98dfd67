/** Writer schemas from a Confluent schema registry (`GET /schemas/ids/{id}`), whose ids never change their meaning. */
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { BadInput, messageOf, Throttled } from '../domain/errors.ts'
import type { SchemaRegistry } from '../domain/ports.ts'

const REQUEST_MS = 5_000
const ATTEMPTS = 3
const BACKOFF: Backoff = { firstMs: 200, lastMs: 10_000 }
/** The registry's own code for an id that it does not have (Confluent Schema Registry API, "Schemas"). */
const NO_SUCH_SCHEMA = 40403

export interface RegistryOptions {
  /** With a user and password in it where the registry asks for them. */
  readonly url: string
  /** Asked where the registry does not answer: ids that are known for good. */
  readonly fallback?: SchemaRegistry
  readonly clock: { sleep(milliseconds: number): Promise<void> }
}

/** Answers are kept by the caller (see functions/silver/schemas.ts). */
export function confluentRegistry({ url, fallback, clock }: RegistryOptions): SchemaRegistry {
  const { base, headers } = registryAddress(url)

  /** undefined where the registry says that there is no such id. @throws Error where it does not answer */
  async function ask(id: number): Promise<unknown> {
    const response = await fetch(`${base}/schemas/ids/${id}`, { headers, signal: AbortSignal.timeout(REQUEST_MS) })
    const text = await response.text()
    if (response.ok) return JSON.parse((JSON.parse(text) as { schema: string }).schema)
    // Only the registry's own answer counts: a proxy's 404 does not say that there is no such schema.
    if (response.status === 404 && text.includes(String(NO_SUCH_SCHEMA))) return undefined
    throw new Error(`it answered ${response.status}`)
  }

  return {
    async writerSchema(id) {
      let problem: unknown
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt > 0) await clock.sleep(pauseMs(BACKOFF, attempt - 1))
        try {
          return await ask(id)
        } catch (error) {
          problem = error
        }
      }
      const known = await fallback?.writerSchema(id)
      if (known !== undefined) return known
      throw new Throttled(
        `The schema registry at ${base} does not tell schema ${id}: ${messageOf(problem)}. Silver tries again.`,
        { cause: problem },
      )
    },
  }
}

/**
 * A registry's address without a slash at its end, and the headers of every request to it. @throws BadInput where it is no URL
 */
export function registryAddress(url: string): { readonly base: string; readonly headers: Record<string, string> } {
  // HOST:PORT alone is a URL too, of a protocol HOST.
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new BadInput(`${url} is no URL of a schema registry: write http://HOST:PORT.`)
  const { origin, pathname, username, password } = new URL(url)
  const headers: Record<string, string> = { accept: 'application/vnd.schemaregistry.v1+json' }
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  if (username !== '') headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  return { base: `${origin}${pathname.replace(/\/$/, '')}`, headers }
}
