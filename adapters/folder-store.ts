/**
 * An object store over a directory, for the embedded lake.
 *
 * An object exists whole or not at all, and survives a crash: its bytes are written to a temporary file of the same
 * file system and synced, then linked under its name (which fails where the name is taken), then the directory is
 * synced. A crash leaves at most a temporary file, which no reader sees.
 */
import { copyFile, link, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AlreadyExists, NotFound } from '../domain/errors.ts'
import { USER_PREFIX } from '../domain/names.ts'
import type { ObjectInfo, ObjectStore } from '../domain/ports.ts'
import { HOUR_MS } from '../domain/time.ts'
import { makeFolder, syncFile, syncFolder, writeSynced } from './durable-files.ts'
import { codeOf, fileError } from './file-errors.ts'
import { requireNoLink } from './file-links.ts'
import { checkKey, checkRange, compareUtf8, TEMPORARY_FOLDER } from './object-keys.ts'
import { systemIds } from './system.ts'

/** Temporary files this old belong to a dead process. */
const LEFTOVER_MS = HOUR_MS
/** Errors of link() on file systems without hard links (exFAT, some network mounts). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Objects as files below `root`, which is made when the first one is written. `linkless` is the prefix of keys whose paths may lead through
 * no link: others than the lake's owner make files there, and a link would let them at files anywhere.
 */
export function folderStore(
  root: string,
  { linkless = USER_PREFIX }: { readonly linkless?: string } = {},
): ObjectStore {
  const base = resolve(root)
  const temporary = join(base, TEMPORARY_FOLDER)
  const ids = systemIds()
  const madeFolders = new Set<string>()
  const beingPlaced = new Set<string>()
  let prepared: Promise<void> | undefined

  /** The path of a key; `isRemoved`: of one whose file is only taken away, which may be a link itself. @throws Misplaced */
  const pathOf = async (key: string, isRemoved = false) => {
    checkKey(key)
    if (key.startsWith(linkless)) await requireNoLink(base, key.split('/').slice(0, isRemoved ? -1 : undefined))
    return join(base, key)
  }

  async function prepare(): Promise<void> {
    await makeFolder(temporary, madeFolders)
    await removeLeftovers(temporary)
  }

  async function temporaryPath(): Promise<string> {
    prepared ??= prepare()
    // A failed attempt may be repaired (a disk freed, a mode changed): the next write tries again.
    await prepared.catch(error => {
      prepared = undefined
      throw error
    })
    return join(temporary, ids.uuid())
  }

  /** Gives a synced file its name, unless the name is taken. */
  async function place(source: string, key: string, path: string): Promise<void> {
    const folder = dirname(path)
    await makeFolder(folder, madeFolders)
    try {
      await link(source, path)
      await unlink(source)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw taken(key)
      if (!NO_LINKS.has(codeOf(error) ?? '')) throw error
      await placeWithoutLinks(source, key, path)
    }
    await syncFolder(folder)
  }

  /** Looks and renames; exact as long as one process writes to the folder, which the lake's lock sees to. */
  async function placeWithoutLinks(source: string, key: string, path: string): Promise<void> {
    if (beingPlaced.has(path)) throw taken(key)
    beingPlaced.add(path)
    try {
      if (await statOf(path)) throw taken(key)
      await rename(source, path)
    } finally {
      beingPlaced.delete(path)
    }
  }

  /** Makes a temporary file, gives it the object's name, and leaves nothing behind when that fails. */
  async function placeNew(key: string, path: string, write: (temporaryFile: string) => Promise<void>): Promise<void> {
    const file = await temporaryPath()
    try {
      await write(file)
      await place(file, key, path)
    } catch (error) {
      // A leftover is harmless, and the earlier error matters more than why the file cannot be removed.
      await rm(file, { force: true }).catch(() => undefined)
      throw error
    }
  }

  async function add(key: string, doing: string, write: (path: string) => Promise<void>): Promise<void> {
    const path = await pathOf(key)
    try {
      // This look only saves writing in vain; link() decides.
      if (await statOf(path)) throw taken(key)
      await write(path)
    } catch (error) {
      throw fileError(error, path, doing)
    }
  }

  return {
    root: `file://${base}`,
    put: (key, bytes) => add(key, 'writing an object', path => placeNew(key, path, file => writeSynced(file, bytes))),
    putFile: (key, localPath) =>
      add(key, `moving ${localPath} into the store`, async path => {
        // The local file stays where it is until the object exists, so that a failed move can be tried again.
        await syncFile(localPath)
        try {
          await place(localPath, key, path)
        } catch (error) {
          if (codeOf(error) !== 'EXDEV') throw error
          await placeNew(key, path, async file => {
            await copyFile(localPath, file)
            await syncFile(file)
          })
          await unlink(localPath)
        }
      }),
    async get(key) {
      const path = await pathOf(key)
      try {
        return await readFile(path)
      } catch (error) {
        throw readError(error, key, path)
      }
    },
    async getRange(key, start, end) {
      const path = await pathOf(key)
      checkRange(key, start, end)
      try {
        return await readRange(path, start, end)
      } catch (error) {
        throw readError(error, key, path)
      }
    },
    head: async key => infoOf(key, await pathOf(key)),
    list: prefix => listFolder(base, prefix),
    async delete(keys) {
      const paths = await Promise.all(keys.map(key => pathOf(key, true)))
      for (const path of paths) {
        try {
          await rm(path, { force: true })
        } catch (error) {
          if (codeOf(error) !== 'ENOTDIR') throw fileError(error, path, 'deleting an object')
        }
      }
    },
    async localFile(key) {
      const path = await pathOf(key)
      if (!(await infoOf(key, path))) throw new NotFound(`No object ${key} in ${base}.`)
      return path
    },
    async releaseLocal() {},
  }
}

function taken(key: string): AlreadyExists {
  return new AlreadyExists(`Object ${key} exists already: keys are written once.`)
}

function readError(error: unknown, key: string, path: string): Error {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR')
    return new NotFound(`No object ${key}: ${path} is missing.`)
  return fileError(error, path, 'reading an object')
}

/** The file's stat, or undefined where there is no file. */
async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fileError(error, path, 'looking at an object')
  }
}

async function infoOf(key: string, path: string): Promise<ObjectInfo | undefined> {
  const found = await statOf(path)
  return found?.isFile() ? { key, bytes: found.size, modified: Math.floor(found.mtimeMs) } : undefined
}

async function readRange(path: string, start: number, end: number): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.max(0, Math.min(end, size) - start))
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await file.close()
  }
}

async function removeLeftovers(temporary: string): Promise<void> {
  const oldest = Date.now() - LEFTOVER_MS
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name)
    const found = await statOf(path)
    if (found && found.mtimeMs < oldest) await rm(path, { force: true })
  }
}

/** Walks so that whole keys come in ascending order: a folder sorts as its name with the slash that follows it. */
async function* listFolder(base: string, prefix: string): AsyncGenerator<ObjectInfo> {
  async function* walk(folder: string): AsyncGenerator<ObjectInfo> {
    for (const name of await namesIn(join(base, folder))) {
      const key = folder + name
      if (key === `${TEMPORARY_FOLDER}/`) continue
      if (name.endsWith('/')) {
        if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walk(key)
      } else if (key.startsWith(prefix)) {
        const info = await infoOf(key, join(base, key))
        if (info) yield info
      }
    }
  }
  yield* walk('')
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.map(entry => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort(compareUtf8)
  } catch (error) {
    // Nothing was written yet, or the folder was removed while we walked.
    if (codeOf(error) === 'ENOENT') return []
    throw fileError(error, folder, 'listing objects')
  }
}
