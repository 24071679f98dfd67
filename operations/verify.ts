/**
 * Whether a deployment works: CloudFormation's CREATE_COMPLETE says that its parts are there, not that a trade gets through. Waits until
 * Lambda reads every topic, and every table that trades must reach has rows.
 */
import type { MappingStatus, Mappings } from '../adapters/lambda-mappings.ts'
import { sumOf } from '../domain/counts.ts'
import type { Exchange } from '../domain/exchanges.ts'
import { pascal } from '../domain/names.ts'
import { recordStreams } from '../domain/streams.ts'
import { bronzeTable, candleTable, GOLD_TABLE, silverTable } from '../domain/tables.ts'
import { TIMEFRAMES } from '../domain/timeframes.ts'
import { openTables } from '../tables/views.ts'
import type { DeployedLake } from './deployed-lake.ts'

/** A lake whose stack's outputs can be asked. */
type Outputs = Pick<DeployedLake, 'exchanges' | 'ports' | 'output'>

export interface Part {
  readonly name: string
  readonly ready: boolean
  /** What it is now, in words. */
  readonly now: string
}

export interface VerifyOptions {
  /** Exchanges whose trades are meant to come. */
  readonly expected: readonly Exchange[]
  /** The longest to wait, milliseconds. */
  readonly waitMs: number
  /** Called when a part has become ready. */
  readonly onReady?: (part: Part) => void
}

const PAUSE_MS = 5_000

/** Looks until all parts are ready or the time is over; gives the parts as they were last. */
export async function verifyDeployed(
  lake: Outputs,
  mappings: Pick<Mappings, 'status'>,
  { expected, waitMs, onReady }: VerifyOptions,
): Promise<readonly Part[]> {
  const { clock } = lake.ports
  const end = clock.steady() + waitMs
  const told = new Set<string>()
  for (;;) {
    const parts = [...(await sources(lake, mappings, expected)), ...(await tables(lake, expected))]
    for (const part of parts)
      if (part.ready && !told.has(part.name)) {
        told.add(part.name)
        onReady?.(part)
      }
    if (parts.every(({ ready }) => ready) || clock.steady() + PAUSE_MS > end) return parts
    await clock.sleep(PAUSE_MS)
  }
}

async function sources(
  lake: Outputs,
  mappings: Pick<Mappings, 'status'>,
  expected: readonly Exchange[],
): Promise<Part[]> {
  const busy = new Set(expected.map(({ name }) => name as string))
  return Promise.all(
    recordStreams(lake.exchanges).map(async ({ name, topic }) => {
      const status = await mappings.status(lake.output(pascal(name, 'bronzeMapping')))
      return { name: `event source of ${topic}`, ...judge(status, busy.has(name)) }
    }),
  )
}

/**
 * A mapping that has read nothing yet says so; one that cannot read says what is wrong, and is still enabled (Lambda developer guide,
 * "Troubleshooting Kafka event source mapping errors").
 */
function judge({ state, reason, result }: MappingStatus, isBusy: boolean): Pick<Part, 'ready' | 'now'> {
  const now = [state, result, reason].filter(text => text !== '').join(': ')
  const well = /^OK\b/.test(result) || (!isBusy && (result === '' || result === 'No records processed'))
  return { ready: state === 'Enabled' && well, now }
}

async function tables(lake: Outputs, expected: readonly Exchange[]): Promise<Part[]> {
  if (expected.length === 0) return []
  const reached = new Set(
    [...expected.flatMap(exchange => [bronzeTable(exchange), silverTable(exchange)]), GOLD_TABLE]
      .concat(TIMEFRAMES.map(candleTable))
      .map(({ name }) => name),
  )
  return (await openTables(lake))
    .filter(({ definition }) => reached.has(definition.name))
    .map(({ definition, files }) => {
      const rows = sumOf(files, file => file.records)
      return { name: `table ${definition.name}`, ready: rows > 0, now: `${rows} rows in ${files.length} files` }
    })
}
