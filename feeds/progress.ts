/**
 * How far a feed has come, kept outside its process: the next process finds missing, and looks for, what a killed one
 * did not get into Kafka; and the time without a feed began when it was last alive.
 */
import { BadInput } from '../domain/errors.ts'
import type { FeedPosition, Positions, Timers } from '../domain/feed-ports.ts'
import { MINUTE_MICROS } from '../domain/time.ts'
import type { StreamKind } from './protocol.ts'
import type { Publisher } from './publisher.ts'
import type { MissingRange, Tracker } from './tracker.ts'

export interface ProgressOptions {
  readonly positions: Positions
  readonly symbols: readonly string[]
  /** Each kind of stream has numbers of its own. */
  readonly stream: StreamKind
  readonly timers: Pick<Timers, 'now'>
}

export interface Progress {
  /**
   * Lets the tracker go on from where an earlier process was. Gives when that was last alive, milliseconds since
   * 1970, and the ranges that it had reported as missing.
   * @throws BadInput where trades of one of its symbols were published as another kind of stream
   */
  resume(): Promise<{ readonly last: number | undefined; readonly reported: readonly MissingRange[] }>
  /**
   * Saves what is settled now, once all that was published before is in Kafka; does nothing while another save is under
   * way. `whole`: every connection is live; otherwise an outage goes on, and is reported when it ends. Gives whether it has
   * saved.
   */
  save(whole: boolean): Promise<boolean>
  /** Saves what was settled at a time (milliseconds since 1970), when everything that was published is in Kafka. */
  saveLast(settled: Settled, at: number, whole: boolean): Promise<void>
}

type Settled = ReturnType<Tracker['settled']>

/** What is compared to see whether a position has changed. */
function textOf({ id, missing, open }: Required<Pick<FeedPosition, 'id' | 'missing' | 'open'>>): string {
  return JSON.stringify([id, missing, open])
}

export const RESTARTED = 'the feed was restarted'
/** The position of the feed as a whole: when it was last alive. */
const WHOLE = '*'
/** Trades between the last one that was settled and the moment of its saving: where a restart looks from. Microseconds. */
const BEFORE_SAVED = MINUTE_MICROS

export function createProgress(
  { positions, symbols, stream, timers }: ProgressOptions,
  tracker: Tracker,
  publisher: Pick<Publisher, 'barrier'>,
): Progress {
  const suffix = stream === 'trade' ? '' : `@${stream}`
  /** What is saved, by symbol. */
  const saved = new Map<string, string>()
  let saving = false

  async function write(settled: Settled, at: number, whole: boolean): Promise<void> {
    const changed = settled.filter(position => saved.get(position.symbol) !== textOf(position))
    const named = changed.map(({ symbol, id, time, missing, open }) => ({
      symbol: `${symbol}${suffix}`,
      id,
      ...(time > 0 && { time }),
      ...(missing.length > 0 && { missing }),
      ...(open.length > 0 && { open }),
    }))
    const all = whole ? [...named, { symbol: WHOLE, id: 0 }] : named
    if (all.length > 0) await positions.save(all.map((position): FeedPosition => ({ ...position, at })))
    for (const position of changed) saved.set(position.symbol, textOf(position))
  }

  /** @throws BadInput where the name is that of a position in another stream of one of the symbols */
  function requireThisKind(name: string): void {
    const [symbol, kind = 'trade'] = name.split('@')
    if (kind !== stream && symbols.includes(symbol))
      throw new BadInput(
        `${symbol} was published here as ${kind}: as ${stream} as well its volume would be doubled. Give --stream ${kind}, or publish to another Kafka.`,
      )
  }

  return {
    async resume() {
      const wanted = new Set(symbols)
      let last: number | undefined
      const reported: MissingRange[] = []
      for (const { symbol: name, id, at, time, missing = [], open = [] } of await positions.load()) {
        if (name === WHOLE) last = at
        requireThisKind(name)
        const symbol = name.slice(0, name.length - suffix.length)
        if (!wanted.has(symbol) || `${symbol}${suffix}` !== name) continue
        const since = time === undefined ? BigInt(at) * 1000n - BEFORE_SAVED : BigInt(time)
        reported.push(...tracker.resume(symbol, id, since, timers, RESTARTED, missing, open))
        saved.set(symbol, textOf({ id, missing, open }))
      }
      // Saved at the first start, so that a feed which is killed early is known to have run.
      if (last === undefined) await write([], timers.now(), true)
      return { last, reported }
    },
    async save(whole) {
      if (saving) return false
      saving = true
      try {
        const at = timers.now()
        const settled = tracker.settled()
        await publisher.barrier()
        await write(settled, at, whole)
        return true
      } finally {
        saving = false
      }
    },
    saveLast: write,
  }
}
