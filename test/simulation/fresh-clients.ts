/**
 * Clients who ask for the newest trades while the stages hand them on: what is in Silver's tables by then, and what an earlier answer had,
 * is in the answer, and nothing is there twice. Each asks in a process of its own, which may hang or die in any call.
 */

import { readFresh } from '../../api/market/fresh.ts'
import { goldFiles, rowsOf, wantedOf } from '../../api/market/trades.ts'
import { Corrupt, messageOf, NotFound } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import { silverTable } from '../../domain/tables.ts'
import { mix, randomStream } from '../../feeds/random.ts'
import { tradesInOrder } from '../../tables/gold-order.ts'
import type { Platform } from './platform.ts'
import { readTable } from './tables.ts'
import type { World } from './world.ts'

const SECOND = 1_000
const LONGEST_PAUSE_MS = 14 * SECOND
/** Files that nothing names any longer are kept for an hour at least: who took longer may miss them. */
const PATIENCE_MS = 3_600 * SECOND
/** Later than all trades. */
const FOR_EVER = 2n ** 60n

export interface FreshClients {
  start(): void
  /** What was answered, how often. */
  readonly answers: () => { readonly whole: number; readonly waiting: number }
  readonly problems: readonly string[]
}

/** `until`: they ask for so many milliseconds after the beginning. */
export function createFreshClients(world: World, platform: Platform, count: number, until: number): FreshClients {
  const problems: string[] = []
  const seen = { whole: 0, waiting: 0 }
  const { scheduler } = world
  const begun = scheduler.now()

  const sleep = (ms: number) =>
    new Promise<void>(resolve =>
      scheduler.add({ due: scheduler.now() + ms, label: 'a client waits', owner: undefined, run: resolve }),
    )

  async function client(number: number): Promise<void> {
    const random = randomStream(mix(world.seed, 23, number))
    let known: readonly Named[] = []
    while (scheduler.now() < begun + until) {
      await sleep(Math.floor(random() * LONGEST_PAUSE_MS))
      const [asked, wanted] = [scheduler.now(), [...known, ...(await inSilver())]]
      const answer = await ask(number)
      if (!answer) continue
      if (answer instanceof Error) {
        const isGone = answer instanceof NotFound && scheduler.now() - asked > PATIENCE_MS
        if ((answer instanceof NotFound || answer instanceof Corrupt) && !isGone)
          problems.push(`fresh: a client meets ${messageOf(answer)}`)
        continue
      }
      const byId = Map.groupBy(answer.trades, ({ id }) => id)
      const twice = [...byId.values()].flatMap(some => some.filter((one, n) => some.slice(0, n).some(isSame(one))))
      if (twice.length > 0) problems.push(`fresh: ${twice.length} trades are answered twice, as ${twice[0].id}`)
      const missing = wanted.filter(one => !byId.get(one.id)?.some(isSame(one)))
      if (missing.length > 0) problems.push(`fresh: ${missing.length} trades are not answered, as ${missing[0].id}`)
      known = answer.trades
      seen.whole++
      if (answer.waiting) seen.waiting++
    }
  }

  async function inSilver(): Promise<Named[]> {
    const tables = await Promise.all(platform.exchanges().map(exchange => readTable(world, silverTable(exchange))))
    return tables.flatMap(({ rows }) =>
      rows.map(({ exchange, symbol, trade_id, timestamp }) => ({
        id: `${exchange} ${symbol} ${trade_id}`,
        time: timestamp as bigint,
      })),
    )
  }

  /** In a process of its own; undefined where it dies. */
  async function ask(number: number): Promise<Answer | Error | undefined> {
    const process = platform.newProcess(`fresh-${number}`, 'cloud')
    const answer = await new Promise<Answer | Error | undefined>(resolve => {
      process.onCrash = () => resolve(undefined)
      freshTrades(process.ports).then(resolve, error => resolve(error as Error))
    })
    process.kill()
    return answer
  }

  return {
    problems,
    answers: () => seen,
    start() {
      for (let number = 1; number <= count; number++) void client(number)
    },
  }
}

interface Answer {
  readonly trades: readonly Named[]
  /** Some of them were not in Gold. */
  readonly waiting: boolean
}

interface Named {
  readonly id: string
  /** Microseconds since 1970. */
  readonly time: bigint
}

/** The rule stands in domain/trade.ts; an oracle has its own: later than a second, an exchange has given the number again. */
const SAME_TRADE = 1_000_000n

const isSame =
  ({ time }: Named) =>
  (other: Named) =>
    time - other.time <= SAME_TRADE && other.time - time <= SAME_TRADE

/** As `/v1/trades?fresh=true` reads them, but for its turns at an event loop that is the simulation’s here. */
async function freshTrades(ports: Ports): Promise<Answer> {
  const { gold, snapshotId, trades: more } = await readFresh(ports)
  const range = { markets: { has: () => true }, from: 0n, to: FOR_EVER, snapshotId, more }
  const trades: Named[] = []
  const files = await goldFiles(ports, gold, range)
  for await (const batch of tradesInOrder(ports, files, wantedOf(range), more && [more]))
    trades.push(...rowsOf(batch).map(({ exchange, symbol, id, time }) => ({ id: `${exchange} ${symbol} ${id}`, time })))
  return { trades, waiting: more !== undefined }
}
