/** What one connection of streams sends: events of its streams, and answers to what its client says, each in its turn. */
import type { ServerSocket } from '../../domain/server-ports.ts'
import { type Bucket, filled } from '../http/limits.ts'
import { createMailbox, type Mailbox } from '../live/mailbox.ts'
import type { Source } from '../live/sinks.ts'
import { chunkOf } from '../live/texts.ts'
import type { ReadAt } from '../market/market-candles.ts'
import { answerTo, type Command } from './stream-commands.ts'
import type { TimeOf } from './stream-events.ts'
import type { Arrival, Feeds, StreamLake } from './stream-feeds.ts'
import { eventsIn, type StreamMemory } from './stream-texts.ts'

export interface SessionLake extends StreamLake {
  readonly memory: StreamMemory
}

/** What a client may say: as often as at Binance, and more at once after a rest. */
const COMMANDS = { perSecond: 5, burst: 100 }
/** RFC 6455, section 7.4.1. */
const POLICY = 1008

type Item = { readonly said: string | undefined } | Arrival

/** Listens to the socket from now on. */
export function sessionSource(
  { ports, live, memory }: SessionLake,
  feeds: Feeds,
  socket: ServerSocket,
  begun: { readonly isCombined: boolean; readonly timeOf: TimeOf },
): Source {
  const mailbox = createMailbox<Item>()
  const { timeOf } = begun
  let { isCombined } = begun
  listen(socket, mailbox, live.timers)

  async function perform(command: Command): Promise<unknown> {
    switch (command.method) {
      case 'SUBSCRIBE':
        return feeds.subscribe(command.names)
      case 'UNSUBSCRIBE':
        return feeds.unsubscribe(command.names)
      case 'LIST_SUBSCRIPTIONS':
        return feeds.names()
      case 'GET_PROPERTY':
        return isCombined
      case 'SET_PROPERTY':
        isCombined = command.value
    }
  }

  async function textsOf(item: Item): Promise<string[]> {
    if ('said' in item) return [await answerTo(item.said, perform)]
    const { feed, chunk, error } = item
    // Nobody asks for it any more.
    if (!feeds.has(feed)) return []
    if (error !== undefined) throw error
    if (!chunk) return []
    const at: ReadAt = { ports, now: BigInt(ports.clock.now()) * 1000n }
    const events = await eventsIn(memory, at, feed, chunk, timeOf)
    return isCombined
      ? events.map(({ name, text }) => `{"stream":${JSON.stringify(name)},"data":${text}}`)
      : events.map(({ text }) => text)
  }

  return async function* (framing, signal) {
    feeds.start(mailbox)
    try {
      for (let item = await mailbox.next(signal); item; item = await mailbox.next(signal)) {
        const chunk = chunkOf(await textsOf(item), framing)
        if (chunk) yield chunk
        // The next is asked for when this has been taken.
        if ('feed' in item && item.chunk && feeds.has(item.feed)) feeds.pull(item.feed)
      }
    } finally {
      await feeds.end()
    }
  }
}

/** A client that says more than it may is cut, so that nothing piles up. */
function listen(socket: ServerSocket, mailbox: Mailbox<Item>, timers: { steady(): number }): void {
  let bucket: Bucket | undefined
  let isCut = false
  socket.listen(said => {
    if (isCut) return
    bucket = filled(bucket, timers.steady(), COMMANDS)
    isCut = bucket.tokens < 1
    bucket = { ...bucket, tokens: bucket.tokens - 1 }
    if (isCut) socket.close(POLICY, 'Too many requests')
    else mailbox.put({ said })
  })
}
