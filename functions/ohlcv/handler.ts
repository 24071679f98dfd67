/** The candles' Lambda: started by Gold's success, and by a schedule in case that got lost. */
import { Logger } from '@aws-lambda-powertools/logger'
import type { InvocationContext, Log, Ports } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { type CandleResult, foldPending } from './ohlcv.ts'

export function ohlcvHandler(ports: Ports, log: Log = new Logger({ serviceName: 'ohlcv' })) {
  return async (_event: unknown, context: InvocationContext): Promise<CandleResult> => {
    const result = await foldPending(ports, deadlineOf(ports, context))
    log.info('ohlcv', { requestId: context.awsRequestId, ...result })
    return result
  }
}
