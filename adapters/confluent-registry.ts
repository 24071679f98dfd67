/** Writer schemas from a Confluent schema registry (`GET /schemas/ids/{id}`), whose ids never change their meaning. */
import { type Backoff, pauseMs } from '../domain/backoff.ts'
import { BadInput, messageOf, Throttled } from '../domain/errors.ts'
import type { SchemaRegistry } from '../domain/ports.ts'

const REQUEST_MS = 5_000
const ATTEMPTS = 3
const BACKOFF: Backoff = { firstMs: 200, lastMs: 10_000 }
/**
 * The registry's own codes for an id that it does not have, or that cannot be one (Confluent Schema Registry API, "Schemas" and
 * "Errors"). A proxy in front of it may answer 404 as well, but without a code.
 */
const NO_SUCH_SCHEMA = 40403
const UNPROCESSABLE = 422

export interface RegistryOptions {
  /** Includes user and password if the registry asks for them. */
  readonly url: string
  /** Asked when the registry does not answer: it knows some ids for certain. */
  readonly fallback?: SchemaRegistry
  readonly clock: { sleep(milliseconds: number): Promise<void> }
}

/** Answers are kept by the caller (see functions/silver/schemas.ts). */
export function confluentRegistry({ url, fallback, clock }: RegistryOptions): SchemaRegistry {
  const { base, headers } = registryAddress(url)

  /** undefined where the registry says that there is no Avro schema of this id. @throws Error where it does not answer */
  async function ask(id: number): Promise<unknown> {
    const response = await fetch(`${base}/schemas/ids/${id}`, { headers, signal: AbortSignal.timeout(REQUEST_MS) })
    const text = await response.text()
    if (response.ok) return avroSchemaOf(text)
    const code = errorCodeOf(text)
    const isNone = response.status === 404 && code === NO_SUCH_SCHEMA
    if (isNone || (response.status === UNPROCESSABLE && code !== undefined)) return undefined
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
        `The schema registry at ${base} does not give schema ${id}: ${messageOf(problem)}. Silver tries again.`,
        { cause: problem },
      )
    },
  }
}

/** The schema of an answer; undefined where it is of another kind (PROTOBUF, JSON). @throws Error where it is no registry's answer */
function avroSchemaOf(text: string): unknown {
  const { schema, schemaType = 'AVRO' } = JSON.parse(text) as { schema?: unknown; schemaType?: unknown }
  if (typeof schema !== 'string') throw new Error('it answered without a schema')
  if (schemaType !== 'AVRO') return undefined
  try {
    return JSON.parse(schema)
  } catch {
    // Some registries do not name the kind; only Avro's is always JSON.
    return undefined
  }
}

/** The code of a registry's error; undefined where something else answered. */
function errorCodeOf(text: string): number | undefined {
  try {
    const { error_code: code } = JSON.parse(text) as { error_code?: unknown }
    return typeof code === 'number' ? code : undefined
  } catch {
    return undefined
  }
}

/**
 * A registry's address without a slash at its end, and the headers of every request to it. @throws BadInput where it
 * is not a URL
 */
export function registryAddress(url: string): { readonly base: string; readonly headers: Record<string, string> } {
  // A bare HOST:PORT would parse too, as a URL whose protocol is HOST.
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new BadInput(`${url} is not the URL of a schema registry: write http://HOST:PORT.`)
  const { origin, pathname, username, password } = new URL(url)
  const headers: Record<string, string> = { accept: 'application/vnd.schemaregistry.v1+json' }
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  if (username !== '') headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  return { base: `${origin}${pathname.replace(/\/$/, '')}`, headers }
}
