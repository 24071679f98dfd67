/** Answers that go on, under `/v1`: recorded trades and candles, and live ones. */
import type { Hono } from 'hono'
import type { LiveContext } from './answer.ts'
import { answerReplay } from './replay-route.ts'

export function addLiveRoutes(routes: Hono, live: LiveContext): void {
  routes.get('/replay', context => answerReplay(context, live))
}
