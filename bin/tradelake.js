#!/usr/bin/env node
// The `tradelake` command. From a checkout it runs the TypeScript sources, from an installed package the built
// JavaScript (Node strips types only outside node_modules).
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runOnNode24 } from './node24.js'

const built = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const source = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const [first] = process.argv.slice(2)
if (first === '--version')
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
else runOnNode24([existsSync(source) ? source : built, ...process.argv.slice(2)], { connected: true })
