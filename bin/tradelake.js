#!/usr/bin/env node
// The `tradelake` command. From a checkout it runs the TypeScript sources, from an installed package the built
// JavaScript (Node strips types only outside node_modules).
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runOnNode24 } from './node24.js'

const built = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const source = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
const [first] = process.argv.slice(2)
// What answers are made of dies at once: a nursery of three times 8 MiB instead of 32 saves a server some 100 MB.
const isServer = first === 'serve'
const flags = isServer ? ['--max-semi-space-size=8'] : []
// Columns that stay and pieces of answers that go share the heap of the C library, which then gives nothing back: from 32 KiB on glibc is to
// ask the system for each, and all threads are to share what is left (mallopt(3)). Other libraries do not know the variables.
const env = isServer ? { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '32768', MALLOC_TRIM_THRESHOLD_: '131072' } : {}
if (first === '--version')
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
else runOnNode24([...flags, existsSync(source) ? source : built, ...process.argv.slice(2)], { connected: true, env })
