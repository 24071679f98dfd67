/** Silver's function as it is deployed: one for each exchange. */
import { awsPorts, exchangeOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { whileUnpaused } from '../pausing.ts'
import { silverHandler } from './handler.ts'

const exchange = exchangeOfFunction()
const { ports } = awsPorts()
export const handler = whileUnpaused(ports, silverHandler(awsTelemetry(`silver_${exchange.name}`), ports, exchange))
