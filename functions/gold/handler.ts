/** Gold's Lambda: each schedule unifies what Silver has made; its success starts the candles. */
import { Logger } from '@aws-lambda-powertools/logger'
import type { InvocationContext, Log, Ports } from '../../domain/ports.ts'
import { deadlineOf } from '../../domain/protocol.ts'
import { type GoldResult, unify } from './gold.ts'

export function goldHandler(ports: Ports, log: Log = new Logger({ serviceName: 'gold' })) {
  return async (_event: unknown, context: InvocationContext): Promise<GoldResult> => {
    const result = await unify(ports, deadlineOf(ports, context))
    log.info('gold', { requestId: context.awsRequestId, ...result })
    return result
  }
}
