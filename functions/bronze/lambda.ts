/** Bronze's function as it is deployed: one for each exchange. */
import { awsPorts, exchangeOfFunction } from '../../adapters/aws-ports.ts'
import { bronzeHandler } from './handler.ts'

export const handler = bronzeHandler(awsPorts().ports, exchangeOfFunction())
