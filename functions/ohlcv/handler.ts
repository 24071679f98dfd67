/** The candles' Lambda: what Gold hands over starts it for the minutes, a schedule for every timeframe and for what got lost. */
import { isWake } from '../../domain/events.ts'
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { candleTable, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { handlerOf } from '../invocation.ts'
import { type CandleResult, foldPending } from './ohlcv.ts'

export function ohlcvHandler(telemetry: Telemetry, ports: Ports) {
  return handlerOf<unknown, CandleResult>(telemetry, {}, async (event, { log, context }) => {
    const result = await foldPending(ports, deadlineOf(ports, context), isWake(event) ? 'minutes' : 'all')
    log.info('ohlcv', { ...result })
    return result
  })
}

/** The tables that an event's run may commit to. */
export function tablesOf(event: unknown): TableDefinition[] {
  return (isWake(event) ? TIMEFRAMES.slice(0, 1) : TIMEFRAMES).map(candleTable)
}
