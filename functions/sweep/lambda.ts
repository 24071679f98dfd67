/** The sweep's function as it is deployed; Glue catches up here with whatever a crash kept from it. */
import { awsPorts, queueEvents } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { allTables } from '../../domain/tables.ts'
import { thenMirror } from '../mirror.ts'
import { sweepHandler } from './handler.ts'

const { ports, mirror } = awsPorts()
export const handler = thenMirror(
  mirror,
  allTables(EXCHANGES),
  sweepHandler(awsTelemetry('sweep'), ports, EXCHANGES, queueEvents()),
)
