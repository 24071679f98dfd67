/** The candles' Lambda: what Gold hands over starts it for the minutes, a schedule for every timeframe and for what got lost. */
import { isWake } from '../../domain/events.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { candleTable, type TableDefinition } from '../../domain/tables.ts'
import { handlerOf } from '../invocation.ts'
import { type CandleResult, FRAMES, type Frames, foldPending } from './ohlcv.ts'

export function ohlcvHandler(telemetry: Telemetry, ports: Ports) {
  return handlerOf<unknown, CandleResult>(telemetry, {}, async (event, { log, context }) => {
    const result = await foldPending(ports, deadlineOf(ports, context), framesOf(event))
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
