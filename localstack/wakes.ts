/**
 * A local stand-in for Lambda's poller of the state table's stream, which the emulator has without its batching window, and in the one
 * loop that also polls Silver's queues. It looks at the lists themselves: what is new there would be in the stream.
 */
import { messageOf } from '../domain/errors.ts'
import type { Clock, Log, StateStore } from '../domain/ports.ts'

/** Lambda looks for records of a shard four times a second (Lambda developer guide, "Using Lambda with DynamoDB"). */
const LOOK_MS = 250

/** An event source mapping of the stream, as the deployment has it. */
export interface WakeMapping {
  /** The lists whose new items start the function, and how their ids begin. */
  readonly partitions: readonly string[]
  readonly prefix: string
  readonly functionName: string
  /** How long items gather from the first on. */
  readonly windowMs: number
}

export interface Wake {
  stop(): Promise<void>
}

export interface WakeOptions {
  readonly mapping: WakeMapping
  readonly state: StateStore
  readonly invoke: (functionName: string, event: unknown) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

/** Starts the function when new items have gathered; one invocation at a time, as a shard has. */
export function startWake({ mapping, state, invoke, clock, log }: WakeOptions): Wake {
  const { partitions, prefix, functionName, windowMs } = mapping
  let running = true
  let seen: ReadonlySet<string> = new Set()

  /** The partition of each item, by its id. */
  async function look(): Promise<Map<string, string>> {
    const found = await Promise.all(partitions.map(partition => state.query('state', partition, { prefix })))
    return new Map(found.flat().map(({ key }) => [key.sort, key.partition]))
  }

  async function step(): Promise<void> {
    const first = await look()
    if ([...first.keys()].every(id => seen.has(id))) return
    await clock.sleep(windowMs)
    const all = new Map([...first, ...(await look())])
    const Records = [...all]
      .filter(([id]) => !seen.has(id))
      .map(([id, partition]) => ({ eventName: 'INSERT', dynamodb: { Keys: { pk: { S: partition }, sk: { S: id } } } }))
    seen = new Set(all.keys())
    await invoke(functionName, { Records })
  }

  async function run(): Promise<void> {
    while (running) {
      // What a failed start leaves is the next one's, or the schedule's.
      await step().catch(error => log.warn(`${functionName} was not started`, { problem: messageOf(error) }))
      await clock.sleep(LOOK_MS)
    }
  }

  const ended = run()
  return {
    async stop() {
      running = false
      await ended
    },
  }
}
