/**
 * Files by their absolute URIs, wherever a catalog may keep tables: clients name files so, and a table's metadata does. `file:/x` is
 * what Java calls `file:///x`, and `s3a://` is s3.
 */
import type { ObjectStore } from '../../domain/ports.ts'
import { Invalid } from './refusals.ts'

/** A store, and the part of it that tables may be in: keys that begin with the prefix. */
export interface Place {
  readonly store: ObjectStore
  readonly prefix: string
}

export interface Files {
  /** The URI as one that is the same for the same file. @throws Invalid where it is in no place; `what` names it */
  resolve(uri: string, what: string): string
  get(uri: string): Promise<Uint8Array>
  put(uri: string, bytes: Uint8Array): Promise<void>
  exists(uri: string): Promise<boolean>
  /** All URIs that begin like this, as `resolve` writes them. */
  list(prefix: string): AsyncIterable<string>
  delete(uris: readonly string[]): Promise<void>
}

export function filesIn(places: readonly Place[]): Files {
  function find(uri: string, what = 'The location'): { readonly store: ObjectStore; readonly key: string } {
    const plain = uri.replace(/^file:\/(?!\/)/, 'file:///').replace(/^s3[an]:\/\//, 's3://')
    for (const { store, prefix } of places) {
      if (!plain.startsWith(`${store.root}/`)) continue
      const key = plain.slice(store.root.length + 1)
      if (isPlain(key) && key.startsWith(prefix)) return { store, key }
    }
    const roots = places.map(({ store, prefix }) => `${store.root}/${prefix}`.replace(/\/$/, ''))
    throw new Invalid(
      `${what} is ${uri}, which is not where users' tables are: leave it out, or give one below ${roots.join(' or ')}.`,
    )
  }
  return {
    resolve(uri, what) {
      const { store, key } = find(uri, what)
      return `${store.root}/${key}`
    },
    get(uri) {
      const { store, key } = find(uri)
      return store.get(key)
    },
    put(uri, bytes) {
      const { store, key } = find(uri)
      return store.put(key, bytes)
    },
    async exists(uri) {
      const { store, key } = find(uri)
      return (await store.head(key)) !== undefined
    },
    async *list(prefix) {
      const { store, key } = find(prefix)
      for await (const found of store.list(key)) yield `${store.root}/${found.key}`
    },
    async delete(uris) {
      const found = uris.map(uri => find(uri))
      for (const store of new Set(found.map(each => each.store)))
        await store.delete(found.filter(each => each.store === store).map(({ key }) => key))
    },
  }
}

/** S3 takes keys of 1,024 bytes, a folder's file system names of 255; the rest is for what stands in a table's folder. */
const MAX_KEY_BYTES = 800
const MAX_PART_BYTES = 200

/** Whether a key is one that every store takes, and that means the same to each. */
function isPlain(key: string): boolean {
  const parts = key.replace(/\/$/, '').split('/')
  return (
    key.isWellFormed() &&
    !/[\0\\]/.test(key) &&
    Buffer.byteLength(key) <= MAX_KEY_BYTES &&
    parts.every(part => !['', '.', '..'].includes(part) && Buffer.byteLength(part) <= MAX_PART_BYTES)
  )
}
