/** The candles' Lambda: started by Gold's success, and by a schedule in case that got lost. */
import type { Ports, Telemetry } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { handlerOf } from '../invocation.ts'
import { type CandleResult, foldPending } from './ohlcv.ts'

export function ohlcvHandler(telemetry: Telemetry, ports: Ports) {
  return handlerOf<unknown, CandleResult>(telemetry, {}, async (_, { log, context }) => {
    const result = await foldPending(ports, deadlineOf(ports, context))
    log.info('ohlcv', { ...result })
    return result
  })
}
