/** Bronze's function as it is deployed: one for each stream of records. */
import { awsPorts, streamOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { whileUnpaused } from '../pausing.ts'
import { bronzeHandler } from './handler.ts'

const stream = streamOfFunction()
const { ports } = awsPorts()
export const handler = whileUnpaused(ports, bronzeHandler(awsTelemetry(`bronze_${stream.name}`), ports, stream))
