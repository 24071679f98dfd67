/**
 * Answers that are kept: a request that comes again is answered by the same bytes for as long as the tables that it was answered from stand
 * where they stood, and no window that it told of as open has ended.
 */
import type { Context } from 'hono'
import { statePartition } from '../../domain/names.ts'
import type { Key, Ports } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { cachePerStore } from '../../iceberg/cache.ts'
import { pointerKey } from '../../iceberg/catalog.ts'

export interface KeptAnswer {
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

interface Entry extends KeptAnswer {
  readonly tables: readonly string[]
  readonly stamp: string
  readonly until: bigint
}

/** What an answer is to be kept under, as the tables stood before it was worked out. */
export interface Memory {
  keep(answer: KeptAnswer, until: bigint): void
}

const MAX_CACHED_BYTES = 16 * 1024 * 1024
/** What an answer takes besides its body and its name. */
const ENTRY_BYTES = 1_000
/** Ten thousand candles as JSON; a larger one would drive out all others. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024
const kept = cachePerStore<Entry>(MAX_CACHED_BYTES)
/** How tables stood, by their names, when an answer was last made from them: answers from before are not given again. */
const lastStamps = new WeakMap<object, Map<string, string>>()

type MemoryPorts = Pick<Ports, 'store' | 'state'>

/** The kept answer to a request; undefined where there is none, or another one by now (microseconds since 1970). */
export async function recall(ports: MemoryPorts, context: Context, now: bigint): Promise<KeptAnswer | undefined> {
  const entry = kept(ports.store).get(nameOf(context))
  if (!entry || entry.until <= now) return undefined
  return (await stampOf(ports, entry.tables)) === entry.stamp ? entry : undefined
}

/** Notes how the tables stand that an answer is made from. */
export async function remember(
  ports: MemoryPorts,
  context: Context,
  definitions: readonly TableDefinition[],
): Promise<Memory> {
  const tables = definitions.map(({ name }) => name)
  const stamp = await stampOf(ports, tables)
  return {
    keep(answer, until) {
      const bytes = Buffer.byteLength(answer.body)
      if (bytes > MAX_ANSWER_BYTES) return
      forgetOthers(ports.store, tables, stamp)
      const name = nameOf(context)
      const entry = { ...answer, body: ownBytes(answer.body), tables, stamp, until }
      kept(ports.store).set(name, entry, bytes + name.length + ENTRY_BYTES)
    },
  }
}

/** Where a table has moved on, what was answered before is of no use: on a lake that is being written that is nearly all. */
function forgetOthers(store: MemoryPorts['store'], tables: readonly string[], stamp: string): void {
  const stamps = lastStamps.get(store) ?? new Map<string, string>()
  lastStamps.set(store, stamps)
  const names = tables.join()
  if (stamps.get(names) === stamp) return
  stamps.set(names, stamp)
  kept(store).deleteWhere(entry => entry.stamp !== stamp && entry.tables.join() === names)
}

/** The body in memory of its own: short buffers lie in Node's pool, and one that stays keeps 64 KB of it. */
function ownBytes(body: KeptAnswer['body']): KeptAnswer['body'] {
  if (typeof body === 'string' || body.byteLength === body.buffer.byteLength) return body
  return new Uint8Array(body)
}

/** All that makes one request's answer another's. */
function nameOf({ req }: Context): string {
  const headers = ['accept', 'accept-encoding', 'host'].map(name => req.header(name) ?? '')
  return [req.url, ...headers].join('\n')
}

/** The versions of tables' pointers, and which times Gold has lost (domain/losses.ts). */
async function stampOf({ state }: MemoryPorts, tables: readonly string[]): Promise<string> {
  const [lost, ...pointers] = await Promise.all([
    state.query('state', statePartition.lostTimes),
    ...tables.map(name => state.get(pointerKey(name))),
  ])
  const losses = lost.map(({ key, attributes }: { key: Key; attributes: unknown }) => [key.sort, attributes])
  return JSON.stringify([losses, pointers.map(pointer => pointer?.v ?? null)])
}
