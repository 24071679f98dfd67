/** The sweep's function as it is deployed. */
import { awsPorts, buildNumberOfFunction, queueEvents } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { whileUnpaused } from '../pausing.ts'
import { sweepHandler } from './handler.ts'

const { ports } = awsPorts()
const sweep = sweepHandler(awsTelemetry('sweep'), ports, EXCHANGES, queueEvents(), buildNumberOfFunction())
export const handler = whileUnpaused(ports, sweep)
