/**
 * Changes of the catalog: planned from a fresh reading, committed by one transaction, planned again after a conflict. The outcome
 * is kept with the commit itself: an attempt whose answer was lost is known again, and a client that lost the answer may send the same
 * request under the same key again (header `Idempotency-Key`).
 */
import { createHash } from 'node:crypto'
import { Conflict } from '../../domain/errors.ts'
import { requireUnpaused } from '../../domain/lease.ts'
import { statePartition } from '../../domain/names.ts'
import type { Key, Ports, StateStore, Write } from '../../domain/ports.ts'
import { MAX_TRANSACTION_WRITES } from '../../domain/ports.ts'
import { commit } from '../../domain/protocol.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { ApiError, badRequest, commitFailed } from '../errors.ts'

/** How a request is known again. */
export interface Repeatable {
  readonly key: string | undefined
  /** A hash of what it asks for. */
  readonly digest: string
}

export interface Change {
  readonly writes: readonly Write[]
  /** What the answer needs, in order: metadata files, and folders. It is kept for a request that comes again. */
  readonly locations: readonly string[]
}

/** As an ISO 8601 duration for the catalog's configuration: how long a key is known. */
export const KEY_LIFETIME = 'PT1H'
const KEY_LIFETIME_MS = HOUR_MS
const KEY = /^[\w-]{1,64}$/

/** @throws ApiError where the key is none */
export function repeatable(key: string | undefined, ...asked: readonly string[]): Repeatable {
  if (key !== undefined && !KEY.test(key)) throw badRequest('An Idempotency-Key is a UUID.')
  return { key, digest: createHash('sha256').update(JSON.stringify(asked)).digest('hex') }
}

/**
 * Commits the change, or finds that it was committed before; gives its locations. All attempts put the same outcome,
 * where none is: once one took place none of the others can, and what stands in their way is itself.
 */
export async function mutate(
  ports: Pick<Ports, 'state' | 'clock' | 'ids'>,
  { key, digest }: Repeatable,
  plan: () => Promise<Change>,
): Promise<readonly string[]> {
  const item = keyItem(key ?? ports.ids.uuid())
  /** A transaction was sent, and the outcome has not been looked for since. */
  let isOpen = false
  async function outcome(): Promise<string[] | undefined> {
    const known = await ports.state.get(item)
    if (known && known.digest !== digest)
      throw new ApiError(
        422,
        'UnprocessableEntityException',
        `The Idempotency-Key ${key} was used for another request.`,
      )
    isOpen = false
    return known && JSON.parse(String(known.locations))
  }
  const state: StateStore = {
    ...ports.state,
    transact(writes, token) {
      isOpen = true
      return ports.state.transact(writes, token)
    },
  }
  try {
    return await commit({ ...ports, state }, async attempt => {
      // Whoever restores or repairs a deployed lake has its catalog to himself.
      await requireUnpaused(ports)
      const isFirst = key === undefined && attempt === 0
      const known = isFirst ? undefined : await outcome()
      if (known) return { writes: [], result: known }
      try {
        const { writes, locations } = await plan()
        const all = [...writes, noted(ports, item, digest, locations)]
        if (all.length > MAX_TRANSACTION_WRITES)
          throw badRequest(
            `A transaction of ${all.length} writes is too large: at most ${MAX_TRANSACTION_WRITES} at once.`,
          )
        return { writes: all, result: locations }
      } catch (error) {
        // The same request may have come true elsewhere since its outcome was looked for, and be what stands in the way.
        const late = isFirst ? undefined : await outcome()
        if (late) return { writes: [], result: late }
        throw error
      }
    })
  } catch (error) {
    if (!isOpen) throw error
    // Clients delete the files of what was refused, so nothing is said to be that may have taken place.
    if (!(error instanceof Conflict)) throw unknown(error)
    const known = await outcome().catch(reason => {
      throw unknown(reason)
    })
    if (known) return known
    throw commitFailed('Other writers kept coming first: read the table again and try again.')
  }
}

function unknown(error: unknown): ApiError {
  const message = 'Whether this was committed is not known: read the table before you try again.'
  return new ApiError(500, 'CommitStateUnknownException', message, { cause: error })
}

function keyItem(key: string): Key {
  return { table: 'state', partition: statePartition.request(key), sort: 'outcome' }
}

function noted({ clock }: Pick<Ports, 'clock'>, key: Key, digest: string, locations: readonly string[]): Write {
  const expires_at = Math.ceil((clock.now() + KEY_LIFETIME_MS) / 1000)
  const attributes = { digest, locations: JSON.stringify(locations), expires_at }
  return { kind: 'put', item: { key, attributes }, when: { is: 'absent' } }
}
