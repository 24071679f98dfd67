/** Clients who ask a server all the while, and what each answer was: whole, refused in words, or wrong. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FromServer, ToServer } from './changing-server.ts'

/** What is said of a lake while it is asked. */
export interface Moment {
  /** How many of the batches that were published are in Gold. */
  committed: number
  /** A file is missing: until it is repaired an answer may fail, in words. */
  isDamaged: boolean
  /** Repairs that were done. */
  repairs: number
}

export interface Answered {
  readonly path: string
  readonly headers: Headers
  readonly body: Buffer
  /** Batches that were in Gold when it was asked. */
  readonly committed: number
  /** No file was missing meanwhile. */
  readonly isCalm: boolean
}

export interface Server {
  readonly url: string
  /** Lets time pass for the server. */
  advance(milliseconds: number): Promise<void>
  close(): Promise<void>
}

export async function startServer(directory: string): Promise<Server> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'changing-server.ts'), [directory])
  const [message] = (await once(child, 'message')) as [FromServer]
  if (!('url' in message)) throw new Error('the server did not say where it is')
  return {
    url: message.url,
    async advance(advanceMs) {
      const told = once(child, 'message')
      const order: ToServer = { advanceMs }
      child.send(order)
      await told
    },
    async close() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

export interface Clients {
  /** Asks one thing; undefined where it was refused, or was told in words that a file is missing. */
  ask(path: string): Promise<Answered | undefined>
  /** Asks several things within an hour: what they are about is kept for so long. */
  within<T>(work: (ask: Clients['ask']) => Promise<T>): Promise<T>
  /** Asks page after page; undefined where one of them was refused. */
  walk(path: string): Promise<readonly Answered[] | undefined>
  /** Does this again and again until the clients are stopped. */
  start(work: () => Promise<void>): void
  /** Asks nothing new until all that is being asked has been answered, and what comes to pass then has. */
  between(happens: () => Promise<void>): Promise<void>
  stop(): Promise<void>
  /** Takes all that a live stream sends. */
  follow(path: string): Promise<Followed>
  readonly problems: string[]
  /** By status: how often a request was answered with it. */
  readonly statuses: ReadonlyMap<number, number>
}

export interface Followed {
  /** The lines that have come. */
  readonly lines: readonly string[]
  stop(): Promise<void>
}

/** What the documents name besides success: a cursor, a snapshot or trades that are kept no longer; a lake that is busy. */
const REFUSALS = [410, 503]
/** While a file is missing. */
const MISSING = [404, 500]
const PAUSE_MS = 120

export function createClients(url: string, moment: Moment): Clients {
  const problems: string[] = []
  const statuses = new Map<number, number>()
  const asking = new Set<Promise<unknown>>()
  const loops: Promise<void>[] = []
  let gate: Promise<void> = Promise.resolve()
  let isOver = false

  async function one(path: string): Promise<Answered | undefined> {
    const { committed, isDamaged, repairs } = moment
    const isCalm = () => !isDamaged && !moment.isDamaged && moment.repairs === repairs
    try {
      const answer = await fetch(`${url}${path}`, { headers: { 'accept-encoding': 'identity' } })
      const body = Buffer.from(await answer.arrayBuffer())
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (answer.ok) return { path, headers: answer.headers, body, committed, isCalm: isCalm() }
      const said = `${answer.status} ${answer.headers.get('content-type')} ${body.toString()}`
      // The shapes of others have their own words for it.
      const isInWords =
        /^application\/(?:problem\+)?json/.test(answer.headers.get('content-type') ?? '') && / /.test(body.toString())
      if (isInWords && (REFUSALS.includes(answer.status) || (MISSING.includes(answer.status) && !isCalm())))
        return undefined
      problems.push(`${path}: ${said}`)
    } catch (error) {
      // A body that is cut off: the file went missing while it was being sent.
      if (isCalm()) problems.push(`${path}: ${String((error as Error).cause ?? error)}`)
    }
    return undefined
  }

  async function within<T>(work: (ask: Clients['ask']) => Promise<T>): Promise<T> {
    await gate
    const asked = work(one)
    asking.add(asked)
    return asked.finally(() => asking.delete(asked))
  }
  const ask = (path: string) => within(() => one(path))

  return {
    problems,
    statuses,
    ask,
    within,
    async walk(path) {
      const pages: Answered[] = []
      for (let cursor = ''; ; ) {
        const page = await ask(`${path}${cursor}`)
        if (!page) return undefined
        pages.push(page)
        const { next } = JSON.parse(page.body.toString()) as { next: string | null }
        if (next === null) return pages
        cursor = `&cursor=${next}`
      }
    },
    start(work) {
      const loop = async () => {
        while (!isOver) {
          await work()
          await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
        }
      }
      loops.push(loop().catch(error => void problems.push(`a client failed: ${error}`)))
    },
    async follow(path) {
      const leaving = new AbortController()
      const lines: string[] = []
      const { body } = await fetch(`${url}${path}`, { signal: leaving.signal })
      const taking = (async () => {
        let rest = ''
        for await (const text of (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
          const parts = `${rest}${text}`.split('\n')
          rest = parts.pop() as string
          lines.push(...parts)
        }
        problems.push(`${path}: ended by itself, with ${lines.at(-1)}`)
      })().catch(error => {
        if (!leaving.signal.aborted) problems.push(`${path}: ${error}`)
      })
      return {
        lines,
        async stop() {
          leaving.abort()
          await taking
        },
      }
    },
    async between(happens) {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      while (asking.size > 0) await Promise.all(asking)
      await happens().finally(resolve)
    },
    async stop() {
      isOver = true
      await Promise.all(loops)
    },
  }
}
