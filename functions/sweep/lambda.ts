/** The sweep's function as it is deployed; here Glue also catches up with commits whose update a crash prevented. */
import { awsPorts, buildNumberOfFunction, queueEvents } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { allTables } from '../../domain/tables.ts'
import { thenMirror } from '../mirror.ts'
import { whileUnpaused } from '../pausing.ts'
import { sweepHandler } from './handler.ts'

const { ports, mirror } = awsPorts()
export const handler = thenMirror(
  mirror,
  allTables(EXCHANGES),
  whileUnpaused(ports, sweepHandler(awsTelemetry('sweep'), ports, EXCHANGES, queueEvents(), buildNumberOfFunction())),
)
