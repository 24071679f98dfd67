/** Writer schemas by id: the registry is asked once for each, and the answer kept for the container's life; that there is none, for minutes. */
import { Throttled } from '../../domain/errors.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { Clock, SchemaRegistry } from '../../domain/ports.ts'
import { type Resolution, resolveSchema } from '../../domain/resolution.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import { BUNDLED_IDS } from '../../domain/wire.ts'

/** How to read a schema id's bodies, in words why they cannot be read, or that the registry does not know the id. */
export type KnownSchema =
  | { readonly is: 'readable'; readonly resolution: Resolution }
  | { readonly is: 'unreadable'; readonly reason: string }
  | { readonly is: 'unknown' }

export interface Schemas {
  /** @throws Throttled when the registry does not answer, or has lost even the ids that it is known to have had */
  load(ids: Iterable<number>): Promise<ReadonlyMap<number, KnownSchema>>
}

/** An unknown id is not asked for again before this: a record of it is then a dead letter, which a redrive brings back. */
const REMEMBERED_MS = 5 * MINUTE_MS
/** Bounds the memory for ids of records that are not ours. */
const MAX_REMEMBERED = 100_000
const ASKED_AT_ONCE = 16

/** `knownGood`: an id that a healthy registry resolves; a registry that restarted empty is an outage, not the records' fault. */
export function cachedSchemas(
  registry: SchemaRegistry,
  clock: Pick<Clock, 'now'>,
  knownGood: number = BUNDLED_IDS.trade,
): Schemas {
  const readableIds = new Map<number, KnownSchema>()
  // By id, until when, oldest first.
  const unknown = new Map<number, number>()

  /** Whether the registry has the id. @throws Throttled */
  async function ask(id: number): Promise<boolean> {
    const schema = await registry.writerSchema(id)
    if (schema !== undefined) readableIds.set(id, readable(id, schema))
    return schema !== undefined
  }

  function forget(now: number): void {
    for (const [id, until] of unknown) {
      if (until > now && unknown.size <= MAX_REMEMBERED) return
      unknown.delete(id)
    }
  }

  return {
    async load(ids) {
      const now = clock.now()
      forget(now)
      const wanted = [...new Set(ids)]
      const missing: number[] = []
      for (const some of piecesOf(
        wanted.filter(id => !readableIds.has(id) && !unknown.has(id)),
        ASKED_AT_ONCE,
      )) {
        const found = await Promise.all(some.map(ask))
        missing.push(...some.filter((_, i) => !found[i]))
      }
      // Once for all of them, and after them: the registry must not have lost its schemas meanwhile.
      if (missing.length > 0 && (await registry.writerSchema(knownGood)) === undefined)
        throw new Throttled(
          `The schema registry knows neither schema ${missing[0]} nor schema ${knownGood}, which it must: it seems to have lost its schemas. Restore it; Silver tries again.`,
        )
      for (const id of missing) unknown.set(id, now + REMEMBERED_MS)
      return new Map(wanted.map(id => [id, readableIds.get(id) ?? { is: 'unknown' }]))
    },
  }
}

function readable(id: number, schema: unknown): KnownSchema {
  try {
    return { is: 'readable', resolution: resolveSchema(schema) }
  } catch (error) {
    return { is: 'unreadable', reason: `schema ${id}: ${error instanceof Error ? error.message : error}` }
  }
}
