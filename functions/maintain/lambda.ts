/** Maintenance's function as it is deployed, with DuckDB. */
import { awsEngine } from '../../adapters/aws-engine.ts'
import { awsPorts, retentionOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { allTables } from '../../domain/tables.ts'
import { thenMirror } from '../mirror.ts'
import { maintainHandler } from './handler.ts'

const { ports, mirror } = awsPorts(awsEngine())
export const handler = thenMirror(
  mirror,
  allTables(EXCHANGES),
  maintainHandler(awsTelemetry('maintain'), ports, EXCHANGES, { retention: retentionOfFunction() }),
)
