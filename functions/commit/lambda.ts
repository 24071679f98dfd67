/** Commit's function as it is deployed. */
import { awsPorts } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { committedTables } from '../../domain/tables.ts'
import { thenMirror } from '../mirror.ts'
import { whileUnpaused } from '../pausing.ts'
import { commitHandler } from './handler.ts'

const { ports, mirror } = awsPorts()
export const handler = thenMirror(
  mirror,
  committedTables(EXCHANGES),
  whileUnpaused(ports, commitHandler(awsTelemetry('commit'), ports, EXCHANGES)),
)
