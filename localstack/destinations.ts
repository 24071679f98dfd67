/**
 * A local stand-in for Lambda's success destination, which the emulator does not run: Gold's success starts the candles. Here they
 * are started when what Gold has handed over waits on their list.
 */
import { messageOf } from '../domain/errors.ts'
import { consumers } from '../domain/names.ts'
import { countPending } from '../domain/pending.ts'
import type { Clock, Log, StateStore } from '../domain/ports.ts'

const LOOK_MS = 500

export interface Destination {
  stop(): Promise<void>
}

export interface DestinationOptions {
  readonly state: StateStore
  readonly start: () => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

/** Looks at the candles' list twice a second. */
export function startCandlesAfterGold({ state, start, clock, log }: DestinationOptions): Destination {
  let running = true
  const ended = run()
  async function run(): Promise<void> {
    while (running) {
      try {
        if ((await countPending(state, consumers.candles)).items > 0) await start()
      } catch (error) {
        log.warn('candles were not started', { problem: messageOf(error) })
      }
      await clock.sleep(LOOK_MS)
    }
  }
  return {
    async stop() {
      running = false
      await ended
    },
  }
}
