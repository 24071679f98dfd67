/** tardis-machine's normalized market data over the lake, for clients that are made for it (docs/clients/tardis-machine.md). */
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { Log, Ports } from '../../domain/ports.ts'
import { GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import type { Windows } from '../../domain/windows.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { missingTimes } from '../../tables/feed-gaps.ts'
import { answerMessages } from '../live/answer.ts'
import type { Live } from '../live/live.ts'
import { eachMessage } from '../live/messages.ts'
import { replay } from '../live/replay.ts'
import type { Source } from '../live/sinks.ts'
import { currentId } from '../live/steps.ts'
import { type Channel, stream } from '../live/stream.ts'
import { candleTableOf } from '../live/stream-route.ts'
import { chunkOf, type Message, microsIn, parsed } from '../live/texts.ts'
import { CURRENT, snapshotsIn } from '../market/as-of.ts'
import { openCandleTables } from '../market/candle-pages.ts'
import { asProblem } from '../market/failures.ts'
import { type Markets, marketsOf } from '../market/markets.ts'
import { problemBody } from '../market/problems.ts'
import { disconnectText, tardisTexts } from './messages.ts'
import { asksFor, optionsIn, type Range, rangeOf, type Wanted } from './options.ts'

export interface TardisOptions {
  readonly ports: Pick<Ports, 'store' | 'state' | 'clock'>
  readonly log: Log
  readonly live: Live
  /** Lets a request pass. @throws ApiError */
  readonly admit: MiddlewareHandler
}

export function tardisRoutes({ ports, log, live, admit }: TardisOptions): Hono {
  const routes = new Hono()
  routes.onError((error, context) => {
    const known = asProblem(context, log, error)
    return context.body(JSON.stringify(problemBody(known)), known.status, {
      'content-type': 'application/problem+json',
    })
  })
  const replayed = async (context: Context) => {
    const { wanted, options } = optionsIn(new URL(context.req.url).searchParams)
    const source = await recorded({ ports, live }, wanted, rangeOf(options))
    return answerMessages(context, live, source, { framing: 'lines', isLive: false })
  }
  routes.get('/replay-normalized', admit, replayed)
  routes.get('/ws-replay-normalized', admit, replayed)
  routes.get('/ws-stream-normalized', admit, async context => {
    const { wanted } = optionsIn(new URL(context.req.url).searchParams)
    return answerMessages(context, live, await following({ ports, live }, wanted), { framing: 'lines', isLive: true })
  })
  return routes
}

type Lake = Pick<TardisOptions, 'ports' | 'live'>

/** Each length of bars once. */
function windowsOf(wanted: readonly Wanted[]): Windows[] {
  return [...new Map(wanted.flatMap(({ bars }) => bars.map(({ windows }) => [windows.name, windows]))).values()]
}

/** What was recorded in a range, in the order of time. */
async function recorded({ ports, live }: Lake, wanted: readonly Wanted[], { from, to }: Range): Promise<Source> {
  const all = await marketsOf(ports)
  const markets: Markets = new Map([...all].filter(([key]) => wanted.some(option => asksFor(option, key))))
  const windows = windowsOf(wanted)
  const table = wanted.some(({ isTrades }) => isTrades) ? await openTable(ports, GOLD_TABLE) : undefined
  const current = table && currentSnapshot(table.metadata)
  const tables = await openCandleTables(ports, windows)
  const asked = {
    ...{ markets, isTraded: (key: string) => wanted.some(option => asksFor(option, key)) },
    ...{ windows, tables, from, to, begun: BigInt(ports.clock.now()) * 1000n, cursor: '' },
    gold: table && current && { table, snapshotId: current['snapshot-id'] },
    ...{ snapshots: snapshotsIn(CURRENT, tables.values()), speed: Number.POSITIVE_INFINITY, after: undefined },
  }
  const breaks = await disconnects(ports, wanted, { from, to })
  return async function* (framing, signal) {
    let next = 0
    for await (const chunk of replay({ ...ports, timers: live.timers }, asked, 'frames', signal)) {
      const texts: string[] = []
      for (const bytes of eachMessage(chunk)) {
        const message = parsed(bytes)
        const time = message.type === 'end' ? to : microsOf(message)
        for (; next < breaks.length && breaks[next].time <= time; next++) texts.push(breaks[next].text)
        // A window that ends behind the range is not whole.
        if (message.type !== 'candle' || microsOf(message) <= to) texts.push(...tardisTexts(wanted, message))
      }
      const sent = chunkOf(texts, framing)
      if (sent) yield sent
    }
  }
}

/** What comes from now on. */
async function following({ ports, live }: Lake, wanted: readonly Wanted[]): Promise<Source> {
  const { follower, timers } = live
  const asked: { table: TableDefinition; windows: Windows | undefined }[] = windowsOf(wanted).map(windows => ({
    ...{ table: candleTableOf(windows.base), windows },
  }))
  if (wanted.some(({ isTrades }) => isTrades)) asked.unshift({ table: GOLD_TABLE, windows: undefined })
  const channels = await Promise.all(
    asked.map(
      async (each): Promise<Channel> => ({ ...each, position: { base: currentId(await follower.open(each.table)) } }),
    ),
  )
  const market = (key: string) => wanted.some(option => asksFor(option, key))
  const told = new Set((await disconnects(ports, wanted, ALWAYS)).map(({ text }) => text))
  return async function* (framing, signal) {
    const messages = stream({ ...ports, timers, follower }, { channels, market, cursor: '' }, 'frames', signal)
    for await (const chunk of messages) {
      // A feed reports seconds later that it was down. Where nothing is traded it is looked for with each heartbeat.
      const breaks = (await disconnects(ports, wanted, ALWAYS)).map(({ text }) => text).filter(text => !told.has(text))
      for (const text of breaks) told.add(text)
      const texts = [...breaks, ...[...eachMessage(chunk)].flatMap(bytes => tardisTexts(wanted, parsed(bytes)))]
      const sent = chunkOf(texts, framing)
      if (sent) yield sent
    }
  }
}

/** When a message comes: a trade at its time, a bar at its window's end; microseconds since 1970. */
const microsOf = ({ type, data }: Message) => microsIn(type === 'trade' ? data.time : data.end)

const ALWAYS: Range = { from: 0n, to: 2n ** 63n }

/** When feeds were down, as far as it is not made up for; in the order of time. */
async function disconnects(ports: Lake['ports'], wanted: readonly Wanted[], { from, to }: Range) {
  const asking = wanted.filter(({ isDisconnects }) => isDisconnects)
  if (asking.length === 0) return []
  const names = new Map(asking.map(({ exchange, name }) => [exchange, name]))
  return (await missingTimes(ports))
    .filter(time => time.symbol === null && names.has(time.exchange) && time.from >= from && time.from < to)
    .sort((a, b) => Number(a.from - b.from))
    .map(time => ({ time: time.from, text: disconnectText(names.get(time.exchange) ?? '', time.from) }))
}
