/** Silver's function as it is deployed: one for each exchange. */
import { awsPorts, exchangeOfFunction } from '../../adapters/aws-ports.ts'
import { awsTelemetry } from '../../adapters/aws-telemetry.ts'
import { silverHandler } from './handler.ts'

const exchange = exchangeOfFunction()
export const handler = silverHandler(awsTelemetry(`silver_${exchange.name}`), awsPorts().ports, exchange)
