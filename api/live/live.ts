/** What answers that go on need besides the lake; one follower of the tables for all of them. */
import type { Timers } from '../../domain/feed-ports.ts'
import type { Log, Ports } from '../../domain/ports.ts'
import { createFollower, type Follower } from './follower.ts'

export interface LiveOptions {
  readonly timers: Timers
  /** Whether a body may go on for ever, as behind a Lambda's function URL none may. */
  readonly isStreaming: boolean
  /** How often tables are looked at for something new, milliseconds. */
  readonly pollMs?: number
  /** How long a client of live messages may take over some 64 KB of them, milliseconds. */
  readonly slowMs?: number
}

export interface Live extends LiveOptions {
  /** Told why an answer had to end. */
  readonly log: Log
  readonly follower: Follower
}

/** How soon a commit is seen. */
const POLL_MS = 250

export function openLive(ports: Pick<Ports, 'store' | 'state'>, log: Log, options: LiveOptions): Live {
  const { timers, pollMs = POLL_MS } = options
  return { ...options, log, follower: createFollower({ store: ports.store, state: ports.state, timers }, pollMs) }
}
