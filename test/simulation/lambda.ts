/** Lambda as the stages meet it: containers kept warm, invocations that end, fail, die, or outlive their time. */
import { messageOf } from '../../domain/errors.ts'
import type { InvocationContext } from '../../domain/ports.ts'
import { type Container, createContainer, type Place } from './container.ts'
import type { World } from './world.ts'

const TIMEOUT_MS = 60_000
/** Clocks of containers differ by up to this. */
const SKEWS_MS = [0, 5_000, -5_000] as const

/** What is still pending after this many minutes of trying, hours after the last fault, will not drain by itself. */
export const MAX_TRIES = 300

export type Outcome<R> = { readonly ok: true; readonly result: R } | { readonly ok: false; readonly reason: string }

export interface Lambda<E, R> {
  /** Gives the outcome as the platform sees it: a zombie's own end comes after that and is not seen. */
  invoke(event: E): Promise<Outcome<R>>
  /** New invocations get new containers, made by this. */
  deploy(make: (container: Container) => Handler<E, R>): void
}

export type Handler<E, R> = (event: E, context: InvocationContext) => Promise<R>

/** What the containers of a world have in common. */
export interface Fleet {
  readonly world: World
  readonly listLagMs: number
  readonly pageObjects: number
  readonly send: (exchange: string, key: string, bytes: number) => void
  /** How many there have been. */
  containers: number
  /** Warm or at work. */
  readonly alive: Set<Container>
  /** Nothing is invoked. */
  stopped: boolean
  /** Invocations that the platform waits for. */
  running: number
}

export function newContainer(fleet: Fleet, name: string, place: Place = 'cloud'): Container {
  const { world, listLagMs, pageObjects, send } = fleet
  const number = fleet.containers++
  const skewMs = SKEWS_MS[number % SKEWS_MS.length]
  const options = { name: `${name}#${number}`, number, skewMs, listLagMs, pageObjects, place, send }
  const container = createContainer(world, options)
  fleet.alive.add(container)
  return container
}

export function createLambda<E, R>(
  fleet: Fleet,
  name: string,
  make: (container: Container) => Handler<E, R>,
): Lambda<E, R> {
  const { world } = fleet
  let maker = make
  let warm: { container: Container; handler: Handler<E, R> }[] = []

  function start(): { container: Container; handler: Handler<E, R> } {
    const container = newContainer(fleet, name)
    return { container, handler: maker(container) }
  }

  async function invoke(event: E): Promise<Outcome<R>> {
    if (fleet.stopped) return { ok: false, reason: 'stopped' }
    let place = warm.pop()
    while (place?.container.dead) place = warm.pop()
    place ??= start()
    const { container, handler } = place
    container.begin()
    const deployed = maker
    const end = world.scheduler.now() + TIMEOUT_MS
    const context: InvocationContext = {
      awsRequestId: container.ports.ids.uuid(),
      getRemainingTimeInMillis: () => Math.max(0, end - world.scheduler.now()),
    }
    fleet.running++
    const outcome = await new Promise<Outcome<R>>(resolve => {
      const settle = (outcome: Outcome<R>) => {
        world.scheduler.drop(timer)
        resolve(outcome)
      }
      const timer = {}
      world.scheduler.add({
        due: end,
        label: `${container.name} reaches its time-out`,
        owner: timer,
        run() {
          if (!container.zombie) {
            container.dead = true
            world.scheduler.drop(container)
          }
          settle({ ok: false, reason: 'timed out' })
        },
      })
      container.onCrash = () => settle({ ok: false, reason: 'crashed' })
      handler(event, context).then(
        result => settle({ ok: true, result }),
        error => settle({ ok: false, reason: messageOf(error) }),
      )
    })
    fleet.running--
    world.scheduler.note(`  ${container.name} ${outcome.ok ? 'succeeded' : outcome.reason}`)
    // A zombie may have woken in time and be well; but nobody could know.
    if (!container.dead && !container.zombie && maker === deployed) warm.push(place)
    else if (!container.zombie) fleet.alive.delete(container)
    return outcome
  }

  return {
    invoke,
    deploy(next) {
      maker = next
      warm = []
    },
  }
}
