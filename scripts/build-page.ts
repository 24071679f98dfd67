/** Writes the page's files into dist/web, for the package. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePage } from './page-files.ts'

for (const { path, body } of await bundlePage()) {
  const file = fileURLToPath(new URL(`../dist/web/${path}`, import.meta.url))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, body)
}
