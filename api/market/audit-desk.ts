/** Audits that are asked for over HTTP: one at a time, and the verdict of the last one, which the lake keeps beyond the server's end. */
import { messageOf } from '../../domain/errors.ts'
import { statePartition } from '../../domain/names.ts'
import type { Key, Log, Ports } from '../../domain/ports.ts'
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
  /** The last one of this server, else what the lake has kept of an earlier one. */
  last(): Promise<AuditEnd | undefined>
  /** Begins one; false where one is under way. What fails is noted in the log. */
  begin(log: Log): boolean
}

type DeskPorts = Pick<Ports, 'state' | 'clock' | 'ids'>

const KEPT: Key = { table: 'state', partition: statePartition.audit, sort: 'last' }
/** An item of DynamoDB has at most 400 KB (Developer guide, "Quotas"). */
const MOST_KEPT = 300_000

export function createAuditDesk(run: RunAudit, ports: DeskPorts): AuditDesk {
  const { clock } = ports
  let running: AuditRun | undefined
  let last: AuditEnd | undefined
  return {
    get running() {
      return running
    },
    async last() {
      last ??= await keptEnd(ports)
      return last
    },
    begin(log) {
      if (running) return false
      const [startedAt, began] = [clock.now(), clock.steady()]
      running = { startedAt, step: 'opening', done: 0, of: 0 }
      const end = (found: Pick<AuditEnd, 'verdict' | 'problem'>) => {
        last = { startedAt, tookMs: clock.steady() - began, ...found }
        running = undefined
        // The lake keeps what is known of it; that an audit could not be made is known of the server alone.
        if (found.verdict)
          keep(ports, last).catch(error => log.warn('a verdict was not kept', { problem: messageOf(error) }))
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

/** @throws Error where it is too long for the store; Throttled */
async function keep({ state, ids }: DeskPorts, { startedAt, tookMs, verdict }: AuditEnd): Promise<void> {
  const text = JSON.stringify(verdict)
  if (Buffer.byteLength(text) > MOST_KEPT)
    throw new Error(`It has ${text.length} letters: it is known until the server ends.`)
  const attributes = { started_at: startedAt, took_ms: tookMs, verdict: text }
  await state.transact([{ kind: 'put', item: { key: KEPT, attributes } }], ids.uuid())
}

async function keptEnd({ state }: DeskPorts): Promise<AuditEnd | undefined> {
  const kept = await state.get(KEPT)
  if (!kept) return undefined
  const verdict = JSON.parse(String(kept.verdict)) as AuditVerdict
  return { startedAt: Number(kept.started_at), tookMs: Number(kept.took_ms), verdict, problem: undefined }
}
