/** Live messages through a WebSocket that comes back by itself and goes on from where it was: nothing is left out, and nothing comes twice. */

import { type Connection, retryAfter } from '../../figures/connection.ts'
import { type Parameters, pathOf, Refused } from '../../figures/requests.ts'
import type { Message } from '../../figures/rows.ts'
import { after, now, openSocket, whenOnline } from '../browser.ts'
import { createStore } from '../store.ts'
import { access } from './access.ts'
import { ask, reasonOf } from './requests.ts'

export interface StreamHandlers {
  message(message: Exclude<Message, { type: 'heartbeat' | 'error' }>): void
  /** A connection stands. `continued`: what comes next follows what came last; else there may be something in between. */
  begun(continued: boolean): void
}

/** The state of every stream that is open. */
export const connections = createStore<readonly Connection[]>([])
const open = new Map<object, Connection>()
const retries = new Map<object, () => void>()

/** Tries every broken connection again at once. */
export function retryNow(): void {
  for (const retry of [...retries.values()]) retry()
}

/** The server says something every 15 seconds. */
const SILENT_MS = 40_000

/** Gives what ends it. */
export function openStream(parameters: Parameters, handlers: StreamHandlers): () => void {
  const self = {}
  let cursor: string | undefined
  let failures = 0
  let isOver = false
  let wasLive = false
  let brokenMs: number | undefined
  let end = () => {}
  const show = (connection: Connection | undefined) => {
    if (connection) open.set(self, connection)
    else open.delete(self)
    connections.set([...open.values()])
  }

  function connect(): void {
    retries.delete(self)
    const socket = openSocket(`/v1/${pathOf('stream', { ...parameters, cursor })}`, access.get().key)
    let told: string | undefined
    let isLive = false
    let watch = () => {}
    const close = () => {
      watch()
      socket.onmessage = socket.onclose = null
      // A browser complains of one that is closed before it is open.
      if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close()
      else socket.close()
    }
    end = close
    const lookOut = () => {
      watch()
      watch = after(SILENT_MS, () => {
        close()
        void broken('The server has fallen silent.')
      })
    }
    lookOut()
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data) as Message
      lookOut()
      if (message.type === 'error') {
        told = message.data.detail ?? message.data.title
        if (message.data.status === 410) cursor = undefined
        return
      }
      const continued = cursor !== undefined
      cursor = message.cursor
      if (!isLive) {
        isLive = true
        failures = 0
        show({ kind: 'live', sinceMs: now(), restored: wasLive })
        wasLive = true
        brokenMs = undefined
        handlers.begun(continued)
      }
      if (message.type !== 'heartbeat') handlers.message(message)
    }
    socket.onclose = () => {
      watch()
      void broken(told ?? 'The connection to the server is broken.')
    }
  }

  /** Finds out why: of a WebSocket that is refused, a page is told nothing. */
  async function broken(told: string): Promise<void> {
    const controller = new AbortController()
    brokenMs ??= now()
    end = () => controller.abort()
    let reason = told
    try {
      await ask('stream', { ...parameters, cursor, wait: 1 }, controller.signal)
    } catch (error) {
      if (isOver) return
      reason = reasonOf(error)
      if (error instanceof Refused && error.status === 401) {
        show({ kind: 'locked' })
        return
      }
      // What has come since cannot be told any more: it is loaded anew.
      if (error instanceof Refused && error.status === 410) cursor = undefined
    }
    if (isOver) return
    const wait = retryAfter(++failures)
    show({ kind: 'broken', sinceMs: brokenMs, reason, nextMs: now() + wait })
    end = after(wait, connect)
    retries.set(self, () => {
      end()
      connect()
    })
  }

  show({ kind: 'connecting' })
  connect()
  const offline = whenOnline(retryNow)
  return () => {
    isOver = true
    end()
    offline()
    retries.delete(self)
    show(undefined)
  }
}
