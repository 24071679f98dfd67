/** The topics' function as it is deployed. */
import { Admin } from '@platformatic/kafka'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { kafkaAccess } from '../../adapters/kafka-access.ts'
import { systemClock } from '../../adapters/system.ts'
import { topicsHandler } from './handler.ts'

/** Less than the function's own time: what went wrong is told. */
const TIMEOUT_MS = 20_000

async function connect(): Promise<Admin> {
  return new Admin({ clientId: 'tradelake-topics', timeout: TIMEOUT_MS, retries: 3, ...(await kafkaAccess()) })
}

export const handler = topicsHandler(awsTelemetry('topics'), systemClock(), connect)
