/** Commit's function as it is deployed. */
import { awsPorts } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { committedTables } from '../../domain/tables.ts'
import { lineageOfFunction, thenTell, watched } from '../lineage.ts'
import { thenMirror } from '../mirror.ts'
import { whileUnpaused } from '../pausing.ts'
import { commitHandler } from './handler.ts'

const { ports: plain, mirror } = awsPorts()
const telemetry = awsTelemetry('commit')
const lineage = lineageOfFunction(plain, telemetry)
const ports = watched(plain, lineage, 'stages')
const commit = whileUnpaused(ports, commitHandler(telemetry, ports, EXCHANGES))
export const handler = thenTell(lineage, thenMirror(mirror, committedTables(EXCHANGES), commit))
