/** The real clock, identifiers and scratch space: the only place where time and randomness enter a run. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { v7 } from 'uuid'
import type { Timers } from '../domain/feed-ports.ts'
import type { Clock, Ids, Scratch } from '../domain/ports.ts'
import { fileError } from './file-errors.ts'

/** The machine's clocks. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    steady: () => performance.now(),
    sleep: async milliseconds => {
      await delay(Math.max(0, milliseconds))
    },
  }
}

/** A timer longer than this would fire at once in Node. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Settles when somebody asks the process to end (SIGINT, SIGTERM). One Ctrl-C comes twice, from the terminal and from
 * bin/node24.js: the second must not end the process early, so both are caught from now on, or until `over`.
 */
export function askedToEnd(over?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const ask = () => resolve()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, ask)
      over?.addEventListener('abort', () => process.off(signal, ask))
    }
  })
}

/** Asks this process to end, as a signal would, once bin/node24.js that started it is gone: who was killed passes no signal on. */
export function endWithParent(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // To be connected is no reason to go on.
  process.channel?.unref()
}

/** The machine's clock and timers, one callback at a time. */
export function systemTimers(): Timers {
  return {
    now: () => Date.now(),
    steady: () => performance.now(),
    after(milliseconds, run) {
      const timer = setTimeout(run, Math.max(0, Math.min(milliseconds, MAX_TIMER_MS)))
      return () => clearTimeout(timer)
    },
  }
}

/** 32 random bytes as base64url: what a key is made of. */
export function systemSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** UUIDs of version 7 (RFC 9562) that only ever grow within this process, also when the clock is set back. */
export function systemIds(): Ids {
  return { uuid: () => v7() }
}

// One listener for all folders of the process.
const folders = new Set<string>()
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/**
 * A fresh folder for scratch files in `parent` (by default the system's temporary folder), removed when the process
 * ends by itself. @throws BadInput where the parent cannot be written
 */
export function systemScratch(parent: string = tmpdir(), ids: Ids = systemIds()): Scratch {
  const folder = makeFolder(parent)
  folders.add(folder)
  return {
    path: name => join(folder, `${ids.uuid()}-${name.replaceAll(/[^\w.-]|^\.+/g, '_')}`),
    remove: path => rmSync(path, { recursive: true, force: true }),
  }
}

function makeFolder(parent: string): string {
  try {
    mkdirSync(parent, { recursive: true })
    return mkdtempSync(join(parent, 'tradelake-'))
  } catch (error) {
    throw fileError(error, parent, 'making a scratch folder')
  }
}
