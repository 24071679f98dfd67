/** Answers that go on, under `/v1`: recorded trades and candles, and live ones. */
import type { Hono } from 'hono'
import type { LiveContext } from './answer.ts'
import { createFollower } from './follower.ts'
import { answerReplay } from './replay-route.ts'
import { answerStream } from './stream-route.ts'

/** How soon a commit is seen. */
const POLL_MS = 250

export function addLiveRoutes(routes: Hono, live: LiveContext): void {
  const { timers, pollMs = POLL_MS } = live.live
  const follower = createFollower({ ...live.ports, timers }, pollMs)
  routes.get('/replay', context => answerReplay(context, live))
  routes.get('/stream', context => answerStream(context, { ...live, follower }))
}
