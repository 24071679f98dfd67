/** Gold's function as it is deployed. */
import { awsPorts } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { thenMirror } from '../mirror.ts'
import { goldHandler } from './handler.ts'

const { ports, mirror } = awsPorts()
export const handler = thenMirror(mirror, [GOLD_TABLE], goldHandler(awsTelemetry('gold'), ports))
