/**
 * Changes of the catalog: planned from a fresh reading, committed by one transaction, planned again after a conflict. A client that lost
 * the answer may send the same request under the same key again (header `Idempotency-Key`): the outcome is kept with the commit itself.
 */
import { createHash } from 'node:crypto'
import { Conflict, messageOf, Throttled } from '../../domain/errors.ts'
import { requireUnpaused } from '../../domain/lease.ts'
import { statePartition } from '../../domain/names.ts'
import type { Key, StateStore, Write } from '../../domain/ports.ts'
import { MAX_TRANSACTION_WRITES } from '../../domain/ports.ts'
import { commit } from '../../domain/protocol.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { ApiError, badRequest, commitFailed } from '../errors.ts'
import type { CatalogPorts } from './entries.ts'

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

/** Commits the change, or finds that it was committed before; gives its locations. */
export async function mutate(
  ports: CatalogPorts,
  { key, digest }: Repeatable,
  plan: () => Promise<Change>,
): Promise<readonly string[]> {
  const item = key === undefined ? undefined : keyItem(key)
  try {
    return await commit({ ...ports, state: certain(ports.state) }, async () => {
      // Whoever restores or repairs a deployed lake has its catalog to himself.
      await requireUnpaused(ports)
      const known = item && (await ports.state.get(item))
      if (known && known.digest !== digest)
        throw new ApiError(
          422,
          'UnprocessableEntityException',
          `The Idempotency-Key ${key} was used for another request.`,
        )
      if (known) return { writes: [], result: JSON.parse(String(known.locations)) as string[] }
      const { writes, locations } = await plan()
      const all = item ? [...writes, noted(ports, item, digest, locations)] : writes
      if (all.length > MAX_TRANSACTION_WRITES)
        throw badRequest(
          `A transaction of ${all.length} writes is too large: at most ${MAX_TRANSACTION_WRITES} at once.`,
        )
      return { writes: all, result: locations }
    })
  } catch (error) {
    if (error instanceof Conflict)
      throw commitFailed('Other writers kept coming first: read the table again and try again.')
    throw error
  }
}

function keyItem(key: string): Key {
  return { table: 'state', partition: statePartition.request(key), sort: 'outcome' }
}

function noted({ clock }: CatalogPorts, key: Key, digest: string, locations: readonly string[]): Write {
  const expires_at = Math.ceil((clock.now() + KEY_LIFETIME_MS) / 1000)
  const attributes = { digest, locations: JSON.stringify(locations), expires_at }
  return { kind: 'put', item: { key, attributes }, when: { is: 'absent' } }
}

/** Whether a transaction took place whose answer did not come is not known, and clients must know that: they would delete live files. */
function certain(state: StateStore): StateStore {
  return {
    ...state,
    async transact(writes, token) {
      try {
        await state.transact(writes, token)
      } catch (error) {
        if (!(error instanceof Throttled)) throw error
        throw new ApiError(
          500,
          'CommitStateUnknownException',
          `Whether this was committed is not known: ${messageOf(error)}`,
        )
      }
    },
  }
}
