// Makes dist/: the product's TypeScript as JavaScript, for the package (Node strips no types inside node_modules), and the page.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = (...words) => spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' }).status ?? 1
rmSync(`${root}dist`, { recursive: true, force: true })
process.exitCode =
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json') || run('bin/node24.js', 'scripts/build-page.ts')
