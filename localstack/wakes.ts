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
  /** The list whose new items start the function, and how their ids begin. */
  readonly partition: string
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
  const { partition, prefix, functionName, windowMs } = mapping
  let running = true
  let seen: ReadonlySet<string> = new Set()

  async function step(): Promise<void> {
    const ids = (await state.query('state', partition, { prefix })).map(({ key }) => key.sort)
    if (ids.every(id => seen.has(id))) return
    await clock.sleep(windowMs)
    const all = (await state.query('state', partition, { prefix })).map(({ key }) => key.sort)
    const Records = [...new Set([...ids, ...all])].filter(id => !seen.has(id)).map(id => ({ eventName: 'INSERT', id }))
    seen = new Set([...ids, ...all])
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
