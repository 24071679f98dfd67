/** The page's files: made from `web/` in a checkout, brought along by an installed package. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PageFile } from '../domain/server-ports.ts'

const BUNDLER = new URL('../scripts/page-files.ts', import.meta.url)
const BUILT = fileURLToPath(new URL('../web', import.meta.url))

/** @throws Error where they cannot be made or read */
export async function openPage(): Promise<readonly PageFile[]> {
  // esbuild is a package of development: only a checkout has it, and has to have it.
  if (existsSync(BUNDLER)) {
    const { bundlePage } = (await import(BUNDLER.href)) as { bundlePage(): Promise<PageFile[]> }
    return bundlePage()
  }
  return readdirSync(BUILT, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .map(file => ({ path: relative(BUILT, file).split(sep).join('/'), body: readFileSync(file) }))
}
