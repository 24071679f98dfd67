/** What one run's parts share: time, chance, the fault points, and the stores as they really are. */
import { crc32 } from 'node:zlib'
import { bundledRegistry } from '../../adapters/bundled-registry.ts'
import { canonicalWrites } from '../../adapters/state-rules.ts'
import type { ObjectStore, Ports, SchemaRegistry, Write } from '../../domain/ports.ts'
import { TRADE_SCHEMA, WIDE_TRADE_SCHEMA } from '../../domain/trade.ts'
import { BUNDLED_IDS } from '../../domain/wire.ts'
import { mix, type Random, randomStream } from '../../feeds/random.ts'
import { memoryState, type RestorableState } from '../memory/state.ts'
import { memoryStore } from '../memory/store.ts'
import type { RunEngine } from './engine.ts'
import { type FaultKind, type FaultSource, KINDS, type Point, type PointType } from './faults.ts'
import { createScheduler, type Order, type Scheduler } from './scheduler.ts'

/** When every simulated world begins, milliseconds since 1970: a slow call, or a clock that is ahead, crosses midnight. */
export const START = Date.UTC(2026, 10, 20, 23, 59, 50)

/** Trades are written with it from the beginning, although the registry does not know it then. */
export const LATE_SCHEMA = 3
const REGISTRY = bundledRegistry(
  new Map<number, unknown>([
    [BUNDLED_IDS.trade, TRADE_SCHEMA],
    [BUNDLED_IDS.wide, WIDE_TRADE_SCHEMA],
    [LATE_SCHEMA, TRADE_SCHEMA],
  ]),
)

export interface WorldOptions {
  readonly seed: number
  readonly faults: FaultSource
  readonly engine: RunEngine
  /** Longest time that an ordinary call takes, milliseconds; 0 makes all calls instant. */
  readonly jitterMs: number
  readonly order: Order
  readonly tell?: (line: string) => void
}

export interface World {
  readonly seed: number
  readonly scheduler: Scheduler
  readonly engine: RunEngine
  /** As they really are: no fault, no waiting. */
  readonly store: ObjectStore
  readonly state: RestorableState
  readonly registry: SchemaRegistry
  /** The registry has LATE_SCHEMA by now. */
  isRegistered: boolean
  /** A reader would meet tables that are set back: it has to wait for their repair. */
  isSetBack: boolean
  /** Seeded choices of the platform and of durations. */
  readonly random: Random
  /** The time that a call takes, milliseconds. */
  latency(): number
  /** Counts a fault point and tells what goes wrong there. */
  point(type: PointType, detail: string, follows?: boolean): FaultKind | undefined
  /** All points so far. */
  readonly points: readonly Point[]
  /** The faults that happened, with what they happened to. */
  readonly happened: readonly { readonly point: number; readonly kind: FaultKind; readonly detail: string }[]
  /** Faults happen while more storms have come than gone. */
  storm(change: number): void
  /** Called when the last storm has gone. */
  onCalm: () => void | Promise<void>
  /** For as long as `refuses` may say so, calls are throttled: many in a row, which are no faults of the schedule. */
  throttle(refuses: () => boolean): void
  /** Calls refused that way. */
  readonly throttled: number
  /** Called for each object that came into being, and each transaction that took effect. */
  onObject: (key: string, bytes: number) => void
  onTransaction: (writes: readonly Write[]) => void | Promise<void>
  onDelete: (keys: readonly string[]) => void | Promise<void>
}

export function createWorld(options: WorldOptions): World {
  const { seed, engine, jitterMs } = options
  const scheduler = createScheduler(START, randomStream(mix(seed, 1)), options)
  const random = randomStream(mix(seed, 2))
  const durations = randomStream(mix(seed, 3))
  const clock = { now: scheduler.now }
  const points: Point[] = []
  const happened: { point: number; kind: FaultKind; detail: string }[] = []
  let storms = 0
  const throttles: (() => boolean)[] = []
  let throttled = 0
  const store = memoryStore({ clock, scratch: engine.scratch }, { isShared: true })
  const state = memoryState(clock)
  const world: World = {
    seed,
    scheduler,
    engine,
    random,
    registry: {
      writerSchema: id =>
        id === LATE_SCHEMA && !world.isRegistered ? Promise.resolve(undefined) : REGISTRY.writerSchema(id),
    },
    isRegistered: false,
    latency: () => (jitterMs === 0 ? 0 : latency(durations, jitterMs)),
    point(type, detail, follows = false) {
      const point = points.push({ type, follows }) - 1
      const kind = storms > 0 ? options.faults(point, type) : undefined
      if (kind === undefined && KINDS[type].includes('throttle') && throttles.some(refuses => refuses())) {
        throttled++
        scheduler.note(`  throttled ${point}: ${detail}`)
        return 'throttle'
      }
      if (kind !== undefined) {
        happened.push({ point, kind, detail })
        scheduler.note(`  fault ${point} ${kind}: ${detail}`)
      }
      return kind
    },
    points,
    happened,
    storm(change) {
      storms += change
      if (storms === 0) void world.onCalm()
    },
    onCalm: () => {},
    isSetBack: false,
    throttle(refuses) {
      throttles.push(refuses)
    },
    get throttled() {
      return throttled
    },
    onObject: () => {},
    onTransaction: () => {},
    onDelete: () => {},
    store: {
      ...store,
      async put(key, bytes) {
        await store.put(key, bytes)
        scheduler.note(`  put ${key} ${crc32(bytes)}`)
        world.onObject(key, bytes.length)
      },
      async delete(keys) {
        await world.onDelete(keys)
        await store.delete(keys)
        scheduler.note(`  deleted ${keys.join(' ')}`)
      },
    },
    state: {
      ...state,
      async transact(writes, token) {
        await state.transact(writes, token)
        scheduler.note(`  transaction ${crc32(canonicalWrites(writes))}`)
        await world.onTransaction(writes)
      },
    },
  }
  return world
}

/** Mostly next to nothing, now and then the whole of it; whole seconds, so that runs have moments in common. */
function latency(random: Random, longest: number): number {
  return random() < 0.9 ? 0 : Math.floor((random() * longest) / 1000) * 1000
}

/** The ports that the model and the checks use: everything as it really is. */
export function truePorts({ store, state }: World): Pick<Ports, 'store' | 'state'> {
  return { store, state }
}
