/** Maintenance's function as it is deployed, with DuckDB. */
import { awsEngine } from '../../adapters/aws-engine.ts'
import { awsPorts } from '../../adapters/aws-ports.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { allTables } from '../../domain/tables.ts'
import { thenMirror } from '../mirror.ts'
import { maintainHandler } from './handler.ts'

const { ports, mirror } = awsPorts(awsEngine())
export const handler = thenMirror(mirror, allTables(EXCHANGES), maintainHandler(ports, EXCHANGES))
