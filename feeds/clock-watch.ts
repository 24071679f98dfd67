/**
 * Compares this machine's clock with the exchange's, by the `Date` of a small REST reply. Nothing is corrected: trades that are
 * dated more than a minute after their receipt are refused by Silver (domain/validation.ts), so a clock that is wrong has to
 * be set right.
 */
import type { Http, Timers } from '../domain/feed-ports.ts'
import { clockLog } from '../domain/metrics.ts'
import type { Log } from '../domain/ports.ts'
import { MINUTE_MS } from '../domain/time.ts'
import type { Pause } from './pause.ts'
import { createTimeouts } from './timeouts.ts'

export interface ClockWatch {
  start(): void
  stop(): void
  /** How much later the exchange's clock shows than this one, seconds; 0 before the first comparison. */
  readonly offsetSeconds: number
  /** What is wrong with this machine's clock, for people. */
  readonly problem: string | undefined
}

const EVERY_MS = 2 * MINUTE_MS
/** `Date` has whole seconds, and an exchange's machines differ by some. */
const TOLERATED_SECONDS = 10

export function createClockWatch(options: {
  readonly exchange: string
  /** Addresses that are asked one after the other until one says. */
  readonly urls: readonly string[]
  readonly http: Http
  readonly timers: Timers
  /** While the exchange wants a pause it is not asked for the time either. */
  readonly pause: Pause
  readonly log: Log
}): ClockWatch {
  const { exchange, urls, http, timers, pause, log } = options
  const timeouts = createTimeouts(timers)
  let offsetSeconds = 0

  const isOff = () => Math.abs(offsetSeconds) > TOLERATED_SECONDS
  const textOf = () =>
    `this machine's clock is ${Math.abs(offsetSeconds)} s ${offsetSeconds > 0 ? 'behind' : 'ahead of'} the exchange's`

  async function look(): Promise<void> {
    for (const url of urls) {
      const began = timers.steady()
      // Any reply has a date, a refusal too.
      const reply = await http.get(url).catch(() => undefined)
      if (reply) pause.note(reply)
      const date = Date.parse(reply?.headers.date ?? '')
      if (Number.isNaN(date)) continue
      const halfway = timers.now() - (timers.steady() - began) / 2
      // In the middle of its second.
      offsetSeconds = Math.round((date + 500 - halfway) / 1000)
      if (isOff()) log.warn(clockLog.message, { exchange, problem: textOf(), seconds: offsetSeconds })
      return
    }
  }

  function again(): void {
    if (pause.left() === 0) void look()
    timeouts.after(EVERY_MS, again)
  }

  return {
    start: again,
    stop: timeouts.cancelAll,
    get offsetSeconds() {
      return offsetSeconds
    },
    get problem() {
      return isOff() ? `${textOf()}: trades may be refused by their times` : undefined
    },
  }
}
