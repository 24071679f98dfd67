/** Answers that go on, asked and read by tests whose clock moves when they say so. */
import { systemTimers } from '../../../adapters/system.ts'
import { createApi } from '../../../api/app.ts'
import type { LiveOptions } from '../../../api/live/live.ts'
import type { Timers } from '../../../domain/feed-ports.ts'
import type { Ports } from '../../../domain/ports.ts'
import { createFakeTimers, type FakeTimers } from '../../feeds/fake-timers.ts'
import { SILENT } from '../../silent-log.ts'

// biome-ignore lint/suspicious/noExplicitAny: messages are whatever was sent
export type Json = any

export interface Message {
  readonly type: string
  readonly data: Json
  readonly cursor: string
}

export interface LiveApi {
  readonly timers: FakeTimers
  /** Asks a route below /v1. */
  ask(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** What the route's JSON lines are until they end, with the time at which each came; the clock goes on as far as needed. */
  all(path: string): Promise<(Message & { readonly at: number })[]>
}

export function liveApi(ports: Ports, more: Partial<LiveOptions> = {}): LiveApi {
  const timers = createFakeTimers(ports.clock.now())
  const api = createApi({ ports, log: SILENT, auth: 'none', live: { timers, isStreaming: true, ...more } })
  const ask: LiveApi['ask'] = async (path, headers = {}) =>
    api.request(`http://localhost:8080/v1/${path}`, { headers: { host: 'localhost:8080', ...headers } })
  return {
    timers,
    ask,
    async all(path) {
      const reader = messagesOf(await ask(`${path}&format=ndjson`))
      const found: (Message & { at: number })[] = []
      for (;;) {
        const next = await whileTimePasses(timers, reader.next())
        if (next.done) return found
        found.push({ ...next.value, at: timers.now() })
      }
    },
  }
}

/** Moves the clock until a promise settles. */
export async function whileTimePasses<T>(timers: FakeTimers, promise: Promise<T>, step = 50): Promise<T> {
  let settled = false
  const mark = () => {
    settled = true
  }
  promise.then(mark, mark)
  for (let turn = 0; turn < 20; turn++) {
    await new Promise(resolve => setImmediate(resolve))
    if (settled) return promise
  }
  while (!settled) await timers.advance(step)
  return promise
}

/** The messages of an answer of JSON lines, as they come. */
export async function* messagesOf(response: Response): AsyncGenerator<Message> {
  const reader = readerOf(response)
  try {
    for (let next = await reader.next(); next; next = await reader.next()) yield* next
  } finally {
    await reader.cancel()
  }
}

export interface MessageReader {
  /** The messages of the next part; undefined at the end. */
  next(): Promise<Message[] | undefined>
  /** Leaves, also while something is awaited. */
  cancel(): Promise<void>
}

export function readerOf(response: Response): MessageReader {
  if (response.status !== 200 || !response.body) throw new Error(`the answer is ${response.status}`)
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  return {
    async next() {
      const { value, done } = await reader.read()
      if (done && rest !== '') throw new Error(`a line without an end: ${rest}`)
      if (done) return undefined
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      return lines.map(line => JSON.parse(line))
    },
    cancel: () => reader.cancel(),
  }
}

/** The machine's timers, counted. */
export function countedTimers(): Timers & { waiting(): number; readonly lengths: readonly number[] } {
  const timers = systemTimers()
  const lengths: number[] = []
  let waiting = 0
  return {
    ...timers,
    lengths,
    waiting: () => waiting,
    after(milliseconds, run) {
      lengths.push(milliseconds)
      waiting++
      let isOver = false
      const end = () => {
        if (!isOver) waiting--
        isOver = true
      }
      const cancel = timers.after(milliseconds, () => {
        end()
        run()
      })
      return () => {
        end()
        cancel()
      }
    },
  }
}
