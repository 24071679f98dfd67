/**
 * Pending lists: how one stage hands work to the next, inside the transaction that commits its own result.
 *
 * An item stands in its consumer's list from the transaction that produced it to the transaction that consumed it.
 * Its generation is fresh each time, and consuming names it: when two consumers take one item, only one commits.
 */
import { type Backoff, pauseMs } from './backoff.ts'
import { Corrupt } from './errors.ts'
import { FOLDED } from './handover.ts'
import { consumers, pendingObjectKey, statePartition } from './names.ts'
import type { Attributes, Key, ObjectStore, Ports, StateStore, Write } from './ports.ts'
import { DAY_MS, HOUR_MS } from './time.ts'

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

/** DynamoDB refuses items over 400 KB; a larger payload stands in an object beside it. */
const MAX_INLINE_BYTES = 300_000
/** An item rests this long before the sweep sends it again the first time. */
export const FIRST_RESEND_MS = 30_000
const RESENDS: Backoff = { firstMs: FIRST_RESEND_MS, lastMs: HOUR_MS }
/** Consumed ids are remembered this long, so that a late event is known to be done. */
const DONE_SECONDS = (30 * DAY_MS) / 1000

function pendingKey(consumer: string, id: string): Key {
  return { table: 'state', partition: statePartition.pending(consumer), sort: id }
}

function doneKey(consumer: string, id: string): Key {
  return { table: 'state', partition: statePartition.done(consumer), sort: id }
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
  if (Buffer.byteLength(text) > MAX_INLINE_BYTES) {
    const object = pendingObjectKey(consumer, generation)
    await ports.store.put(object, Buffer.from(text))
    body = { payload_object: object }
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

/** The write that remembers a consumed id for 30 days, for consumers whose events may come late. */
export function rememberDone(consumer: string, id: string, nowMs: number): Write {
  return {
    kind: 'put',
    item: {
      key: doneKey(consumer, id),
      attributes: { done_at: nowMs, expires_at: Math.floor(nowMs / 1000) + DONE_SECONDS },
    },
  }
}

/** Whether an id is on its list, was consumed, or was never seen. */
export async function lookUpPending<T>(
  ports: Pick<Ports, 'state' | 'store'>,
  consumer: string,
  id: string,
): Promise<PendingItem<T> | 'done' | 'unknown'> {
  const attributes = await ports.state.get(pendingKey(consumer, id))
  if (attributes) return readItem<T>(ports.store, consumer, id, attributes)
  return (await ports.state.get(doneKey(consumer, id))) ? 'done' : 'unknown'
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
  const prefixes = consumer === consumers.candles ? [undefined, FOLDED] : [undefined]
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
  const text =
    typeof attributes.payload_object === 'string'
      ? Buffer.from(await store.get(attributes.payload_object)).toString('utf8')
      : attributes.payload
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
