#!/usr/bin/env node
// The `cdk` command, on Node 24. Plain JavaScript that Node 18 can read.
import { fileURLToPath } from 'node:url'
import { runOnNode24 } from '../../bin/node24.js'

runOnNode24([fileURLToPath(new URL('main.ts', import.meta.url)), 'cdk', ...process.argv.slice(2)])
