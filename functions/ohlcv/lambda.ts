/** The candles' function as it is deployed. */
import { awsPorts } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { candleTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { thenMirror } from '../mirror.ts'
import { whileUnpaused } from '../pausing.ts'
import { ohlcvHandler } from './handler.ts'

const { ports, mirror } = awsPorts()
const fold = whileUnpaused(ports, ohlcvHandler(awsTelemetry('ohlcv'), ports))
export const handler = thenMirror(mirror, TIMEFRAMES.map(candleTable), fold)
