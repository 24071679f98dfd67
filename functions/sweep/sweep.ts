/** Sweep: sends again the Bronze objects that stay pending, so that a lost or early event costs a minute and no data. */
import { Conflict } from '../../domain/errors.ts'
import type { Exchange } from '../../domain/exchanges.ts'
import type { BronzeObject } from '../../domain/handover.ts'
import { consumers, stageConsumers } from '../../domain/names.ts'
import { listPending, noteResend, oldestPending } from '../../domain/pending.ts'
import type { ObjectEvents, Ports } from '../../domain/ports.ts'

/** The oldest items of each list that one sweep looks at. */
const ITEMS_PER_SWEEP = 1_000

export interface SweepResult {
  readonly resent: number
  /** Age of the oldest item on any stage's list, milliseconds; 0 where none waits. */
  readonly oldestPendingMs: number
}

/** Sends the due objects of all exchanges; each send doubles the pause until its next. */
export async function sweep(ports: Ports, exchanges: readonly Exchange[], events: ObjectEvents): Promise<SweepResult> {
  const now = ports.clock.now()
  let resent = 0
  let oldestPendingMs = 0
  for (const exchange of exchanges) {
    const items = await listPending<BronzeObject>(ports, consumers.silver(exchange.name), ITEMS_PER_SWEEP)
    const sent: { key: string; bytes: number }[] = []
    for (const item of items) {
      if (item.resendAt > now) continue
      const note = await noteResend(ports.state, item, now)
      if (note === undefined) continue
      try {
        await ports.state.transact([note], ports.ids.uuid())
      } catch (error) {
        // Silver took it, or another sweep is sending it, at this moment.
        if (error instanceof Conflict) continue
        throw error
      }
      sent.push({ key: item.id, bytes: item.payload.bytes })
    }
    if (sent.length > 0) await events.send(exchange.name, sent)
    resent += sent.length
  }
  for (const consumer of stageConsumers(exchanges))
    oldestPendingMs = Math.max(oldestPendingMs, now - (await oldestPending(ports.state, consumer, now)))
  return { resent, oldestPendingMs }
}
