/**
 * Clients of the catalog: each is a process that may die in any call, writes files by itself, and asks the catalog's function, which has
 * faults of its own. They share a few names, so that they meet on tables all the time, and note what they were told of each change.
 */
import { createApi } from '../../api/app.ts'
import { messageOf } from '../../domain/errors.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { mix, type Random, randomStream } from '../../feeds/random.ts'
import { SILENT } from '../silent-log.ts'
import { changeOf, type Json, NAMESPACE, type Staged, stage } from './client-files.ts'
import type { Container } from './container.ts'
import type { Lambda } from './lambda.ts'
import type { Platform } from './platform.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const STEPS = 14
const LONGEST_PAUSE_MS = 25 * SECOND
const RESTART_MS = 4 * SECOND
/** How often a client reads a table again after a conflict, and how often it asks again without an answer. */
const ROUNDS = 4
const TRIES = 6
/** How long a client waits for an answer: some ask again while the first request is still at work. */
const PATIENCE_MS = [6 * SECOND, 15 * SECOND, 120 * SECOND] as const
/** Requests that have no key are not asked again. */
const KEYED = 0.6
const NAMES = ['a', 'b', 'c', 'd'] as const
const SCHEMA = { type: 'struct', fields: [{ id: 1, name: 'symbol', required: false, type: 'string' }] }

/** What a client was told of a change: it took place, it was refused, or nothing that says which. */
export type Verdict = 'told' | 'refused' | 'unknown'

/** A change that a client asked for. */
export interface Deed {
  readonly kind: 'append' | 'create' | 'rename' | 'drop' | 'purge' | 'market'
  readonly client: string
  /** The tables' names. */
  readonly names: readonly string[]
  /** The snapshots to add, each to the table of this name. */
  readonly snapshots: readonly number[]
  /** When it was asked for and when the client knew, or gave up; milliseconds since 1970. */
  readonly from: number
  until: number
  verdict: Verdict
  /** An answer was lost on the way to the verdict. */
  wasLost: boolean
  /** The last answer's status. */
  status: number | undefined
}

interface Request {
  readonly method: string
  readonly path: string
  readonly body: object | undefined
  readonly key: string | undefined
}

interface Reply {
  readonly status: number
  readonly body: Json
}

export interface Clients {
  start(): void
  /** What was asked for so far. */
  readonly deeds: readonly Deed[]
}

export function createClients(world: World, platform: Platform, count: number): Clients {
  const deeds: Deed[] = []
  const api = platform.newFunction<Request, Reply>('api', ({ ports }) => {
    const app = createApi({ ports, log: SILENT, auth: 'none' })
    return async ({ method, path, body, key }) => {
      const answer = await app.request(`http://localhost/iceberg/v1/${path}`, {
        method,
        headers: { host: 'localhost', ...(key !== undefined && { 'idempotency-key': key }) },
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
    }
  })
  return {
    deeds,
    start() {
      for (let number = 1; number <= count; number++) void runClient({ world, platform, api, deeds, number })
    },
  }
}

interface Surroundings {
  readonly world: World
  readonly platform: Platform
  readonly api: Lambda<Request, Reply>
  readonly deeds: Deed[]
  readonly number: number
}

/** Does some things one after the other, in a new process after each that died. */
async function runClient({ world, platform, api, deeds, number }: Surroundings): Promise<void> {
  const { scheduler } = world
  const random = randomStream(mix(world.seed, 23, number))
  const name = `client-${number}`
  let process: Container | undefined
  let snapshots = 0

  const sleep = (ms: number) =>
    new Promise<void>(resolve =>
      scheduler.add({ due: scheduler.now() + ms, label: `${name} waits`, owner: undefined, run: resolve }),
    )

  const patience = (ms: number) => sleep(ms).then(() => undefined)

  async function ask(method: string, path: string, body?: object, key?: string): Promise<Reply | undefined> {
    const invoked = api.invoke({ method, path, body, key })
    const outcome = await Promise.race([invoked, patience(pick(random, PATIENCE_MS))])
    return outcome?.ok ? outcome.result : undefined
  }

  /** A read's answer below 500; undefined where none comes. */
  async function read(path: string): Promise<Reply | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const reply = await ask('GET', path)
      if (reply && reply.status < 500) return reply
      await sleep(2 * SECOND)
    }
    return undefined
  }

  /** Asks for a change, under a key again and again until it is known what became of it. */
  async function change(
    about: Pick<Deed, 'kind' | 'names'> & { readonly snapshots?: readonly number[] },
    method: string,
    path: string,
    body?: object,
  ): Promise<Deed> {
    const now = scheduler.now()
    const deed: Deed = {
      ...{ client: name, snapshots: [], ...about, from: now, until: Number.POSITIVE_INFINITY },
      ...{ verdict: 'unknown', wasLost: false, status: undefined },
    }
    deeds.push(deed)
    const key = random() < KEYED ? `${name}-${deeds.length}` : undefined
    for (let tries = 0; tries < TRIES; tries++) {
      if (tries > 0) await sleep(Math.floor(random() * 10) * SECOND)
      const reply = await ask(method, path, body, key)
      deed.status = reply?.status
      if (reply && reply.status < 500) {
        deed.verdict = reply.status < 300 ? 'told' : 'refused'
        break
      }
      deed.wasLost = true
      if (key === undefined) break
    }
    deed.until = scheduler.now()
    scheduler.note(
      `  ${name} is told ${deed.status} of ${deed.kind} ${deed.names.join(' ')} ${deed.snapshots.join(' ')}`,
    )
    return deed
  }

  /** Adds a snapshot to each of the tables at once, from a fresh reading after each conflict; what was refused leaves no file. */
  async function append({ ports }: Container, names: readonly string[]): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const staged: Staged[] = []
      for (const table of names) {
        const found = await read(`namespaces/${NAMESPACE}/tables/${table}`)
        if (found?.status !== 200) return
        staged.push(await stage(ports, table, found.body.metadata, number * 1_000_000 + ++snapshots))
      }
      const about = { kind: 'append', names, snapshots: staged.map(({ snapshot }) => snapshot) } as const
      const [first] = staged
      const { verdict, status } =
        staged.length === 1
          ? await change(about, 'POST', `namespaces/${NAMESPACE}/tables/${first.change.identifier.name}`, first.change)
          : await change(about, 'POST', 'transactions/commit', { 'table-changes': staged.map(each => each.change) })
      if (verdict === 'refused') await ports.store.delete(staged.flatMap(({ keys }) => keys))
      if (status !== 409) return
    }
  }

  /** Nobody but the pipeline may. */
  async function writeToMarket(): Promise<void> {
    const path = `namespaces/market_data/tables/${GOLD_TABLE.name}`
    const found = await read(path)
    if (found?.status !== 200) return
    const { metadata } = found.body
    const snapshot = number * 1_000_000 + ++snapshots
    const manifestList = metadata.snapshots.at(-1)?.['manifest-list']
    if (manifestList === undefined) return
    const { requirements, updates } = changeOf(GOLD_TABLE.name, metadata, snapshot, manifestList)
    const about = { kind: 'market', names: [GOLD_TABLE.name], snapshots: [snapshot] } as const
    await change(about, 'POST', path, { requirements, updates })
  }

  async function step(own: Container): Promise<void> {
    const listed = await read(`namespaces/${NAMESPACE}/tables`)
    if (listed?.status !== 200) {
      await ask('POST', 'namespaces', { namespace: [NAMESPACE] })
      return
    }
    const tables: string[] = listed.body.identifiers.map((each: Json) => each.name)
    const chosen = random()
    const [one, other] = twoOf(random, tables)
    const table = (found: string) => ({ namespace: [NAMESPACE], name: found })
    if (one === undefined || chosen < 0.12) {
      const created = pick(random, NAMES)
      await change({ kind: 'create', names: [created] }, 'POST', `namespaces/${NAMESPACE}/tables`, {
        ...{ name: created, schema: SCHEMA },
      })
    } else if (chosen < 0.2) {
      const to = pick(random, NAMES)
      const body = { source: table(one), destination: table(to) }
      if (to !== one) await change({ kind: 'rename', names: [one, to] }, 'POST', 'tables/rename', body)
    } else if (chosen < 0.28) {
      const purge = random() < 0.6
      const path = `namespaces/${NAMESPACE}/tables/${one}?purgeRequested=${purge}`
      await change({ kind: purge ? 'purge' : 'drop', names: [one] }, 'DELETE', path)
    } else if (chosen < 0.33) await writeToMarket()
    else await append(own, other !== undefined && random() < 0.4 ? [one, other] : [one])
  }

  await sleep(Math.floor(random() * 5) * SECOND)
  for (let steps = 0; steps < STEPS; steps++) {
    world.storm(1)
    if (!process || process.dead) process = platform.newProcess(name, 'cloud')
    const own = process
    await new Promise<void>(resolve => {
      own.onCrash = resolve
      step(own).then(resolve, error => {
        scheduler.note(`  ${name} gives up: ${messageOf(error)}`)
        resolve()
      })
    })
    world.storm(-1)
    await sleep(own.dead ? RESTART_MS : Math.floor((random() * LONGEST_PAUSE_MS) / SECOND) * SECOND)
  }
  process?.kill()
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]
}

function twoOf<T>(random: Random, from: readonly T[]): [T?, T?] {
  const one = Math.floor(random() * from.length)
  const other = from.length > 1 ? (one + 1 + Math.floor(random() * (from.length - 1))) % from.length : -1
  return [from[one], from[other]]
}
