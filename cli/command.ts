/** What a command is: its options as data, for parsing and for --help. */

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { BadInput, messageOf } from '../domain/errors.ts'
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts'

export interface Option {
  readonly type: 'string' | 'boolean'
  /** How the value is called in the help. */
  readonly value?: string
  readonly help: string
  readonly default?: string
}

export interface Arguments {
  readonly positionals: readonly string[]
  text(name: string): string | undefined
  flag(name: string): boolean
}

export interface Command {
  readonly name: string
  /** What follows the name in the usage line. */
  readonly usage: string
  readonly options: Readonly<Record<string, Option>>
  /** Gives the exit status. */
  run(args: Arguments): Promise<number>
}

export const DATA_OPTION: Option = { type: 'string', value: 'DIR', help: 'where the lake is', default: './.tradelake' }
export const JSON_OPTION: Option = { type: 'boolean', help: 'print JSON' }

/** Parses what follows the command's name. @throws BadInput naming what is wrong */
export function parseCommand(command: Command, argv: readonly string[]): Arguments {
  const options: ParseArgsConfig['options'] = { help: { type: 'boolean' } }
  for (const [name, { type }] of Object.entries(command.options)) options[name] = { type }
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
    return {
      positionals,
      text: name => (values[name] as string | undefined) ?? command.options[name]?.default,
      flag: name => values[name] === true,
    }
  } catch (error) {
    throw new BadInput(
      `${messageOf(error).split('. ', 1)[0].replace(/\.?$/, '.')} See tradelake ${command.name} --help.`,
    )
  }
}

/** The help of one command. */
export function helpOf(command: Command, summary: string): string {
  const rows = Object.entries({ ...command.options, help: { type: 'boolean', help: 'this text' } as Option }).map(
    ([name, option]) => [
      `  --${name}${option.value ? ` ${option.value}` : ''}`,
      `${option.help}${option.default ? ` (default ${option.default})` : ''}`,
    ],
  )
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  const lines = rows.map(([left, right]) => left.padEnd(width) + right)
  return [`tradelake ${command.name} ${command.usage}`.trimEnd(), '', summary, '', ...lines].join('\n')
}

/** A duration like `60s`, `5m`, `1h`, `250ms` in milliseconds. @throws BadInput */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  if (!match) throw new BadInput(`${text} is no duration: write 60s, 5m or 1h.`)
  return Number(match[1]) * { ms: 1, s: 1000, m: MINUTE_MS, h: HOUR_MS }[match[2] as 'ms' | 's' | 'm' | 'h']
}

/** A number of at least `least`. @throws BadInput naming the option */
export function parseNumber(option: string, text: string, least: number, whole = false): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least || (whole && !Number.isSafeInteger(value)))
    throw new BadInput(`--${option} ${text} is not a ${whole ? 'whole number' : 'number'} of at least ${least}.`)
  return value
}

/** A time like `2026-11-20T10:00:00Z` in microseconds since 1970. @throws BadInput naming the option */
export function parseTime(option: string, text: string): bigint {
  const milliseconds = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (!(milliseconds >= 0)) throw new BadInput(`--${option} ${text} is no time: write 2026-11-20T10:00:00Z.`)
  return BigInt(milliseconds) * 1000n
}
