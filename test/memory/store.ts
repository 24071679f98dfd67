/** An object store in memory, for tests and simulation. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileError } from '../../adapters/file-errors.ts'
import { checkKey, checkRange, compareUtf8 } from '../../adapters/object-keys.ts'
import { AlreadyExists, NotFound } from '../../domain/errors.ts'
import type { Clock, ObjectStore, Scratch } from '../../domain/ports.ts'

interface Stored {
  readonly bytes: Uint8Array
  readonly modified: number
}

/**
 * Objects live as long as the store. `scratch` is where `localFile` puts copies. `isShared`: whole objects are given and taken as they
 * are and not as copies, so that what is worked out of one can be kept by it; nobody may change them then.
 */
export function memoryStore(
  ports: { readonly clock: Pick<Clock, 'now'>; readonly scratch: Scratch },
  { isShared = false }: { readonly isShared?: boolean } = {},
): ObjectStore {
  const objects = new Map<string, Stored>()
  // A local copy may be asked for by several readers: it goes when the last of them lets go.
  const copies = new Map<string, { path: string; users: number }>()

  function stored(key: string): Stored {
    const found = objects.get(key)
    if (found) return found
    checkKey(key)
    throw new NotFound(`No object ${key} in the memory store.`)
  }

  function add(key: string, bytes: Uint8Array): void {
    checkKey(key)
    if (objects.has(key)) throw new AlreadyExists(`Object ${key} exists already: keys are written once.`)
    objects.set(key, { bytes: isShared ? bytes : new Uint8Array(bytes), modified: ports.clock.now() })
  }

  return {
    root: 'memory://lake',
    async put(key, bytes) {
      add(key, bytes)
    },
    async putFile(key, localPath) {
      checkKey(key)
      try {
        // In this thread, so that a simulation's order of events stays that of its seed.
        add(key, readFileSync(localPath))
        rmSync(localPath)
      } catch (error) {
        throw fileError(error, localPath, `moving it to ${key}`)
      }
    },
    async get(key) {
      const { bytes } = stored(key)
      return isShared ? bytes : new Uint8Array(bytes)
    },
    async getRange(key, start, end) {
      checkRange(key, start, end)
      return stored(key).bytes.slice(start, end)
    },
    async head(key) {
      const found = objects.get(key)
      if (!found) checkKey(key)
      return found && { key, bytes: found.bytes.length, modified: found.modified }
    },
    async *list(prefix) {
      const keys = [...objects.keys()].filter(key => key.startsWith(prefix)).sort(compareUtf8)
      for (const key of keys) {
        const found = objects.get(key)
        if (found) yield { key, bytes: found.bytes.length, modified: found.modified }
      }
    },
    async delete(keys) {
      for (const key of keys) checkKey(key)
      for (const key of keys) objects.delete(key)
    },
    async localFile(key) {
      const { bytes } = stored(key)
      const copy = copies.get(key)
      if (copy) {
        copy.users++
        return copy.path
      }
      const path = ports.scratch.path(key.slice(key.lastIndexOf('/') + 1))
      // Synchronous, so that nobody gets the path of a half-written copy.
      writeFileSync(path, bytes)
      copies.set(key, { path, users: 1 })
      return path
    },
    async releaseLocal(keys) {
      for (const key of keys) {
        const copy = copies.get(key)
        if (!copy || --copy.users > 0) continue
        copies.delete(key)
        ports.scratch.remove(copy.path)
      }
    },
  }
}
