/** Maintenance's function as it is deployed, with DuckDB; here Glue also catches up with commits whose update a crash prevented. */
import { awsEngine } from '../../adapters/aws-engine.ts'
import { awsPorts, retentionOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { unlessPaused } from '../../domain/lease.ts'
import type { InvocationContext } from '../../domain/ports.ts'
import { allTables } from '../../domain/tables.ts'
import { lineageOfFunction, thenTell, watched } from '../lineage.ts'
import { thenMirror } from '../mirror.ts'
import { maintainHandler } from './handler.ts'

const { ports: plain, mirror } = awsPorts(awsEngine())
const telemetry = awsTelemetry('maintain')
const lineage = lineageOfFunction(plain, telemetry)
const ports = watched(plain, lineage, 'maintain')
const options = { retention: retentionOfFunction() }
const maintain = async (event: unknown, context: InvocationContext) =>
  maintainHandler(telemetry, await unlessPaused(ports), EXCHANGES, options)(event, context)
export const handler = thenTell(lineage, thenMirror(mirror, allTables(EXCHANGES), maintain))
