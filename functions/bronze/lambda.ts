/** Bronze's function as it is deployed: one for each stream of records. */
import { awsPorts, streamOfFunction } from '../../adapters/aws-ports.ts'
import { bronzeHandler } from './handler.ts'

export const handler = bronzeHandler(awsPorts().ports, streamOfFunction())
