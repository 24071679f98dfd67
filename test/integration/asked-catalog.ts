/** The catalogs of a deployed lake, as they are asked: the function's, that of a `tradelake serve`, by hand and by clients in Python. */
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Deployed } from './deployed.ts'
import { catalogPython } from './python.ts'

const run = promisify(execFile)
const CLI = fileURLToPath(new URL('../../bin/tradelake.js', import.meta.url))

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
export type Json = any
type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly body: Json }>

/** Asks a catalog at an address with a key, or without one. */
export function asking(catalog: string, key?: string): Ask {
  return async (method, path, body, headers = {}) => {
    const answer = await fetch(`${catalog}/v1/${path}`, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  }
}

/** The function's URL as the emulator serves it: by its id, below its own address. */
export function functionCatalog({ lake, stack }: Deployed): string {
  const [, id] = /^https:\/\/([a-z0-9]+)\.lambda-url\./.exec(lake.output('ApiUrl')) ?? []
  return `${stack.aws.endpoint}/_aws/lambda-url/${id}/iceberg`
}

/** What the command printed. */
export async function tradelake({ stack }: Deployed, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [CLI, ...words, '--stack', stack.deployment.stack])
  return stdout
}

export async function addKey(
  deployed: Deployed,
  scopes: string,
): Promise<{ readonly id: string; readonly key: string }> {
  return JSON.parse(await tradelake(deployed, 'keys', 'add', 'test', '--scopes', scopes, '--json'))
}

/** All that a `tradelake serve` prints in which nothing goes wrong, by the catalog's address. */
export function greetingOf(catalog: string): string {
  const server = catalog.replace(/iceberg$/, '')
  return `Iceberg REST catalog: ${catalog}\ncandles and trades:   ${server}v1/candles\npage for browsers:    ${server}\n`
}

/** Runs `tradelake serve` on the stack while the catalog at its address is used. */
export async function served(deployed: Deployed, options: readonly string[], use: (catalog: string) => Promise<void>) {
  const { stack } = deployed.stack.deployment
  const child = spawn(process.execPath, [CLI, 'serve', '--stack', stack, '--auth', 'keys', '--port', '0', ...options])
  let printed = ''
  let catalog = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (printed += text))
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  try {
    await deployed.until(`an address of serve (${printed})`, async () => /http:\S+/.test(printed), 60_000)
    catalog = /http:\S+/.exec(printed)?.[0] ?? ''
    await use(catalog)
  } finally {
    child.kill('SIGINT')
  }
  expect(await ended, printed).toBe(0)
  expect(printed, 'nothing went wrong in it').toBe(greetingOf(catalog))
}

/** A client of Python's world: of this machine's environment it has the path alone. `endpoint`: where it is told that S3 is. */
export async function client(name: string, catalog: string, key: string, ...endpoint: string[]): Promise<Json> {
  const script = join(import.meta.dirname, 'check_delegation.py')
  const words = [script, name, catalog, key, ...endpoint]
  const { stdout } = await run(await catalogPython(), words, { env: { PATH: process.env.PATH } })
  return JSON.parse(stdout)
}
