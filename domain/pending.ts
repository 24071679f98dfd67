/**
 * Pending lists: how one stage hands work to the next, inside the transaction that commits its own result.
 *
 * An item stands in its consumer's list from the transaction that produced it to the transaction that consumed it.
 * Its generation is fresh each time, and consuming names it: when two consumers take one item, only one commits.
 */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { type Backoff, pauseMs } from './backoff.ts'
import { Corrupt } from './errors.ts'
import { FOLDED } from './handover.ts'
import { consumers, pendingObjectKey, statePartition } from './names.ts'
import { compare } from './order.ts'
import type { Attribute, Attributes, Key, ObjectStore, Ports, StateStore, Write } from './ports.ts'
import { HOUR_MS } from './time.ts'

export interface PendingItem<T> {
  readonly consumer: string
  /** Sorts by time: the list is worked off oldest first. */
  readonly id: string
  readonly generation: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** How often the sweep (functions/sweep) has sent it again, and when it may do so next (milliseconds since 1970). */
  readonly resends: number
  readonly resendAt: number
  readonly payload: T
}

/** A write has a price for each KB of the item (DynamoDB developer guide, "Read and write operations"), with its names and ids: larger payloads are compressed. */
const MAX_PLAIN_BYTES = 700
/** DynamoDB refuses items over 400 KB; a larger payload stands in an object beside it. */
const MAX_INLINE_BYTES = 300_000
/** A third of a millisecond for 1.5 KB; the best quality saves 7 % more and takes eight. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }
/** An item rests this long before the sweep sends it again the first time. */
export const FIRST_RESEND_MS = 30_000
const RESENDS: Backoff = { firstMs: FIRST_RESEND_MS, lastMs: HOUR_MS }

function pendingKey(consumer: string, id: string): Key {
  return { table: 'state', partition: statePartition.pending(consumer), sort: id }
}

/**
 * The write that puts work on a consumer's list. A large payload is written to an object first: if the
 * transaction then fails, that object is an orphan and is swept like any other.
 */
export async function producePending(
  ports: Pick<Ports, 'store' | 'clock' | 'ids'>,
  consumer: string,
  payload: unknown,
  id: string = ports.ids.uuid(),
): Promise<Write> {
  const now = ports.clock.now()
  const generation = ports.ids.uuid()
  const text = JSON.stringify(payload)
  let body: Attributes = { payload: text }
  if (Buffer.byteLength(text) > MAX_PLAIN_BYTES) {
    const packed = brotliCompressSync(text, BROTLI).toString('base64')
    if (packed.length <= MAX_INLINE_BYTES) body = { payload_brotli: packed }
    else {
      const object = pendingObjectKey(consumer, generation)
      await ports.store.put(object, Buffer.from(text))
      body = { payload_object: object }
    }
  }
  return {
    kind: 'put',
    item: {
      key: pendingKey(consumer, id),
      attributes: { generation, created_at: now, resends: 0, resend_at: now + FIRST_RESEND_MS, ...body },
    },
    when: { is: 'absent' },
  }
}

/** The write that takes an item off its list; it fails when another consumer has taken it. */
export function consumePending(item: PendingItem<unknown>): Write {
  return {
    kind: 'remove',
    key: pendingKey(item.consumer, item.id),
    when: { is: 'matching', attributes: { generation: item.generation } },
  }
}

/** The item of this id on a consumer's list; undefined where it was consumed, or not yet produced. */
export async function lookUpPending<T>(
  ports: Pick<Ports, 'state' | 'store'>,
  consumer: string,
  id: string,
): Promise<PendingItem<T> | undefined> {
  const attributes = await ports.state.get(pendingKey(consumer, id))
  return attributes && readItem<T>(ports.store, consumer, id, attributes)
}

/** The oldest items of a consumer's list, at most `limit`. */
export async function listPending<T>(
  ports: Pick<Ports, 'state' | 'store'>,
  consumer: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<PendingItem<T>[]> {
  const items = await ports.state.query('state', statePartition.pending(consumer), { limit })
  return Promise.all(items.map(item => readItem<T>(ports.store, consumer, item.key.sort, item.attributes)))
}

/** The oldest items of several lists together, at most `limit`. */
export async function listPendingOf<T>(
  ports: Pick<Ports, 'state' | 'store'>,
  lists: readonly string[],
  limit = Number.POSITIVE_INFINITY,
): Promise<PendingItem<T>[]> {
  const items = await Promise.all(lists.map(consumer => listPending<T>(ports, consumer, limit)))
  if (items.length === 1) return items[0]
  return items
    .flat()
    .sort((a, b) => compare(a.id, b.id))
    .slice(0, limit)
}

/** How many items a list holds and when its oldest was made (milliseconds since 1970), without reading payloads. */
export async function countPending(
  state: StateStore,
  consumer: string,
): Promise<{ items: number; oldest: number | undefined }> {
  const items = await state.query('state', statePartition.pending(consumer))
  // Without spreading: a backlog may have more items than a call takes arguments.
  const oldest = items.reduce(
    (least, item) => Math.min(least, Number(item.attributes.created_at)),
    Number.POSITIVE_INFINITY,
  )
  return { items: items.length, oldest: items.length === 0 ? undefined : oldest }
}

/** The objects that hold payloads of a consumer's items. */
export async function pendingObjects(state: StateStore, consumer: string): Promise<string[]> {
  const items = await state.query('state', statePartition.pending(consumer))
  return items.flatMap(({ attributes: { payload_object: object } }) => (typeof object === 'string' ? [object] : []))
}

/**
 * When the oldest item of a list was made (milliseconds since 1970), `now` where the list is empty. Items sort by time; those of the
 * candles by what is left to make of them first.
 */
export async function oldestPending(state: StateStore, consumer: string, now: number): Promise<number> {
  const prefixes = consumer === consumers.candles() ? [undefined, FOLDED] : [undefined]
  const firsts = await Promise.all(
    prefixes.map(prefix => state.query('state', statePartition.pending(consumer), { prefix, limit: 1 })),
  )
  return Math.min(now, ...firsts.flat().map(({ attributes }) => Number(attributes.created_at)))
}

/** The write that notes a re-send: the pause doubles from 30 seconds up to an hour. */
export async function noteResend(
  state: StateStore,
  item: PendingItem<unknown>,
  nowMs: number,
): Promise<Write | undefined> {
  const key = pendingKey(item.consumer, item.id)
  const attributes = await state.get(key)
  if (attributes?.generation !== item.generation) return undefined
  const pause = pauseMs(RESENDS, item.resends + 1)
  return {
    kind: 'put',
    item: { key, attributes: { ...attributes, resends: item.resends + 1, resend_at: nowMs + pause } },
    when: { is: 'matching', attributes: { generation: item.generation, resends: item.resends } },
  }
}

async function readItem<T>(
  store: ObjectStore,
  consumer: string,
  id: string,
  attributes: Attributes,
): Promise<PendingItem<T>> {
  const text = await payloadOf(store, attributes)
  if (typeof text !== 'string' || typeof attributes.generation !== 'string')
    throw new Corrupt(`Pending item ${consumer}/${id} has no payload or generation; run tradelake audit.`)
  return {
    consumer,
    id,
    generation: attributes.generation,
    createdAt: Number(attributes.created_at),
    resends: Number(attributes.resends),
    resendAt: Number(attributes.resend_at),
    payload: JSON.parse(text) as T,
  }
}

async function payloadOf(
  store: ObjectStore,
  { payload, payload_brotli: packed, payload_object: object }: Attributes,
): Promise<Attribute> {
  if (typeof object === 'string') return Buffer.from(await store.get(object)).toString('utf8')
  if (typeof packed === 'string') return brotliDecompressSync(Buffer.from(packed, 'base64')).toString('utf8')
  return payload
}
