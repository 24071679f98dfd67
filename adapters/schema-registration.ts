/** Makes sure that a Confluent schema registry has a schema (Confluent Schema Registry API, "Subjects"). */
import { BadInput, messageOf, Throttled } from '../domain/errors.ts'
import { TRADES_SUBJECT } from '../domain/names.ts'
import { TRADE_SCHEMA, WIDE_TRADE_SCHEMA } from '../domain/trade.ts'
import type { SchemaIds } from '../domain/wire.ts'
import { registryAddress } from './confluent-registry.ts'

const REQUEST_MS = 5_000

/** Registers the schemas that trades are written with. @throws what `registerSchema` throws */
export async function registerTradeSchemas(url: string): Promise<SchemaIds> {
  return {
    trade: await registerSchema(url, TRADES_SUBJECT, TRADE_SCHEMA),
    wide: await registerSchema(url, TRADES_SUBJECT, WIDE_TRADE_SCHEMA),
  }
}

/**
 * Registers the schema under the subject and gives its id; one that is there already keeps its id.
 * @throws BadInput where what answers is not a registry, or it refuses the schema; Throttled where nothing answers
 */
export async function registerSchema(url: string, subject: string, schema: unknown): Promise<number> {
  const { headers, base } = registryAddress(url)
  const address = `${base}/subjects/${subject}/versions`
  let status: number
  let text: string
  try {
    const response = await fetch(address, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify(schema) }),
      signal: AbortSignal.timeout(REQUEST_MS),
    })
    status = response.status
    text = await response.text()
  } catch (error) {
    throw new Throttled(`No schema registry answers at ${base} (${reasonOf(error)}): check --registry.`, {
      cause: error,
    })
  }
  const id = idOf(text)
  if (status === 200 && id !== undefined) return id
  if (status >= 500) throw new Throttled(`The schema registry at ${base} answered ${status}: ${text.slice(0, 100)}`)
  throw new BadInput(
    `${address} answered ${status}, not a schema id (${text.slice(0, 100).replaceAll(/\s+/g, ' ')}): check --registry, with its path (Apicurio: /apis/ccompat/v7).`,
  )
}

function idOf(text: string): number | undefined {
  try {
    const { id } = JSON.parse(text) as { id?: unknown }
    return typeof id === 'number' && Number.isInteger(id) ? id : undefined
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? messageOf(error) : messageOf(cause)
}
