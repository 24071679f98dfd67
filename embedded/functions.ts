/**
 * The functions of a lake, wired as the deployment wires them: a Bronze and a Silver for each exchange, and one of each
 * of the others.
 */
import { createQueue } from '../adapters/memory-queue.ts'
import { objectCreated } from '../domain/events.ts'
import { dataPrefix } from '../domain/names.ts'
import type { InvocationContext, Log, Metrics, ObjectEvents, ObjectStore, Ports, Telemetry } from '../domain/ports.ts'
import { wholeShare } from '../domain/shares.ts'
import { recordStreams } from '../domain/streams.ts'
import { bronzeTable } from '../domain/tables.ts'
import { MINUTE_MS } from '../domain/time.ts'
import { bronzeHandler } from '../functions/bronze/handler.ts'
import { commitHandler } from '../functions/commit/handler.ts'
import { goldHandler } from '../functions/gold/handler.ts'
import { maintainHandler } from '../functions/maintain/handler.ts'
import { ohlcvHandler } from '../functions/ohlcv/handler.ts'
import { silverHandler } from '../functions/silver/handler.ts'
import { sweepHandler } from '../functions/sweep/handler.ts'
import type { WritableLake } from './lake.ts'
import { createMetrics } from './metrics.ts'

/** A failed Silver object comes again after this. */
const VISIBILITY_MS = 5_000
/** What AWS would give an invocation. */
const INVOCATION_MS = MINUTE_MS

export type Functions = ReturnType<typeof wireFunctions>

/**
 * Wires the handlers to the lake's ports. A Bronze object that is put raises an event at once, before its
 * transaction, as S3 does.
 */
export function wireFunctions(lake: WritableLake, log: Log, metrics: Metrics = createMetrics()) {
  const { exchanges } = lake
  const whole = wholeShare(exchanges)
  const telemetry: Telemetry = { log, metrics }
  const queues = new Map(exchanges.map(exchange => [exchange.name, createQueue(lake.ports, VISIBILITY_MS)]))
  const events: ObjectEvents = {
    async send(exchange, objects) {
      for (const { key, bytes } of objects) wiredFor(queues, 'queue', exchange).send(objectCreated(key, bytes))
    },
  }
  const plain: Ports = { ...lake.ports, store: notifyingStore(lake, events) }
  const ports = lake.lineage?.watch(plain, 'stages') ?? plain
  return {
    queues,
    bronze: new Map(recordStreams(exchanges).map(stream => [stream.name, bronzeHandler(telemetry, ports, stream)])),
    silver: new Map(exchanges.map(exchange => [exchange.name, silverHandler(telemetry, ports, exchange)])),
    commit: commitHandler(telemetry, ports, exchanges),
    gold: goldHandler(telemetry, ports, [whole]),
    ohlcv: ohlcvHandler(telemetry, ports, whole),
    sweep: sweepHandler(telemetry, ports, exchanges, events),
    maintain: maintainHandler(telemetry, lake.lineage?.watch(plain, 'maintain') ?? plain, exchanges, lake.settings),
  }
}

/** What is wired for a stream or an exchange. @throws RangeError where nothing is: its work would wait for ever */
export function wiredFor<T>(wired: ReadonlyMap<string, T>, what: string, name: string): T {
  const found = wired.get(name)
  if (found === undefined) throw new RangeError(`There is no ${what} for ${name}: wireFunctions makes one for each.`)
  return found
}

/** An invocation's context, as Lambda gives it. */
export function invocation({ clock, ids }: Pick<Ports, 'clock' | 'ids'>): InvocationContext {
  const end = clock.steady() + INVOCATION_MS
  return { awsRequestId: ids.uuid(), getRemainingTimeInMillis: () => Math.max(0, end - clock.steady()) }
}

function notifyingStore(lake: WritableLake, events: ObjectEvents): ObjectStore {
  const { store } = lake.ports
  const prefixes = lake.exchanges.map(exchange => ({
    name: exchange.name,
    prefix: dataPrefix(bronzeTable(exchange).name),
  }))
  return {
    ...store,
    async put(key, bytes) {
      await store.put(key, bytes)
      const watched = prefixes.find(({ prefix }) => key.startsWith(prefix))
      if (watched) await events.send(watched.name, [{ key, bytes: bytes.length }])
    },
  }
}
