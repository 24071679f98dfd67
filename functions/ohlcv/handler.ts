/** The candles' Lambda: what Gold hands over starts it for the minutes, a schedule for every timeframe and for what got lost. */
import { isWake } from '../../domain/events.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { type Share, sharesWithNews } from '../../domain/shares.ts'
import { candleTable, type TableDefinition } from '../../domain/tables.ts'
import { handlerOf } from '../invocation.ts'
import { addCandles, type CandleResult, FRAMES, type Frames, foldPending, NOTHING_FOLDED } from './ohlcv.ts'

/** New items start the minutes of the shares they are of; a schedule, with `whole`, all that there is. */
export function ohlcvHandler(telemetry: Telemetry, ports: Ports, whole: Share, shares: readonly Share[] = [whole]) {
  return handlerOf<unknown, CandleResult>(telemetry, {}, async (event, { log, context }) => {
    const deadline = deadlineOf(ports, context)
    let result = NOTHING_FOLDED
    for (const share of isWake(event) ? sharesWithNews(event, shares) : [whole])
      result = addCandles(result, await foldPending(ports, deadline, framesOf(event), share))
    log.info('ohlcv', { ...result })
    return result
  })
}

/** New items start the minutes alone, a schedule all. */
const framesOf = (event: unknown): Frames => (isWake(event) ? 'minutes' : 'all')

/** The tables that an event's run may commit to. */
export function tablesOf(event: unknown): TableDefinition[] {
  return FRAMES[framesOf(event)].map(candleTable)
}
