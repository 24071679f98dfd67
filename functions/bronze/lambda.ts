/** Bronze's function as it is deployed: one for each stream of records. */
import { awsPorts, streamOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { bronzeHandler } from './handler.ts'

const stream = streamOfFunction()
export const handler = bronzeHandler(awsTelemetry(`bronze_${stream.name}`), awsPorts().ports, stream)
