/**
 * Where a table's objects are: Iceberg metadata holds absolute URIs, `<store root>/<key>`. `file://` URIs are not escaped,
 * as PyIceberg and DuckDB take them literally. Pure, no I/O.
 */
import { BadInput, Corrupt } from '../domain/errors.ts'
import { tableKey } from '../domain/names.ts'
import type { ObjectStore } from '../domain/ports.ts'

type Rooted = Pick<ObjectStore, 'root'>

/** The absolute URI of a key. */
export function uriOf(store: Rooted, key: string): string {
  return `${store.root}/${key}`
}

/** The key of an absolute URI. @throws Corrupt where it is not under the store's root */
export function keyOf(store: Rooted, uri: string): string {
  const prefix = `${store.root}/`
  if (!uri.startsWith(prefix)) throw new Corrupt(`Table metadata names ${uri}, which is not under ${store.root}.`)
  return uri.slice(prefix.length)
}

/**
 * Refuses a table whose metadata was made under another root: all URIs in it would point to the old place.
 * @throws BadInput saying where the table was created and where it is looked for
 */
export function requireLocation(store: Rooted, table: string, uri: string): void {
  if (uri.startsWith(`${store.root}/`)) return
  const end = uri.indexOf(`/${tableKey(table)}`)
  const created = end < 0 ? uri : uri.slice(0, end)
  throw new BadInput(
    `Table ${table} was created at ${created}, now the data is looked for at ${store.root}: move it back, or start with an empty directory.`,
  )
}
