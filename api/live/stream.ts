/** Live trades and candles: each channel goes along its table's snapshots, and waits at the current one. */
import type { Timers } from '../../domain/feed-ports.ts'
import type { Ports } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import type { Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { turn } from '../http/turns.ts'
import { type Bytes, newBytes, putBytes } from './bytes.ts'
import { candleNews } from './candle-news.ts'
import type { Follower } from './follower.ts'
import { CHUNK_BYTES, type Chunk, type CursorText, createMessages, type Framing } from './messages.ts'
import { type News, NO_NEWS } from './news.ts'
import { type Step, stepsAfter, stepTo } from './steps.ts'
import { tradeNews } from './trade-news.ts'
import { waitFor } from './waits.ts'

/** All that came up to a snapshot has been given, and so many messages of the step from there to another. */
export interface ChannelPosition {
  readonly base: number
  readonly partly?: { readonly target: number; readonly given: number }
}

export interface Channel {
  readonly table: TableDefinition
  /** undefined: trades. */
  readonly windows: Windows | undefined
  position: ChannelPosition
}

export interface Stream {
  /** What has been given of them changes as messages are made. */
  readonly channels: readonly Channel[]
  /** Whether a market, by `marketKey`, is wanted. */
  market(key: string): boolean
  /** What every cursor begins with. */
  readonly cursor: string
}

export type StreamPorts = Pick<Ports, 'store' | 'state'> & { readonly timers: Timers; readonly follower: Follower }

const HEARTBEAT_MS = 15_000

/** Without an end; begins with a heartbeat, so that there is a cursor. @throws Problem 410; Corrupt */
export async function* stream(
  ports: StreamPorts,
  { channels, market, cursor }: Stream,
  framing: Framing,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const { follower, timers } = ports
  const messages = createMessages(framing, cursorOf(cursor, channels))
  let heartbeat = timers.steady()
  for (;;) {
    if (timers.steady() >= heartbeat) messages.text('heartbeat', '{}')
    for (const channel of channels) yield* newsOf(channel)
    if (signal.aborted) return
    const chunk = messages.take()
    if (chunk) {
      heartbeat = timers.steady() + HEARTBEAT_MS
      yield chunk
    }
    await changedOr(heartbeat - timers.steady())
    if (signal.aborted) return
  }

  /** All that a channel has to give. */
  async function* newsOf(channel: Channel): AsyncGenerator<Chunk> {
    for (let step = nextStep(channel); step; step = nextStep(channel)) {
      const news = await newsIn(ports, channel, step)
      const [base, target] = [channel.position.base, step.to['snapshot-id']]
      for (let i = channel.position.partly?.given ?? 0; i < news.count; i++) {
        if (!market(news.market(i))) continue
        channel.position = { base, partly: { target, given: i + 1 } }
        news.put(messages.open(news.type(i), news.room(i)), i)
        messages.close()
        if (messages.size() < CHUNK_BYTES) continue
        yield messages.take() as Chunk
        // News come to all clients at once: others get a word in between.
        await turn()
        if (signal.aborted) return
      }
      channel.position = { base: target }
    }
  }

  function nextStep({ table, position: { base, partly } }: Channel): Step | undefined {
    const latest = follower.latest(table)
    if (partly) return stepTo(latest, base, partly.target, follower.remembered)
    return stepsAfter(latest, base, follower.remembered)[0]
  }

  /** Waits until a table has changed, at most so many milliseconds. */
  async function changedOr(milliseconds: number): Promise<void> {
    const over = new AbortController()
    const end = () => over.abort()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    const seen = new Map(channels.map(({ table, position }) => [table, position.base]))
    const changed = follower.changed(seen, over.signal)
    const waited = waitFor(timers, Math.max(0, milliseconds), over.signal)
    try {
      await Promise.race([changed, waited])
    } finally {
      signal.removeEventListener('abort', end)
      end()
      await Promise.allSettled([changed, waited])
    }
  }
}

/** Everybody who follows a channel gets the same. */
function newsIn(ports: StreamPorts, { table, windows }: Channel, step: Step): Promise<News> {
  const key = `${table.name} ${windows?.name ?? ''} ${step.from?.['snapshot-id'] ?? ''} ${step.to['snapshot-id']}`
  return ports.follower.news(key, async () => {
    if (!windows) return tradeNews(ports, step)
    const loaded = ports.follower.latest(table)
    return loaded ? candleNews(ports, holding(loaded, step), windows, step) : NO_NEWS
  })
}

/** The table with a snapshot that its metadata may hold no longer. */
function holding(table: LoadedTable, { to }: Step): LoadedTable {
  const { metadata } = table
  if (metadata.snapshots.some(each => each['snapshot-id'] === to['snapshot-id'])) return table
  return { ...table, metadata: { ...metadata, snapshots: [...metadata.snapshots, to] } }
}

/** Where a channel stands, as cursors have it. */
export function positionText({ base, partly }: ChannelPosition): string {
  return partly ? stepText(base, partly.target) + partly.given.toString(36) : base.toString(36)
}

const stepText = (base: number, target: number) => `${base.toString(36)}~${target.toString(36)}~`

/** What positions take at most. */
const POSITION_BYTES = 40

/** A message has its cursor up to twice, and a step's name is as long as its number: what stays the same is written once. */
function cursorOf(prefix: string, channels: readonly Channel[]): CursorText {
  const written = newBytes(prefix.length + channels.length * POSITION_BYTES)
  let seen: readonly ChannelPosition[] = []
  const texts = channels.map(positionTexts)
  return {
    room: written.bytes.length,
    put(out: Bytes) {
      if (channels.some(({ position }, i) => position !== seen[i])) {
        seen = channels.map(({ position }) => position)
        const text = [prefix, ...channels.map(({ position }, i) => texts[i](position))].join('.')
        written.length = written.bytes.write(text, 0, 'latin1')
      }
      putBytes(out, written.bytes, 0, written.length)
    },
  }
}

/** Positions' texts: those of one step differ in how much of it was given. */
function positionTexts(): (position: ChannelPosition) => string {
  let [base, target, step] = [Number.NaN, Number.NaN, '']
  return position => {
    const { partly } = position
    if (!partly) return positionText(position)
    if (position.base !== base || partly.target !== target) {
      ;[base, target] = [position.base, partly.target]
      step = stepText(base, target)
    }
    return step + partly.given.toString(36)
  }
}
