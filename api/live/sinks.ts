/**
 * How messages get to a client: as the body of an answer, or through a WebSocket. The next chunk is asked for when the client has
 * taken the one before, so that nothing piles up here. A client that leaves ends what makes the messages; one that does not
 * take a chunk in time is told so and cut.
 */
import type { Timers } from '../../domain/feed-ports.ts'
import type { Connection, ServerSocket } from '../../domain/server-ports.ts'
import { type Problem, problem, problemBody } from '../market/problems.ts'
import { type Chunk, eachMessage, type Framing } from './messages.ts'

/** Makes messages until it is over, or the signal aborts. */
export type Source = (framing: Framing, signal: AbortSignal) => AsyncGenerator<Chunk>

export interface SinkOptions {
  readonly timers: Timers
  /** How long a client may take over a chunk, milliseconds; undefined: as long as it likes. */
  readonly slowMs: number | undefined
  /** What a failure on the way is told as. */
  readonly asProblem: (error: unknown) => Told
  /** The last message of what fails, as JSON: by default `{"type":"error","data":…}`. */
  readonly textOf?: ((told: Told) => string) | undefined
}

type Told = Pick<Problem, 'status' | 'message' | 'parameter'>

/** How long a client that is cut has to take the last message. */
const FAREWELL_MS = 5_000

const TOO_SLOW =
  'This client takes longer than the messages keep: connect again with the last cursor, and read faster or ask for less.'

/** Codes of WebSockets' ends (RFC 6455, section 7.4.1, and IANA's registry). */
const [NORMAL, INTERNAL_ERROR, POLICY] = [1000, 1011, 1008]

const errorText = (told: Told) => `{"type":"error","data":${JSON.stringify(problemBody(told))}}`

function lastMessage(framing: Framing, text: string): Chunk {
  const bytes = Buffer.from(framing === 'events' ? `data: ${text}\n\n` : framing === 'lines' ? `${text}\n` : text)
  return { bytes, ends: [bytes.length] }
}

/** A body that is made as it is read. */
export function bodyOf(
  source: Source,
  framing: Framing,
  options: SinkOptions,
  connection: Connection,
): ReadableStream<Uint8Array> {
  const { timers, slowMs, asProblem } = options
  const left = new AbortController()
  const chunks = source(framing, left.signal)
  let watch = () => {}
  let isLast = false
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        watch()
        watch = () => {}
        if (isLast) return controller.close()
        const next = await chunks.next().catch(error => ({ done: false as const, value: failure(error) }))
        if (left.signal.aborted) return
        if (next.done) return controller.close()
        controller.enqueue(next.value.bytes)
        if (slowMs === undefined || isLast) return
        watch = timers.after(slowMs, () => {
          isLast = true
          left.abort()
          void chunks.return(undefined)
          controller.enqueue(lastMessage(framing, errorText(problem(503, TOO_SLOW))).bytes)
          watch = timers.after(FAREWELL_MS, () => connection.destroy?.())
        })
      },
      async cancel() {
        watch()
        left.abort()
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )

  function failure(error: unknown): Chunk {
    isLast = true
    return lastMessage(framing, errorText(asProblem(error)))
  }
}

/** Sends all of it, and says goodbye. */
export async function runSocket(source: Source, socket: ServerSocket, options: SinkOptions): Promise<void> {
  const { timers, slowMs, asProblem, textOf = errorText } = options
  const left = new AbortController()
  const leave = () => left.abort()
  socket.gone.addEventListener('abort', leave)
  if (socket.gone.aborted) leave()
  try {
    for await (const chunk of source('frames', left.signal)) {
      if (left.signal.aborted) return
      const sent = socket.send(eachMessage(chunk))
      if (slowMs === undefined || (await isInTime(sent, slowMs))) {
        await sent
        continue
      }
      farewell(problem(503, TOO_SLOW), POLICY)
      return
    }
    if (!left.signal.aborted) socket.close(NORMAL, '')
  } catch (error) {
    const told = asProblem(error)
    farewell(told, told.status === 401 ? POLICY : INTERNAL_ERROR)
  } finally {
    left.abort()
    socket.gone.removeEventListener('abort', leave)
  }

  function isInTime(sent: Promise<void>, milliseconds: number): Promise<boolean> {
    return new Promise(resolve => {
      const cancel = timers.after(milliseconds, () => resolve(false))
      sent.finally(() => {
        cancel()
        resolve(true)
      })
    })
  }

  function farewell(told: Told, code: number): void {
    const sent = socket.send(eachMessage(lastMessage('frames', textOf(told))))
    socket.close(code, told.message.slice(0, 100))
    const cancel = timers.after(FAREWELL_MS, () => socket.destroy())
    sent.finally(cancel)
  }
}
