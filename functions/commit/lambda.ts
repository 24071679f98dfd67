/** Commit's function as it is deployed. */
import { awsPorts } from '../../adapters/aws-ports.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { thenMirror } from '../mirror.ts'
import { committedTables } from './commit.ts'
import { commitHandler } from './handler.ts'

const { ports, mirror } = awsPorts()
export const handler = thenMirror(mirror, committedTables(EXCHANGES), commitHandler(ports, EXCHANGES))
