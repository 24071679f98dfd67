/**
 * A Lambda's container: the ports that its function sees. Every call is a fault point, and waits until the scheduler
 * lets it take effect; the container has its own clock, ids and warm caches, and dies whole.
 * Over 250 lines: every port of a container stands here once, so that no call escapes its faults.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { compareUtf8 } from '../../adapters/object-keys.ts'
import { Conflict, Throttled, TradelakeError } from '../../domain/errors.ts'
import type { ObjectEvents, ObjectInfo, ObjectStore, Ports, Write } from '../../domain/ports.ts'
import { mix, randomStream } from '../../feeds/random.ts'
import type { FaultKind, PointType } from './faults.ts'
import type { World } from './world.ts'

/** The caller is gone and does not take the answer. */
const DIED: unique symbol = Symbol('died')

/** No answer came in time: the effect may have happened, or may yet. */
class TimedOut extends TradelakeError {}

const SLOW_MS = 20_000
const CLIENT_TIMEOUT_MS = 10_000
/** How long after its caller gave up an effect may come. */
const LATE_MS = [1_000, 90_000, 1_200_000] as const
/** How long a zombie sleeps: past its Lambda's life, past the age at which files are fenced, past the sweep of orphans. */
const ZOMBIE_MS = [900_000, 5_400_000, 108_000_000] as const
/** DynamoDB forgets tokens after ten minutes. */
const OLD_TOKEN_MS = 660_000

/** A function or a command in the cloud, or a command that has its lake in a folder (see KINDS): one that faults may end, or one that they leave alone. */
export type Place = 'cloud' | 'folder' | 'calm folder'

export interface Container {
  readonly name: string
  readonly ports: Ports
  readonly events: ObjectEvents
  /** Set by the platform: what happens when the function dies in the middle of a call. */
  onCrash: () => void
  /** The platform may give the invocation up, but it goes on. */
  zombie: boolean
  dead: boolean
  /** An invocation begins. */
  begin(): void
  /** Ends it from outside. */
  kill(): void
  /** Sets its clock on by some milliseconds, or back. Its steady clock goes on as it was. */
  jump(ms: number): void
}

interface Call<T> {
  readonly type: PointType
  readonly detail: string
  readonly effect: () => Promise<T>
  /** What a client's own second attempt does; the effect again where it makes none. */
  readonly again?: () => Promise<T>
  /** What the answer is where a part of it is missing. */
  readonly cut?: (whole: T) => T
}

/** `listLagMs`: listings leave younger objects out. `send`: where messages to Silver go. */
export function createContainer(
  world: World,
  options: {
    readonly name: string
    readonly number: number
    /** How far its clock is ahead of the world's, milliseconds. */
    readonly skewMs: number
    readonly listLagMs: number
    /** Listings come in pages of this many objects, each a call of its own. */
    readonly pageObjects: number
    readonly place: Place
    readonly send: (exchange: string, key: string, bytes: number) => void
  },
): Container {
  const { name, number, listLagMs, pageObjects, place, send } = options
  const local = place !== 'cloud'
  const { scheduler } = world
  let { skewMs } = options
  /** The last call of the invocation that is at work, by the scheduler. */
  let lastCallAt: number | undefined
  const clock = { now: () => scheduler.now() + skewMs }

  function wait<T>(delay: number, label: string, effect: () => T | typeof DIED | Promise<T | typeof DIED>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async () => {
        try {
          const value = await effect()
          if (value !== DIED) resolve(value as Awaited<T>)
        } catch (error) {
          scheduler.note(`  ${(error as Error).message}`)
          reject(error)
        }
      }
      scheduler.add({ due: scheduler.now() + delay, label: `${name} ${label}`, owner: container, run })
    })
  }

  function call<T>({ type, detail, effect, again = effect, cut = whole => whole }: Call<T>): Promise<T> {
    if (container.dead) return new Promise(() => {})
    const kind = faultAt(type, detail)
    const usual = world.latency()
    const pick = (from: readonly number[]) => from[mix(world.seed, world.points.length) % from.length]
    const later = async (delay: number, then: () => Promise<T>) => {
      container.zombie = true
      return wait(delay, `${detail} wakes`, then)
    }
    switch (kind) {
      case 'crash-before':
        return wait<T>(usual, `${detail} crashes`, crash)
      case 'crash-after':
        return wait<T>(usual, `${detail} then crashes`, async (): Promise<typeof DIED> => {
          await effect().catch(() => {})
          return crash()
        })
      case 'late':
        lateEffect(CLIENT_TIMEOUT_MS + pick(LATE_MS), detail, effect)
        return wait(CLIENT_TIMEOUT_MS, `${detail} times out`, () => refuse(new TimedOut(`${detail} timed out.`)))
      case 'throttle':
        return wait(usual, `${detail} throttled`, () => refuse(new Throttled(`${detail} was throttled.`)))
      case 'fail':
        return wait(usual, `${detail} fails`, () => refuse(new TradelakeError(`${detail} failed.`)))
      case 'conflict':
        return wait(usual, `${detail} conflicts`, () =>
          refuse(new Conflict(`${detail}: another one is under way.`, -1)),
        )
      case 'own-success':
        return wait(usual, `${detail} twice`, async () => {
          await effect()
          return again()
        })
      case 'old-token':
        return wait(usual, `${detail} unanswered`, effect).then(() => later(OLD_TOKEN_MS, effect))
      case 'zombie-before':
        // A transaction is signed when it is sent; one of yesterday is refused.
        return later(pick(type === 'transact' ? ZOMBIE_MS.slice(0, 2) : ZOMBIE_MS), effect)
      case 'zombie-after':
        return wait(usual, `${detail} unanswered`, effect).then(value => later(pick(ZOMBIE_MS), async () => value))
      case 'cut':
        return wait(usual, `${detail} cut`, async () => cut(await effect()))
      case 'slow':
        return wait(SLOW_MS, `${detail} slowly`, effect)
      default:
        return wait(usual, detail, effect)
    }
  }

  function faultAt(type: PointType, detail: string): FaultKind | undefined {
    if (place === 'calm folder') return undefined
    const follows = lastCallAt === scheduler.now()
    lastCallAt = scheduler.now()
    return world.point(local ? 'local' : type, `${name} ${detail}`, follows)
  }

  /** Requests of the others that are on their way may arrive all the same. */
  function crash(): typeof DIED {
    container.dead = true
    for (const entry of scheduler.drop(container))
      if (world.random() < 0.5) scheduler.add({ ...entry, owner: undefined })
    container.onCrash()
    return DIED
  }

  function lateEffect<T>(delay: number, detail: string, effect: () => Promise<T>): void {
    const run = async () => {
      await effect().catch((error: Error) => scheduler.note(`  ${error.message}`))
    }
    scheduler.add({ due: scheduler.now() + delay, label: `${name} ${detail} late`, owner: undefined, run })
  }

  const { store, state, registry, engine } = world
  const copies = new Map<string, string[]>()
  const read = <T>(detail: string, effect: () => Promise<T>) => call({ type: 'read', detail, effect })
  const randomness = randomStream(mix(world.seed, 4, number))
  let ids = 0
  const ports: Ports = {
    clock: {
      now: clock.now,
      steady: world.scheduler.now,
      sleep: ms => {
        if (container.dead) return new Promise(() => {})
        const kind = local ? undefined : faultAt('sleep', 'sleep')
        if (kind === 'crash-before') return wait<void>(Math.ceil(ms), 'sleep crashes', crash)
        if (kind === 'zombie-before') container.zombie = true
        // Clocks give whole milliseconds.
        return wait(kind === undefined ? Math.ceil(ms) : ZOMBIE_MS[0], 'sleep', () => {})
      },
    },
    ids: { uuid: () => uuid(clock.now(), number, ids++, randomness()) },
    scratch: engine.scratch,
    registry: {
      writerSchema: id => read(`schema ${id}`, () => registry.writerSchema(id)),
    },
    engine: {
      run: statements => call({ type: 'engine', detail: 'query', effect: () => engine.engine.run(statements) }),
      async session() {
        const session = await call({ type: 'engine', detail: 'connect', effect: () => engine.engine.session() })
        return {
          ...session,
          run: sql => call({ type: 'engine', detail: 'query', effect: () => session.run(sql) }),
        }
      },
    },
    state: {
      get: key => read(`get ${key.partition}/${key.sort}`, () => state.get(key)),
      query: (table, partition, options) => read(`query ${partition}`, () => state.query(table, partition, options)),
      transact: (writes, token) =>
        call({
          type: 'transact',
          detail: `transact ${targets(writes)}`,
          effect: () => state.transact(writes, token),
          again: () => state.transact(writes, `again-${token.slice(6)}`),
        }),
    },
    store: storeOf(),
  }

  function storeOf(): ObjectStore {
    return {
      root: store.root,
      put: (key, bytes) => call({ type: 'put', detail: `put ${key}`, effect: () => store.put(key, bytes) }),
      putFile(key, localPath) {
        const bytes = readFileSync(localPath)
        const effect = async () => {
          await store.put(key, bytes)
          engine.scratch.remove(localPath)
        }
        return call({ type: 'put', detail: `put ${key}`, effect })
      },
      get: key => read(`get ${key}`, () => store.get(key)),
      getRange: (key, start, end) => read(`get ${key}`, () => store.getRange(key, start, end)),
      head: key => read(`head ${key}`, () => store.head(key)),
      list,
      delete: keys => call({ type: 'delete', detail: `delete ${keys.length}`, effect: () => store.delete(keys) }),
      localFile: key => read(`copy ${key}`, () => copyOf(key)),
      async releaseLocal(keys) {
        for (const key of keys) removeCopies(key)
      },
    }
  }

  /** Repairs look into files themselves, so theirs are written; the engine writes what it has to read. */
  async function copyOf(key: string): Promise<string> {
    const bytes = await store.get(key)
    const path = engine.place(key.slice(key.lastIndexOf('/') + 1), bytes)
    if (local) {
      writeFileSync(path, bytes)
      copies.set(key, [...(copies.get(key) ?? []), path])
    }
    return path
  }

  function removeCopies(key: string): void {
    for (const path of copies.get(key) ?? []) rmSync(path, { force: true })
    copies.delete(key)
  }

  /** Page after page, as S3 lists: what comes and goes between two of them may show or not. */
  async function* list(prefix: string): AsyncGenerator<ObjectInfo> {
    for (let after = ''; ; ) {
      const effect = () => pageOf(prefix, after)
      const cut = (whole: ObjectInfo[]) => whole.slice(0, whole.length >> 1)
      const page = await call({ type: 'list', detail: `list ${prefix}`, effect, cut })
      yield* page
      if (page.length < pageObjects) return
      after = page[page.length - 1].key
    }
  }

  async function pageOf(prefix: string, after: string): Promise<ObjectInfo[]> {
    const found: ObjectInfo[] = []
    for await (const info of store.list(prefix)) {
      if (found.length === pageObjects) break
      const isNext = after === '' || compareUtf8(info.key, after) > 0
      if (isNext && info.modified <= scheduler.now() - listLagMs) found.push(info)
    }
    return found
  }

  const container: Container = {
    name,
    ports,
    events: {
      send: (exchange, objects) =>
        call({
          type: 'send',
          detail: `send ${objects.length}`,
          effect: async () => {
            for (const { key, bytes } of objects) send(exchange, key, bytes)
          },
        }),
    },
    onCrash: () => {},
    zombie: false,
    dead: false,
    begin() {
      lastCallAt = undefined
    },
    kill() {
      container.dead = true
      scheduler.drop(container)
      for (const key of [...copies.keys()]) removeCopies(key)
      container.onCrash()
    },
    jump(ms) {
      skewMs += ms
    },
  }
  return container
}

function refuse(error: Error): never {
  throw error
}

function targets(writes: readonly Write[]): string {
  const [first] = writes
  const key = first.kind === 'put' ? first.item.key : first.key
  return `${writes.length} at ${key.partition}/${key.sort}`
}

/** Version 7: the container's time, then what no other container and no other call has. */
function uuid(now: number, container: number, count: number, chance: number): string {
  const time = Math.floor(now).toString(16).padStart(12, '0')
  const bits = Math.floor(chance * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0')
  const own = container.toString(16).padStart(3, '0') + count.toString(16).padStart(4, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bits.slice(0, 3)}-8${own.slice(0, 3)}-${own.slice(3)}${bits}`
}

export type { FaultKind }
