/** Where programs keep, between runs, what they could get again: the XDG Base Directory Specification's cache. */
import { mkdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** The folder that keeps what was installed between runs. @throws Error where no folder can be written */
export function cacheFolder(): string {
  for (const base of [process.env.XDG_CACHE_HOME, join(homedir(), '.cache'), tmpdir()]) {
    if (!base) continue
    const folder = join(base, 'tradelake')
    try {
      mkdirSync(folder, { recursive: true })
      return folder
    } catch {}
  }
  throw new Error('There is no folder to keep what is installed in: set XDG_CACHE_HOME.')
}
