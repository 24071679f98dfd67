/** Silver's function as it is deployed: one for each exchange. */
import { awsPorts, exchangeOfFunction } from '../../adapters/aws-ports.ts'
import { silverHandler } from './handler.ts'

export const handler = silverHandler(awsPorts().ports, exchangeOfFunction())
