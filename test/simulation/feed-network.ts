/**
 * What is between a feed and its exchange: frames that get lost, come twice, late or cut, and a REST API that has enough of
 * those who go on asking.
 */
import { TradelakeError } from '../../domain/errors.ts'
import type { Http, HttpReply, Socket, SocketEvents, Sockets } from '../../domain/feed-ports.ts'
import { memoryNetwork } from '../../feeds/simulator/memory.ts'
import type { SimulatedExchange } from '../../feeds/simulator/types.ts'
import type { FaultKind } from './faults.ts'
import type { FeedHost } from './feed-process.ts'

const AGAIN_MS = 1_000
const NO_ANSWER_MS = 10_000
const SLOW_MS = 7_000
const PAUSES_S = [2, 15, 90] as const
/** Requests of a client that was told to wait, before the exchange bans it for longer each time (Binance: up to three days; here less than a run lasts). */
const TOLERATED = 3
const LONGEST_BAN_MS = 1_200_000

/** What an exchange's REST API has against a client, whatever process of it asks. */
export interface Ban {
  until: number
  ms: number
  offences: number
}

export interface FeedNetwork extends Sockets, Http {
  /** The system closes the connections of a process that has ended. */
  hangUp(): void
}

/** `delivered`: called with each frame that reaches the feed as it was sent. */
export function feedNetwork(
  host: FeedHost,
  exchange: SimulatedExchange,
  options: {
    readonly latencyMs: number
    readonly ban: Ban
    readonly fault: (type: 'frame' | 'rest', detail: string) => FaultKind | undefined
    readonly delivered: (text: string) => void
  },
): FeedNetwork {
  const { ban, fault, delivered } = options
  const { scheduler } = host.world
  const timers = host.outside
  const network = memoryNetwork({ hosts: { [`${exchange.name}.sim`]: exchange }, timers, latency: options.latencyMs })
  const open = new Set<Socket>()

  function connect(url: string, events: SocketEvents): Socket {
    let late: string[] = []
    let isOver = false
    const message = (text: string) => {
      if (!host.dead && !isOver) events.message(text)
    }
    const socket: Socket = network.connect(url, {
      open: () => host.dead || events.open(),
      message(text) {
        if (host.dead) return
        const kind = fault('frame', `frame ${text.slice(0, 40)}`)
        if (kind === 'crash-before') return host.die()
        if (kind === 'swapped') return void late.push(text)
        if (kind === 'cut') message(text.slice(0, text.length >> 1))
        else if (kind !== 'lost') message(text)
        if (kind === undefined) delivered(text)
        if (kind === 'twice') timers.after(AGAIN_MS, () => message(text))
        for (const held of late.splice(0)) message(held)
      },
      pinged: () => host.dead || events.pinged?.(),
      closed(code, reason) {
        isOver = true
        late = []
        open.delete(socket)
        if (!host.dead) events.closed(code, reason)
      },
    })
    open.add(socket)
    return socket
  }

  /** @throws TradelakeError where no answer comes */
  async function answer(url: string): Promise<HttpReply> {
    const kind = fault('rest', `GET ${new URL(url).pathname}`)
    if (kind === 'crash-before') {
      await host.wait(0, 'asks and crashes', () => host.die())
      return new Promise(() => {})
    }
    if (kind === 'fail') {
      await host.wait(NO_ANSWER_MS, 'gets no answer', () => {})
      throw new TradelakeError(`GET ${url} failed: no answer came.`)
    }
    if (kind === 'slow') await host.wait(SLOW_MS, 'waits for an answer', () => {})
    if (kind === 'throttle') return refusal(1000 * PAUSES_S[host.world.points.length % PAUSES_S.length])
    if (scheduler.now() < ban.until) return offence()
    const reply = await network.get(url)
    if (reply.status === 429) return refusal(1000 * Number(reply.headers['retry-after']))
    return kind === 'cut' ? { ...reply, body: reply.body.slice(0, reply.body.length >> 1) } : reply
  }

  function refusal(ms: number): HttpReply {
    if (scheduler.now() + ms > ban.until) Object.assign(ban, { until: scheduler.now() + ms, ms, offences: 0 })
    return refused(429)
  }

  function offence(): HttpReply {
    if (++ban.offences > TOLERATED) {
      ban.ms = Math.min(2 * ban.ms, LONGEST_BAN_MS)
      ban.until = scheduler.now() + ban.ms
    }
    return refused(418)
  }

  const refused = (status: number): HttpReply => {
    const headers = {
      'retry-after': String(Math.ceil((ban.until - scheduler.now()) / 1000)),
      date: new Date(scheduler.now()).toUTCString(),
    }
    return { status, headers, body: 'too many requests' }
  }

  return {
    connect,
    async get(url) {
      const reply = await answer(url)
      scheduler.note(`  GET ${new URL(url).pathname} ${reply.status} ${reply.headers['retry-after'] ?? ''}`)
      return host.dead ? new Promise(() => {}) : reply
    },
    hangUp() {
      for (const socket of open) socket.close()
    },
  }
}
