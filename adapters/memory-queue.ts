/**
 * The embedded twin of an SQS queue: at-least-once, visibility time-out, a dead-letter queue after five tries. It is in
 * memory: the sweep sends again what a crash loses.
 */
import type { QueueRecord } from '../domain/events.ts'
import type { Clock, Ids } from '../domain/ports.ts'

export interface Queue {
  send(body: string): void
  /** Visible messages, at most `limit`; they come again unless they are deleted in time. */
  receive(limit: number): QueueRecord[]
  delete(messageIds: Iterable<string>): void
  /** Messages in the queue, visible or not. */
  readonly size: number
  /** Messages that were received five times in vain. */
  readonly dead: readonly QueueRecord[]
}

interface Message {
  readonly body: string
  visibleAt: number
  receives: number
}

const MAX_RECEIVES = 5

/** `visibilityMs`: how long a received message stays hidden. */
export function createQueue(ports: { readonly clock: Clock; readonly ids: Ids }, visibilityMs: number): Queue {
  const messages = new Map<string, Message>()
  const dead: QueueRecord[] = []
  return {
    send(body) {
      messages.set(ports.ids.uuid(), { body, visibleAt: 0, receives: 0 })
    },
    receive(limit) {
      const now = ports.clock.steady()
      const received: QueueRecord[] = []
      for (const [messageId, message] of messages) {
        if (received.length === limit) break
        if (message.visibleAt > now) continue
        const record = {
          messageId,
          body: message.body,
          attributes: { ApproximateReceiveCount: `${message.receives + 1}` },
        }
        if (message.receives === MAX_RECEIVES) {
          messages.delete(messageId)
          dead.push(record)
          continue
        }
        message.receives++
        message.visibleAt = now + visibilityMs
        received.push(record)
      }
      return received
    },
    delete(messageIds) {
      for (const id of messageIds) messages.delete(id)
    },
    get size() {
      return messages.size
    },
    dead,
  }
}
