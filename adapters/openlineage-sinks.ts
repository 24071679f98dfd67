/**
 * Where OpenLineage's events go: to a server over HTTP or into a file, as its own clients name both (OpenLineage, Python client,
 * "Configuration").
 */
import { closeSync, openSync, statSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BadInput, messageOf, Throttled, TradelakeError } from '../domain/errors.ts'
import type { RunEvent } from '../domain/openlineage.ts'
import { fileError } from './file-errors.ts'
import { reasonOf } from './http-client.ts'

/** Variables that OpenLineage's clients read. */
export const LINEAGE_VARIABLES = {
  url: 'OPENLINEAGE_URL',
  /** Below the URL; the specification's own by default. */
  endpoint: 'OPENLINEAGE_ENDPOINT',
  /** Sent as a bearer token. */
  apiKey: 'OPENLINEAGE_API_KEY',
  /** The jobs' namespace. */
  namespace: 'OPENLINEAGE_NAMESPACE',
  /** `true`: nothing is sent, whatever the others say. */
  disabled: 'OPENLINEAGE_DISABLED',
} as const

const ENDPOINT = 'api/v1/lineage'
const REQUEST_MS = 5_000
/** In a folder that is named instead of a file. */
const FILE = 'openlineage.ndjson'

type Environment = Readonly<Record<string, string | undefined>>

export interface LineageSink {
  /** For messages. */
  readonly target: string
  /**
   * Takes the events in order, or some of them before it fails; they may come again.
   * @throws Refused where trying again cannot help; any other error where it may
   */
  send(events: readonly RunEvent[], signal: AbortSignal): Promise<void>
}

/** The other side takes no such event, or none from here. */
export class Refused extends TradelakeError {}

/**
 * The sink for a URL or a file's path, by default that of the environment; undefined where there is none, or the environment turns it
 * off. @throws BadInput
 */
export function lineageSink(given: string | undefined, environment: Environment): LineageSink | undefined {
  if (environment[LINEAGE_VARIABLES.disabled]?.toLowerCase() === 'true') return undefined
  const target = given ?? environment[LINEAGE_VARIABLES.url]
  if (!target) return undefined
  if (/^https?:\/\//i.test(target)) return httpSink(target, environment)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(target))
    throw new BadInput(`Lineage cannot go to ${target}: give a URL that begins with http:// or https://, or a file.`)
  return fileSink(target)
}

function httpSink(base: string, environment: Environment): LineageSink {
  const { apiKey, endpoint } = LINEAGE_VARIABLES
  if (!URL.canParse(base)) throw new BadInput(`${base} is no URL for lineage: give one as http://localhost:5000.`)
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${(environment[endpoint] ?? ENDPOINT).replace(/^\/+/, '')}`
  if (url.username !== '' || url.password !== '')
    throw new BadInput(`The URL for lineage has a password: take it out, and give the server's key as ${apiKey}.`)
  const key = environment[apiKey]
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }

  async function post(event: RunEvent, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)])
    // A redirect would be followed by a GET, which loses the event.
    const request = { method: 'POST', headers, body: JSON.stringify(event), redirect: 'manual', signal: limit } as const
    const { ok, status, body } = await fetch(url, request).catch(error => {
      throw new TradelakeError(`POST ${url} failed: ${reasonOf(error)}.`, { cause: error })
    })
    await body?.cancel()
    if (ok) return
    const answer = `POST ${url} was answered ${status}`
    if (status >= 500 || [408, 425, 429].includes(status)) throw new Throttled(`${answer}.`)
    throw new Refused(`${answer}: check the URL and ${apiKey}.`)
  }

  return {
    target: String(url),
    async send(events, signal) {
      for (const event of events) await post(event, signal)
    },
  }
}

/** Lines of JSON at the end of a file, which may be moved away at any time. */
function fileSink(given: string): LineageSink {
  const path = isFolder(given) ? join(given, FILE) : given
  try {
    closeSync(openSync(path, 'a'))
  } catch (error) {
    throw new BadInput(`Lineage cannot be written to ${path}: ${messageOf(error)}.`, { cause: error })
  }
  return {
    target: path,
    async send(events) {
      const lines = events.map(event => `${JSON.stringify(event)}\n`).join('')
      await appendFile(path, lines).catch(error => {
        throw fileError(error, path, 'writing lineage')
      })
    },
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
