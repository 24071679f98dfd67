/** `tradelake start`: a market of three exchanges, through all stages, with a live view; ends with an audit. */
import { createLogFile } from '../adapters/log-file.ts'
import { auditLake } from '../localstack/audit.ts'
import { drain } from '../localstack/drain.ts'
import { type Lake, openLake } from '../localstack/lake.ts'
import { type MarketRun, openMarket } from '../localstack/market.ts'
import { createRuntime, type Runtime } from '../localstack/runtime.ts'
import { printAudit } from './audit.ts'
import { type Command, DATA_OPTION, parseDuration, parseNumber } from './command.ts'
import { createView } from './live-view.ts'

const PUBLISH_MS = 100

export const start: Command = {
  name: 'start',
  usage: '[--rate N] [--for 60s] [--seed N] [--data DIR] [--json]',
  summary: 'Make trades of three exchanges and run them through the lake, with a live view.',
  options: {
    rate: { type: 'string', value: 'N', help: 'trades per second of all exchanges together (200 in a new lake)' },
    for: { type: 'string', value: 'TIME', help: 'stop after 60s, 5m, 1h; without it, on Ctrl-C' },
    seed: { type: 'string', value: 'N', help: "the market's seed (1 in a new lake)" },
    data: DATA_OPTION,
    json: { type: 'boolean', help: 'print a JSON line a second instead of the live view' },
  },
  async run(args) {
    const text = args.text('for')
    const milliseconds = text === undefined ? undefined : parseDuration(text)
    const rate = args.text('rate')
    const seed = args.text('seed')
    const wanted = {
      rate: rate === undefined ? undefined : parseNumber('rate', rate, 0),
      seed: seed === undefined ? undefined : parseNumber('seed', seed, 0, true),
    }
    const lake = await openLake(args.text('data') as string)
    const log = createLogFile(lake.directory, lake.ports.clock)
    try {
      const market = await openMarket(lake, wanted)
      const runtime = createRuntime(lake, log)
      const view = await createView(lake, market, runtime.totals, args.flag('json'))
      await runUntil(lake, market, runtime, view, milliseconds)
      view.note('Draining: every stage runs until nothing is pending.')
      await drain(lake, runtime.functions, runtime.totals)
      await view.finish()
      const report = await auditLake(lake)
      if (args.flag('json')) console.log(JSON.stringify({ audit: report }))
      else printAudit(report)
      return report.holds ? 0 : 1
    } finally {
      log.close()
      lake.close()
    }
  },
}

/** Publishes and runs until the time is up or the person asks; the runtime's own failure ends it at once. */
async function runUntil(
  lake: Lake,
  market: MarketRun,
  runtime: Runtime,
  view: Awaited<ReturnType<typeof createView>>,
  milliseconds: number | undefined,
): Promise<void> {
  const { clock } = lake.ports
  let stopping = false
  const stop = () => {
    // A second Ctrl-C does not wait for the end of the work under way: a start goes on from there.
    if (stopping) process.exit(130)
    stopping = true
    view.note('Stopping: what is under way ends first.')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  let ended = false
  const running = runtime.run().finally(() => {
    ended = true
  })
  // The failure is thrown where it is awaited below.
  running.catch(() => {})
  try {
    const end = milliseconds === undefined ? Number.POSITIVE_INFINITY : clock.now() + milliseconds
    while (!stopping && !ended && clock.now() < end) {
      view.published(await market.publish())
      await view.refresh()
      await clock.sleep(PUBLISH_MS)
    }
  } finally {
    runtime.stop()
    process.off('SIGTERM', stop)
  }
  await running
}
