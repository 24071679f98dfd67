/** The `tradelake` command: finds the subcommand, runs it, and says what went wrong in one line. */
import { enableCompileCache } from 'node:module'
import { endWithParent } from '../adapters/system.ts'
import { messageOf, Stopped, Throttled } from '../domain/errors.ts'
import { type Command, helpOf } from './command.ts'

/** Each is loaded only when it runs: it does not wait for what another needs, nor fail where that is not installed. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; load(): Promise<Command> }>> = {
  start: {
    summary: 'Feed the trades of three exchanges through the lake, with a live view.',
    load: async () => (await import('./start.ts')).start,
  },
  feed: {
    summary: "Read an exchange's trades from its WebSocket and write them to Kafka.",
    load: async () => (await import('./feed.ts')).feed,
  },
  simulator: {
    summary: 'Run simulated exchanges that speak the protocols of Binance, Kraken and Coinbase.',
    load: async () => (await import('./simulator.ts')).simulator,
  },
  fill: {
    summary: "Fetch trades of the past by their numbers from an exchange's history, into a lake or into Kafka.",
    load: async () => (await import('./fill.ts')).fill,
  },
  frames: {
    summary:
      'Publish recorded WebSocket frames as TradeV2 messages; tradelake drain then takes them through the stages.',
    load: async () => (await import('./frames.ts')).frames,
  },
  replay: {
    summary: 'Publish records from Parquet files with the Bronze columns, each at its own offset and time.',
    load: async () => (await import('./replay.ts')).replay,
  },
  drain: {
    summary: 'Run every stage until no work is pending, then exit.',
    load: async () => (await import('./drain.ts')).drain,
  },
  maintain: {
    summary:
      'Join small files, drop days past their retention, expire snapshots and delete files that no snapshot names.',
    load: async () => (await import('./maintain.ts')).maintain,
  },
  tables: {
    summary: 'Show rows, files, bytes, snapshot and freshness of every table.',
    load: async () => (await import('./tables.ts')).tables,
  },
  status: {
    summary:
      'Show how the lake is doing: lags, what is pending, dead letters, gaps, freshness; of a stack also builds and alarms.',
    load: async () => (await import('./status.ts')).status,
  },
  top: {
    summary: 'Watch a lake in the terminal: prices, stages, lags, dead letters, gaps, tables, log.',
    load: async () => (await import('./top.ts')).top,
  },
  sql: {
    summary: 'Query the current snapshots of all tables with DuckDB.',
    load: async () => (await import('./sql.ts')).sql,
  },
  candles: {
    summary: 'Show candles of any windows, or write them to a file: CSV, JSON, Arrow or Parquet.',
    load: async () => (await import('./rows.ts')).candles,
  },
  trades: {
    summary: 'Show trades, or write them to a file.',
    load: async () => (await import('./rows.ts')).trades,
  },
  coverage: {
    summary: 'Show how complete the trades are, by the numbers that exchanges give them.',
    load: async () => (await import('./rows.ts')).coverage,
  },
  'dead-letters': {
    summary: 'Show what was refused and why, how often, and the newest of each kind; of the last day, or since a time.',
    load: async () => (await import('./dead-letters.ts')).deadLetters,
  },
  export: {
    summary: "Name or copy the Parquet files that hold a table's rows of a range.",
    load: async () => (await import('./export.ts')).exportCommand,
  },
  pin: {
    summary: 'Keep a state of the tables under a name, list what is kept, or give it up.',
    load: async () => (await import('./pin.ts')).pin,
  },
  serve: {
    summary: 'Serve candles and trades over HTTP, and all tables as an Iceberg REST catalog.',
    load: async () => (await import('./serve.ts')).serve,
  },
  keys: {
    summary: "Make, list and revoke keys of the lake's web application.",
    load: async () => (await import('./keys.ts')).keys,
  },
  verify: {
    summary: 'Wait until a deployed stack takes records from Kafka to every table. Exit status 1 if it does not.',
    load: async () => (await import('./verify.ts')).verify,
  },
  audit: {
    summary:
      'Check the six laws that every lake keeps: nothing is lost, doubled or changed. Exit status 1 if one is broken.',
    load: async () => (await import('./audit.ts')).audit,
  },
  restore: {
    summary: "Put a backup of a deployed lake's state in its place, and bring it up to what the tables hold.",
    load: async () => (await import('./restore.ts')).restore,
  },
  rebuild: {
    summary: 'Make a time range again: Silver from Bronze (by ingestion time), Gold from Silver, candles from Gold.',
    load: async () => (await import('./rebuild.ts')).rebuild,
  },
  redrive: {
    summary: 'Take dead letters (records that Silver refused) of one error type through Silver again.',
    load: async () => (await import('./redrive.ts')).redrive,
  },
}

async function main(argv: readonly string[]): Promise<number> {
  endWithParent()
  // A later run finds the subcommand's imports compiled, in the system's temporary folder.
  enableCompileCache()
  const [name, ...rest] = argv
  const found = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!found) {
    const known = name === undefined || name === '--help' || name === 'help'
    if (!known) console.error(`tradelake: there is no command ${name}. See tradelake --help.`)
    else console.log(overview())
    return known ? 0 : 2
  }
  const command = await found.load()
  if (rest.includes('--help')) {
    console.log(helpOf(command, found.summary))
    return 0
  }
  return command.run(rest)
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(name => name.length)) + 2
  return [
    'tradelake: crypto trades from Kafka to exact Iceberg tables',
    '',
    ...Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`),
    '',
    "tradelake COMMAND --help shows a command's options, tradelake --version which version this is.",
  ].join('\n')
}

// A reader that has seen enough (`tradelake sql … | head`) closes the pipe: that is not a failure.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0)
  throw error
})

main(process.argv.slice(2)).then(
  status => {
    process.exitCode = status
  },
  error => {
    const more = error instanceof Throttled ? ' Run the command again in a while.' : ''
    console.error(`tradelake: ${messageOf(error)}${more}`)
    if (process.env.TRADELAKE_DEBUG) console.error(error)
    process.exitCode = 1
    // What it was in the middle of would hold the process up, and can do nothing more.
    if (error instanceof Stopped) process.exit(1)
  },
)
