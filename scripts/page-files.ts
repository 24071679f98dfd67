/** The page as browsers get it: `web/` as one script and one style sheet, made by esbuild, named by what is in them. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { PageFile } from '../domain/server-ports.ts'

const WEB = fileURLToPath(new URL('../web', import.meta.url))

/** @throws Error where a source is wrong, with its place */
export async function bundlePage(): Promise<PageFile[]> {
  const { outputFiles } = await build({
    entryPoints: [join(WEB, 'main.tsx')],
    ...{ bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, logLevel: 'silent' },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', conditions: ['production'] },
    // The licences of what is in it stay at its end.
    legalComments: 'eof',
    ...{ outdir: 'assets', entryNames: 'page-[hash]' },
  })
  const assets = outputFiles.map(({ path, contents }) => ({ path: `assets/${basename(path)}`, body: contents }))
  const named = (ending: string) => assets.find(({ path }) => path.endsWith(ending))?.path ?? ''
  const html = (await readFile(join(WEB, 'index.html'), 'utf8'))
    .replace('PAGE.css', named('.css'))
    .replace('PAGE.js', named('.js'))
  return [{ path: 'index.html', body: Buffer.from(html) }, ...assets]
}
