/** WebSockets by Node's own client. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket as TcpSocket } from 'node:net'
import { messageOf } from '../domain/errors.ts'
import type { Sockets } from '../domain/feed-ports.ts'

const CONNECT_MS = 10_000
/** How long the other side has to say goodbye. */
const CLOSE_MS = 2_000
const NORMAL = 1000
const ABNORMAL = 1006

export function nodeSockets(): Sockets {
  return {
    connect(url, events) {
      let socket: WebSocket | undefined
      let opened = false
      let ended = false
      const wire = watch(url)
      let timer = setTimeout(() => give(`no answer within ${CONNECT_MS / 1000} s`), CONNECT_MS)

      function finish(code: number, reason: string): void {
        if (ended) return
        ended = true
        clearTimeout(timer)
        wire.stop()
        events.closed(code, reason)
      }

      function give(reason: string): void {
        finish(ABNORMAL, reason)
        socket?.close()
        wire.destroy()
      }

      try {
        socket = new WebSocket(url)
        socket.binaryType = 'arraybuffer'
        listen(socket)
      } catch (error) {
        // The address is not valid. Events come later, never during the call.
        queueMicrotask(() => finish(ABNORMAL, `${url} is not the address of a WebSocket: ${messageOf(error)}`))
      }

      function listen(connecting: WebSocket): void {
        pings.set(connecting, () => {
          if (!ended) events.pinged?.()
        })
        connecting.addEventListener('open', () => {
          if (ended) return
          opened = true
          clearTimeout(timer)
          wire.stop()
          events.open()
        })
        connecting.addEventListener('message', ({ data }) => {
          if (!ended && connecting.readyState === WebSocket.OPEN)
            events.message(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString())
        })
        // The close event that follows reports it; only the cause is missing there (see `watch`).
        connecting.addEventListener('error', () => {})
        connecting.addEventListener('close', ({ code, reason }) =>
          finish(code, reason || (opened ? (code === ABNORMAL ? 'connection lost' : '') : wire.cause())),
        )
      }

      return {
        send(text) {
          if (socket?.readyState === WebSocket.OPEN) socket.send(text)
        },
        close() {
          if (ended || !socket || socket.readyState === WebSocket.CLOSING) return
          clearTimeout(timer)
          timer = setTimeout(() => give('closed; the other side did not answer'), CLOSE_MS)
          socket.close(NORMAL)
        },
      }
    },
  }
}

const pings = new WeakMap<object, () => void>()

// Node's WebSocket has no event for pings (undici, "Diagnostics Channel Support").
subscribe('undici:websocket:ping', data => pings.get((data as { websocket: object }).websocket)?.())

interface UndiciMessage {
  readonly request: { readonly origin: string; readonly path: string }
  readonly error?: unknown
  readonly response?: { readonly statusCode: number }
  readonly socket?: TcpSocket
}

/** The TCP connections that belong to a WebSocket already. */
const taken = new WeakSet<TcpSocket>()

/**
 * Finds out what Node's WebSocket does not say: why a connection cannot be made, and which TCP connection it is, so
 * that a dead one can be ended (undici, "Diagnostics Channel Support").
 */
function watch(url: string) {
  const target = URL.canParse(url) ? new URL(url.replace(/^ws/, 'http')) : undefined
  let cause = 'no connection'
  let connection: TcpSocket | undefined
  const note = (data: unknown) => {
    const { request, error, response, socket } = data as UndiciMessage
    if (request.origin !== target?.origin || request.path !== target.pathname + target.search) return
    if (response) cause = `the server answered ${response.statusCode}`
    else if (error) cause = messageOf(error) || String((error as { code?: unknown }).code ?? cause)
    else if (socket && !connection && !taken.has(socket)) {
      connection = socket
      taken.add(socket)
    }
  }
  const channels = ['undici:request:error', 'undici:request:headers', 'undici:client:sendHeaders']
  for (const channel of channels) subscribe(channel, note)
  return {
    cause: () => cause,
    /** The connection is made, or will never be. */
    stop: () => {
      for (const channel of channels) unsubscribe(channel, note)
    },
    /** Ends the TCP connection without a closing handshake. */
    destroy: () => connection?.destroy(),
  }
}
