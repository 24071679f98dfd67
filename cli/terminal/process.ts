/** The terminal that this process was started in. */
import type { Terminal } from './screen.ts'
import { type Look, lookOf } from './text.ts'

/** Whether this process has a terminal that pictures can be drawn on, and keys come from. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true && process.stdin.isTTY === true && process.env.TERM !== 'dumb'
}

export function processLook(): Look {
  const depth = process.stdout.isTTY ? process.stdout.getColorDepth() : 1
  return lookOf(process.env, depth, process.platform)
}

export function processTerminal(): Terminal {
  return {
    input: process.stdin,
    output: process.stdout,
    atExit(run) {
      process.once('exit', run)
      return () => process.off('exit', run)
    },
  }
}
