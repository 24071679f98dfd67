/**
 * The simulated exchanges without a network: hosts by name, deliveries by timers, so that a fake clock drives
 * everything.
 */
import { messageOf, TradelakeError } from '../../domain/errors.ts'
import type { Http, Socket, SocketEvents, Sockets, Timers } from '../../domain/feed-ports.ts'
import type { Peer, Session, SimulatedExchange } from './types.ts'

export interface MemoryNetworkOptions {
  /** Host names; several may lead to one exchange. A `refuse` fault may name one of them. */
  readonly hosts: Readonly<Record<string, SimulatedExchange>>
  readonly timers: Timers
  /** One way, milliseconds; 2 by default. */
  readonly latency?: number
}

const DEFAULT_LATENCY_MS = 2
const ABNORMAL = 1006

/** `ws://binance.sim/stream?streams=…` and `http://binance.sim/api/v3/…` for the host `binance.sim`. */
export function memoryNetwork({ hosts, timers, latency = DEFAULT_LATENCY_MS }: MemoryNetworkOptions): Sockets & Http {
  const exchangeAt = (host: string) => (Object.hasOwn(hosts, host) ? hosts[host] : undefined)

  return {
    connect(address, events) {
      const url = new URL(address)
      return connect(exchangeAt(url.hostname), url, events, timers, latency)
    },
    get(address) {
      const url = new URL(address)
      const exchange = exchangeAt(url.hostname)
      return new Promise((resolve, reject) => {
        timers.after(2 * latency, () => {
          if (!exchange) return reject(new TradelakeError(`GET ${address}: there is no host ${url.hostname}.`))
          try {
            resolve(exchange.get(url.pathname + url.search))
          } catch (error) {
            reject(new TradelakeError(`GET ${address}: ${messageOf(error)}`, { cause: error }))
          }
        })
      })
    },
  }
}

function connect(
  exchange: SimulatedExchange | undefined,
  url: URL,
  events: SocketEvents,
  timers: Timers,
  latency: number,
): Socket {
  const path = url.pathname + url.search
  let state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting'
  let session: Session | undefined
  /** On their way to the client: those sent in one moment arrive in one. */
  let underway: { readonly sent: number; readonly texts: string[] } | undefined

  /** Runs on the client's side, a way from now. */
  const later = (run: () => void) => {
    timers.after(latency, run)
  }

  function finish(code: number, reason: string): void {
    if (state === 'closed') return
    state = 'closed'
    session?.gone()
    events.closed(code, reason)
  }

  const peer: Peer = {
    send(text) {
      if (underway?.sent === timers.now()) return void underway.texts.push(text)
      const batch = (underway = { sent: timers.now(), texts: [text] })
      later(() => {
        if (underway === batch) underway = undefined
        for (const arrived of batch.texts) if (state === 'open') events.message(arrived)
      })
    },
    // Every client of this network answers.
    ping: () => later(() => state === 'open' && events.pinged?.()),
    close: (code, reason) => later(() => finish(code, reason)),
    drop: () => later(() => finish(ABNORMAL, 'connection reset')),
  }

  timers.after(2 * latency, () => {
    if (state !== 'connecting') return finish(ABNORMAL, 'closed before it was open')
    if (!exchange) return finish(ABNORMAL, `there is no host ${url.hostname}`)
    const refused = exchange.refuses(path, url.hostname)
    if (refused) return finish(ABNORMAL, `${refused.status} ${refused.reason}`)
    state = 'open'
    events.open()
    session = exchange.accept(path, peer)
  })

  return {
    send(text) {
      if (state === 'open') later(() => session?.receive(text))
    },
    close() {
      if (state === 'open') later(() => later(() => finish(1000, '')))
      if (state === 'open' || state === 'connecting') state = 'closing'
    },
  }
}
