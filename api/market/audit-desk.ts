/** Audits that are asked for over HTTP: one at a time, and the verdict of the last one since the server began. */
import { messageOf } from '../../domain/errors.ts'
import type { Clock, Log } from '../../domain/ports.ts'
import type { AuditVerdict, RunAudit } from '../../domain/server-ports.ts'

/** Times are milliseconds since 1970. */
export interface AuditRun {
  readonly startedAt: number
  readonly step: string
  /** Steps; both are 0 until it is known how many there are. */
  readonly done: number
  readonly of: number
}

export interface AuditEnd {
  readonly startedAt: number
  readonly tookMs: number
  /** What it found, or why it could not be made. */
  readonly verdict: AuditVerdict | undefined
  readonly problem: string | undefined
}

export interface AuditDesk {
  readonly running: AuditRun | undefined
  readonly last: AuditEnd | undefined
  /** Begins one; false where one is under way. What fails is noted in the log. */
  begin(log: Log): boolean
}

export function createAuditDesk(run: RunAudit, clock: Pick<Clock, 'now' | 'steady'>): AuditDesk {
  let running: AuditRun | undefined
  let last: AuditEnd | undefined
  return {
    get running() {
      return running
    },
    get last() {
      return last
    },
    begin(log) {
      if (running) return false
      const [startedAt, began] = [clock.now(), clock.steady()]
      running = { startedAt, step: 'opening', done: 0, of: 0 }
      const end = (found: Pick<AuditEnd, 'verdict' | 'problem'>) => {
        last = { startedAt, tookMs: clock.steady() - began, ...found }
        running = undefined
      }
      run(now => {
        running = { startedAt, ...now }
      }).then(
        verdict => end({ verdict, problem: undefined }),
        error => {
          const problem = messageOf(error)
          log.error('an audit failed', { problem })
          end({ verdict: undefined, problem: "It could not be made: the server's log says why." })
        },
      )
      return true
    },
  }
}
