/** Writer schemas by id: the registry is asked once for each, and the answer kept for the container's life. */
import { Throttled } from '../../domain/errors.ts'
import type { SchemaRegistry } from '../../domain/ports.ts'
import { type Resolution, resolveSchema } from '../../domain/resolution.ts'
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

/** `knownGood`: an id that a healthy registry resolves; a registry that restarted empty is an outage, not the records' fault. */
export function cachedSchemas(registry: SchemaRegistry, knownGood: number = BUNDLED_IDS.trade): Schemas {
  const cache = new Map<number, KnownSchema>()
  return {
    async load(ids) {
      const known = new Map<number, KnownSchema>()
      for (const id of ids) {
        const schema = cache.get(id) ?? (await ask(id))
        // An id may be registered a moment later: only what can be read is kept.
        if (schema.is !== 'unknown') cache.set(id, schema)
        known.set(id, schema)
      }
      return known
    },
  }

  async function ask(id: number): Promise<KnownSchema> {
    const schema = await registry.writerSchema(id)
    if (schema !== undefined) return readable(id, schema)
    if ((await registry.writerSchema(knownGood)) === undefined)
      throw new Throttled(
        `The schema registry knows neither schema ${id} nor schema ${knownGood}, which it must: it seems to have lost its schemas. Restore it; Silver tries again.`,
      )
    return { is: 'unknown' }
  }
}

function readable(id: number, schema: unknown): KnownSchema {
  try {
    return { is: 'readable', resolution: resolveSchema(schema) }
  } catch (error) {
    return { is: 'unreadable', reason: `schema ${id}: ${error instanceof Error ? error.message : error}` }
  }
}
