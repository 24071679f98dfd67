/**
 * Replay into a deployed lake: its Bronze functions are invoked with the events that an MSK event source would bring. Not beside a
 * live one: the topic and a file could hold different records at an offset, and Bronze would take that for a new topic.
 */
import type { LambdaClient } from '@aws-sdk/client-lambda'
import { awsError } from '../../adapters/aws-errors.ts'
import { invocationFailure, invokingClient } from '../../adapters/lambda-invoke.ts'
import { lambdaMappings } from '../../adapters/lambda-mappings.ts'
import { BadInput, TradelakeError } from '../../domain/errors.ts'
import { draftKafkaEvent } from '../../domain/events.ts'
import { pascal, topicName } from '../../domain/names.ts'
import type { QuerySession } from '../../domain/ports.ts'
import { type Progress, UNTOLD } from '../../domain/progress.ts'
import type { DeployedLake } from '../deployed-lake.ts'
import { checkRecords } from './check.ts'
import { openInput, placedRecord, RECORD_COLUMNS, requireRecords, rowsOf, selectRecords } from './input.ts'

const SOURCE = { eventSource: 'aws:kafka' }
const RECORDS_PER_EVENT = 10_000

export interface DeployedReplay {
  readonly records: number
  /** Those that Bronze did not have yet. */
  readonly placed: number
}

/**
 * Brings the files' records to Bronze, each exactly once however often they are replayed.
 * @throws BadInput where a file is not what it should be, an offset is taken by another record, or an event source owns the
 * partitions: nothing is written then; TradelakeError where a function fails: the same replay may be started again
 */
export async function replayDeployed(
  lake: DeployedLake,
  names: readonly string[],
  progress: Progress = UNTOLD,
): Promise<DeployedReplay> {
  const client = invokingClient()
  const session = await lake.ports.engine.session()
  try {
    const target = { exchanges: lake.exchanges, ports: lake.ports, topics: undefined }
    progress.begin('Checking the records', 'record')
    const files = await openInput(session, names)
    const partitions = await requireRecords(target, session, files)
    for (const { name } of lake.exchanges) if (partitions.has(topicName(name))) await requireNoOwner(lake, name)
    const records = await checkRecords(target, session, files)
    let placed = 0
    progress.begin('Bringing the records to Bronze', 'record', records)
    for (const [number, { name }] of lake.exchanges.entries())
      placed += await bring(client, session, {
        topic: topicName(name),
        functionName: functionOf(lake, name),
        select: `SELECT * FROM (${selectRecords(rowsOf(files), RECORD_COLUMNS)} ANTI JOIN held USING (topic_number, part, off))
          WHERE topic_number = ${number} ORDER BY part, off`,
        progress,
      })
    return { records, placed }
  } finally {
    session.close()
    client.destroy()
  }
}

const functionOf = (lake: DeployedLake, exchange: string) => lake.output(pascal(exchange, 'bronzeFunction'))

/** An event source that is not disabled may read any partition of its topic at any time. */
async function requireNoOwner(lake: DeployedLake, exchange: string): Promise<void> {
  const mappings = lambdaMappings()
  const uuid = lake.output(pascal(exchange, 'bronzeMapping'))
  const { state } = await mappings.status(uuid).finally(() => mappings.close())
  if (state !== 'Disabled')
    throw new BadInput(
      `The partitions of ${topicName(exchange)} belong to the event source of ${functionOf(lake, exchange)}, which is ${state.toLowerCase()}: disable it first ` +
        `(aws lambda update-event-source-mapping --uuid ${uuid} --no-enabled); nothing was replayed.`,
    )
}

interface Bringing {
  readonly topic: string
  readonly functionName: string
  /** Records in the order of partition and offset. */
  readonly select: string
  readonly progress: Progress
}

/** Invokes the function until it has all records; gives how many those were. */
async function bring(client: LambdaClient, session: QuerySession, { topic, functionName, select, progress }: Bringing) {
  let sent = 0
  let draft = draftKafkaEvent(topic, SOURCE)
  const flush = async () => {
    if (draft.records === 0) return
    const failure = await invocationFailure(client, functionName, draft.event()).catch(error => {
      throw awsError(error, `Invoking ${functionName}`)
    })
    if (failure !== undefined)
      throw new TradelakeError(
        `${functionName} failed after ${sent} records of ${topic}: ${failure} Start the same replay again.`,
      )
    sent += draft.records
    progress.add(draft.records)
    draft = draftKafkaEvent(topic, SOURCE)
  }
  for await (const rows of session.stream(select))
    for (const row of rows) {
      const record = placedRecord(row)
      if (draft.records < RECORDS_PER_EVENT && draft.add(record)) continue
      await flush()
      draft.add(record)
    }
  await flush()
  return sent
}
