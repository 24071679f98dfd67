/**
 * `tradelake start`: the feeds of three exchanges, simulated by default or real ones with --live, through all stages,
 * with a live view; ends with an audit.
 */
import type { HttpServer } from '../adapters/http-server.ts'
import { createLogFile } from '../adapters/log-file.ts'
import { BadInput } from '../domain/errors.ts'
import { parseRetention } from '../domain/retention.ts'
import type { RunAudit } from '../domain/server-ports.ts'
import { allTables } from '../domain/tables.ts'
import { drain } from '../embedded/drain.ts'
import { type Feeds, LIVE, type Source, startFeeds } from '../embedded/feeds.ts'
import { type Lake, openLake, openLakeReadOnly } from '../embedded/lake.ts'
import { openMarket, serveMarket, type WantedMarket } from '../embedded/market.ts'
import { createRuntime, type Runtime } from '../embedded/runtime.ts'
import { auditAfresh, printAudit } from './audit.ts'
import { command, DATA_OPTION, RETENTION_OPTION } from './command.ts'
import { LINEAGE_OPTION, toldOf, withLineage } from './lineage.ts'
import { createView, type View } from './live-view.ts'
import { openPage } from './page.ts'
import { SERVE_OPTIONS, type Serving, serveCatalog } from './serve.ts'
import { optional, parseDuration, parseNumber, parseTime } from './values.ts'

const LOOK_MS = 100
/** How long a feed's problem lasts before it is shown. */
const PROBLEM_MS = 5_000
const SAME_SIGNAL_MS = 1_000
/** Options for simulated markets only. */
const MARKET_OPTIONS = ['rate', 'seed', 'market-start'] as const

export const start = command({
  name: 'start',
  usage:
    '[--rate N] [--for 60s] [--seed N] [--live] [--retention TABLE=DAYS,…] [--port N] [--no-serve] [--lineage URL|FILE] [--data DIR] [--json]',
  options: {
    rate: { type: 'string', value: 'N', help: 'trades per second of all exchanges together (200 in a new lake)' },
    for: { type: 'string', value: 'TIME', help: 'stop after 60s, 5m, 1h; without it, on Ctrl-C' },
    seed: { type: 'string', value: 'N', help: "the market's seed (1 in a new lake)" },
    'market-start': {
      type: 'string',
      value: 'TIME',
      help: 'when the market begins, like 2026-11-20T10:00:00Z (default: now); a past begin is caught up with',
    },
    live: { type: 'boolean', help: 'read the real exchanges instead of simulated ones' },
    retention: RETENTION_OPTION,
    port: { type: 'string', value: 'N', help: 'port of the web application (8080, or a free one)' },
    'no-serve': { type: 'boolean', help: 'do not serve the tables over HTTP' },
    lineage: LINEAGE_OPTION,
    data: DATA_OPTION,
    json: { type: 'boolean', help: 'print a JSON line a second instead of the screen or lines' },
  },
  async run(values) {
    const milliseconds = optional(values.for, parseDuration)
    const wanted = {
      rate: optional(values.rate, text => parseNumber('rate', text, 0)),
      seed: optional(values.seed, text => parseNumber('seed', text, 0, true)),
      startMicros: optional(values['market-start'], text => parseTime('market-start', text)),
    }
    const retention = optional(values.retention, text => parseRetention(text, allTables()))
    const sink = toldOf(values)
    const opened = await openLake(values.data, { retention })
    const log = createLogFile(opened.directory, opened.ports.clock)
    try {
      await withLineage(sink, log, async lineage => {
        const lake = { ...opened, lineage }
        const runtime = createRuntime(lake, log)
        const { source, ...shown } = values.live ? liveSource(lake, values) : await simulatedSource(lake, wanted)
        let feeds: Feeds | undefined
        const running = () => feeds?.reports() ?? []
        const audit: RunAudit = steps => auditAfresh(() => openLakeReadOnly(lake.directory), { steps })
        const server = values['no-serve']
          ? undefined
          : await serveBeside(lake, values.port, { log, feeds: running, audit })
        let view: View | undefined
        const stop = stopOn(lake.ports.clock, () => view?.note('Stopping: what is under way ends first.'))
        try {
          try {
            view = await createView(
              lake,
              { ...shown, url: server?.url, feeds: running, audit },
              runtime.totals,
              values.json,
              stop.ask,
            )
            feeds = await startFeeds(lake, source, log)
            await runUntil(lake, feeds, runtime, view, { milliseconds, stop })
          } finally {
            // Open ports keep the process alive, whatever failed.
            await source.close()
            await server?.close()
          }
          view.note('Draining: every stage runs until nothing is pending.')
          await drain(lake, runtime.functions, runtime.totals)
          await view.finish()
        } finally {
          await view?.close()
        }
      })
      const report = await auditAfresh(() => openLakeReadOnly(opened.directory))
      if (values.json) console.log(JSON.stringify({ audit: report }))
      else printAudit(report)
      return report.holds ? 0 : 1
    } finally {
      log.close()
      opened.close()
    }
  },
})

/** The catalog at the port that was asked for, else at its usual one if that is free. */
async function serveBeside(
  lake: Lake,
  port: string | undefined,
  has: Required<Pick<Serving, 'log' | 'feeds' | 'audit'>>,
): Promise<HttpServer> {
  // Made while the feeds start: the first browser does not wait for it.
  const made = openPage()
  made.catch(() => {})
  const serving = { ...has, host: SERVE_OPTIONS.host.default, page: () => made.catch(openPage) }
  if (port !== undefined) return serveCatalog(lake, { ...serving, port })
  return serveCatalog(lake, { ...serving, port: SERVE_OPTIONS.port.default }).catch(error => {
    if (!(error instanceof BadInput)) throw error
    return serveCatalog(lake, { ...serving, port: '0' })
  })
}

type MarketValues = Readonly<Record<(typeof MARKET_OPTIONS)[number], string | undefined>>

interface Shown {
  readonly source: Source
  readonly title: string
  readonly startMicros: bigint
}

function liveSource({ ports }: Lake, values: MarketValues): Shown {
  for (const option of MARKET_OPTIONS)
    if (values[option] !== undefined) throw new BadInput(`--${option} is for the simulated market, not for --live.`)
  return { source: LIVE, title: 'the real exchanges', startMicros: BigInt(ports.clock.now()) * 1000n }
}

async function simulatedSource(lake: Lake, wanted: WantedMarket): Promise<Shown> {
  const market = await openMarket(lake, wanted)
  const title = `market ${market.number} of seed ${market.seed} at ${market.ratePerSecond} trades/s`
  return { source: await serveMarket(lake, market), title, startMicros: market.startMicros }
}

interface Stop {
  ask(): void
  wasAsked(): boolean
}

/** Somebody asks for the end by a signal, or at the screen. `begun` is called once. */
function stopOn(clock: Pick<Lake['ports']['clock'], 'steady'>, begun: () => void): Stop {
  let stoppedAt: number | undefined
  const ask = () => {
    // One Ctrl-C may come twice, from the terminal and from the launcher. A second one later does not wait for the
    // end of the work under way: a start goes on from there.
    if (stoppedAt !== undefined && clock.steady() - stoppedAt > SAME_SIGNAL_MS) process.exit(130)
    if (stoppedAt !== undefined) return
    stoppedAt = clock.steady()
    begun()
  }
  process.on('SIGINT', ask)
  process.on('SIGTERM', ask)
  return { ask, wasAsked: () => stoppedAt !== undefined }
}

/** Runs until the time is up or the person asks; the runtime's own failure ends it at once. */
async function runUntil(
  lake: Lake,
  feeds: Feeds,
  runtime: Runtime,
  view: View,
  { milliseconds, stop }: { readonly milliseconds: number | undefined; readonly stop: Stop },
): Promise<void> {
  const { clock } = lake.ports
  // A connection that breaks and soon comes back is not shown.
  let problem = { text: '', since: clock.steady(), noted: true }
  const noteProblems = (now: number) => {
    const text = feeds.problems().join('\n')
    if (text !== problem.text) problem = { text, since: now, noted: text === '' }
    if (problem.noted || now - problem.since < PROBLEM_MS) return
    problem.noted = true
    view.note(text)
  }
  let ended = false
  const running = runtime.run().finally(() => {
    ended = true
  })
  // The failure is thrown where it is awaited below; until then it must not count as unhandled.
  running.catch(() => {})
  try {
    const end = milliseconds === undefined ? Number.POSITIVE_INFINITY : clock.steady() + milliseconds
    while (!stop.wasAsked() && !ended && clock.steady() < end) {
      if (feeds.failure() !== undefined) throw feeds.failure()
      view.published(feeds.published())
      noteProblems(clock.steady())
      await view.refresh()
      await clock.sleep(LOOK_MS)
    }
  } finally {
    try {
      await feeds.stop()
      view.published(feeds.published())
    } finally {
      // The loops use the lake until they have ended, whatever ended this wait.
      runtime.stop()
      await Promise.allSettled([running])
    }
  }
  await running
}
