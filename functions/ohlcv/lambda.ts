/** The candles' function as it is deployed. */
import { awsPorts, sharesOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { wholeShare } from '../../domain/shares.ts'
import { lineageOfFunction, thenTell, watched } from '../lineage.ts'
import { thenMirror } from '../mirror.ts'
import { whileUnpaused } from '../pausing.ts'
import { ohlcvHandler, tablesOf } from './handler.ts'

const { ports: plain, mirror } = awsPorts()
const telemetry = awsTelemetry('ohlcv')
const lineage = lineageOfFunction(plain, telemetry)
const ports = watched(plain, lineage, 'stages')
const fold = whileUnpaused(ports, ohlcvHandler(telemetry, ports, wholeShare(EXCHANGES), sharesOfFunction()))
export const handler = thenTell(lineage, thenMirror(mirror, tablesOf, fold))
