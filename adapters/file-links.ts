/** Paths that lead through no symbolic link: where others make files, one would let them at any file of this process's owner. */
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { Misplaced } from '../domain/errors.ts'
import { codeOf, fileError } from './file-errors.ts'

/**
 * Looks at each part of a path below `base`, which may be a link itself. A part that is made into one after it was looked at is not seen.
 * @throws Misplaced where one is a link
 */
export async function requireNoLink(base: string, parts: readonly string[]): Promise<void> {
  let path = base
  for (const part of parts) {
    path = join(path, part)
    const found = await lstat(path).catch(error => {
      const code = codeOf(error)
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      throw fileError(error, path, 'looking for links')
    })
    if (!found) return
    if (found.isSymbolicLink())
      throw new Misplaced(`${path} is a link, and none is followed here: put the files themselves in its place.`)
  }
}
