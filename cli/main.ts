/** The `tradelake` command: finds the subcommand, runs it, and says what went wrong in one line. */
import { messageOf } from '../domain/errors.ts'
import { audit } from './audit.ts'
import { type Command, helpOf, parseCommand } from './command.ts'
import { drain } from './drain.ts'
import { feed } from './feed.ts'
import { frames } from './frames.ts'
import { maintain } from './maintain.ts'
import { rebuild } from './rebuild.ts'
import { redrive } from './redrive.ts'
import { replay } from './replay.ts'
import { simulator } from './simulator.ts'
import { sql } from './sql.ts'
import { start } from './start.ts'
import { tables } from './tables.ts'

const COMMANDS: readonly Command[] = [
  start,
  feed,
  simulator,
  frames,
  replay,
  drain,
  maintain,
  tables,
  sql,
  audit,
  rebuild,
  redrive,
]

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  const command = COMMANDS.find(candidate => candidate.name === name)
  if (!command) {
    const known = name === undefined || name === '--help' || name === 'help'
    if (!known) console.error(`tradelake: there is no command ${name}. See tradelake --help.`)
    else console.log(overview())
    return known ? 0 : 2
  }
  if (rest.includes('--help')) {
    console.log(helpOf(command))
    return 0
  }
  return command.run(parseCommand(command, rest))
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(command => command.name.length)) + 2
  return [
    'tradelake: crypto trades from Kafka to exact Iceberg tables',
    '',
    ...COMMANDS.map(command => `  ${command.name.padEnd(width)}${command.summary}`),
    '',
    "tradelake COMMAND --help tells a command's options.",
  ].join('\n')
}

// A reader that has seen enough (`tradelake sql … | head`) closes the pipe: that is no failure.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0)
  throw error
})

main(process.argv.slice(2)).then(
  status => {
    process.exitCode = status
  },
  error => {
    console.error(`tradelake: ${messageOf(error)}`)
    if (process.env.TRADELAKE_DEBUG) console.error(error)
    process.exitCode = 1
  },
)
