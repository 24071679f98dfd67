/** Gold's function as it is deployed. */
import { awsPorts, sharesOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { lineageOfFunction, thenTell, watched } from '../lineage.ts'
import { thenMirror } from '../mirror.ts'
import { oneGoldAtATime, whileUnpaused } from '../pausing.ts'
import { goldHandler } from './handler.ts'

const { ports: plain, mirror } = awsPorts()
const telemetry = awsTelemetry('gold')
const lineage = lineageOfFunction(plain, telemetry)
const ports = watched(plain, lineage, 'stages')
const gold = goldHandler(telemetry, ports, sharesOfFunction(), oneGoldAtATime(ports, telemetry.log))
export const handler = thenTell(lineage, thenMirror(mirror, [GOLD_TABLE], whileUnpaused(ports, gold)))
