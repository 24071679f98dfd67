/**
 * Turns at the event loop, one in each of its rounds. What computes for long does so a piece at a time and waits for its turn before each,
 * so that a short request waits for one piece, however many long ones there are beside it. (Node runs all that `setImmediate` was given
 * in one round: each for itself would make it wait for a piece of every one of them.) Long requests also need a seat, of which there are
 * few: each holds what it has read.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { MiddlewareHandler } from 'hono'
import { problem } from '../market/problems.ts'
import { createSeats } from './seats.ts'

interface Asking {
  /** Aborts when the client has left. */
  readonly signal: AbortSignal
  turns: number
  /** The request's one seat, however many parts of it ask for one: settles when it has it. */
  seat?: Promise<void>
  /** Its answer has begun: what goes on is a body, which is made as fast as the client takes it, and holds little. */
  isAnswered: boolean
}

const asking = new AsyncLocalStorage<Asking>()

/** An answer of more rows is a long one, and is written so many at a time. */
export const TURN_ROWS = 1_000

const SEATS = 8
/** A request that takes more turns is a long one. */
const SHORT_TURNS = 3

/**
 * Lets what answers a request take turns, and gives back its seat. A request whose client has left gets no more: who asks and leaves again
 * and again would otherwise leave ever more work behind.
 */
export const takingTurns: MiddlewareHandler = async (context, next) => {
  const mine: Asking = { signal: context.req.raw.signal, turns: 0, isAnswered: false }
  try {
    await asking.run(mine, next)
  } finally {
    mine.isAnswered = true
    // A part that still stands in line gets its seat later.
    mine.seat?.then(seats.leave)
  }
}

const waiting: (() => void)[] = []

/**
 * Waits until all who asked before had their turns, and what had come in meanwhile has been looked at. `isLong`: the request is known to
 * be a long one.
 * @throws Problem 503, which nobody sees, where the client has left
 */
export async function turn(isLong = false): Promise<void> {
  await new Promise<void>(resolve => {
    if (waiting.push(resolve) === 1) setImmediate(give)
  })
  const mine = asking.getStore()
  if (!mine) return
  if (!mine.isAnswered && !mine.signal.aborted && (isLong || ++mine.turns > SHORT_TURNS)) {
    mine.seat ??= seats.take()
    await mine.seat
  }
  if (mine.signal.aborted) throw problem(503, 'The client left before it was answered.')
}

function give(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(give)
}

const seats = createSeats(SEATS)

/** The same pieces, each made in a turn of its own. */
export async function* inTurns<Piece>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  await turn()
  for await (const piece of pieces) {
    yield piece
    await turn()
  }
}
