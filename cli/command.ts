/**
 * A command of `tradelake`. Its options are data: the parsing, the help and the types of the values that it runs with all
 * follow from them.
 */
import { parseArgs } from 'node:util'
import { BadInput, messageOf } from '../domain/errors.ts'

interface TextOption {
  readonly type: 'string'
  /** The value's name in the help. */
  readonly value: string
  readonly help: string
  readonly default?: string
  /** The option that it is given in the place of: both make no sense. */
  readonly insteadOf?: string
}

interface Flag {
  readonly type: 'boolean'
  readonly help: string
}

export type Option = TextOption | Flag
export type Options = Readonly<Record<string, Option>>

/**
 * The type of an option's value: boolean for a flag; text for any other, which is always there only if it has a
 * default.
 */
type ValueOf<O extends Option> = O extends Flag ? boolean : O extends { default: string } ? string : string | undefined
export type Values<O extends Options> = { readonly [Name in keyof O]: ValueOf<O[Name]> }

export interface Definition<O extends Options> {
  readonly name: string
  /** What follows the name in the usage line. */
  readonly usage: string
  readonly options: O
  /** Whether words may follow that are no options; without it they are refused. */
  readonly takesWords?: boolean
  /** Gives the exit status. */
  run(values: Values<O>, positionals: readonly string[]): Promise<number>
}

/** A command as the command line sees it. */
export interface Command {
  readonly name: string
  readonly usage: string
  readonly options: Options
  /** Runs with what follows the command's name; gives the exit status. @throws BadInput naming what is wrong with it */
  run(argv: readonly string[]): Promise<number>
}

export const DATA_OPTION = {
  type: 'string',
  value: 'DIR',
  help: 'where the lake is',
  default: './.tradelake',
} as const satisfies Option
/** For commands that can look at a deployment too. */
export const LAKE_OPTIONS = {
  data: DATA_OPTION,
  stack: { type: 'string', value: 'NAME', help: 'the lake of a deployed stack, instead of --data', insteadOf: 'data' },
} as const satisfies Options
export const RETENTION_OPTION = {
  type: 'string',
  value: 'TABLE=DAYS,…',
  help: 'how long tables keep rows, as gold_ohlcv_1m=90 or =forever; remembered in the lake (docs/tables.md)',
} as const satisfies Option
export const JSON_OPTION = { type: 'boolean', help: 'print JSON' } as const satisfies Option
const HELP_OPTION = { type: 'boolean', help: 'this text' } as const satisfies Option

export function command<const O extends Options>(definition: Definition<O>): Command {
  return {
    ...definition,
    run(argv) {
      const { values, positionals } = parseOptions(definition, argv)
      if (!definition.takesWords && positionals.length > 0)
        throw new BadInput(`'${positionals[0]}' is not known here. See tradelake ${definition.name} --help.`)
      return definition.run(values, positionals)
    },
  }
}

/** Parses what follows a command's name. @throws BadInput naming what is wrong */
export function parseOptions<O extends Options>(
  { name, options }: Pick<Definition<O>, 'name' | 'options'>,
  argv: readonly string[],
): { readonly values: Values<O>; readonly positionals: readonly string[] } {
  const given = parseStrictly(name, { ...options, help: HELP_OPTION }, argv)
  for (const [option, definition] of Object.entries<Option>(options)) {
    const other = 'insteadOf' in definition ? (definition.insteadOf ?? '') : ''
    if (given.values[option] !== undefined && given.values[other] !== undefined)
      throw new BadInput(`Give --${option} or --${other}, not both.`)
  }
  const values = Object.entries<Option>(options).map(([option, definition]) => [
    option,
    given.values[option] ?? (definition.type === 'boolean' ? false : definition.default),
  ])
  return { values: Object.fromEntries(values), positionals: given.positionals }
}

function parseStrictly(name: string, options: Options, argv: readonly string[]) {
  // Without defaults: whether an option was given must show.
  const types = Object.fromEntries(Object.entries<Option>(options).map(([option, { type }]) => [option, { type }]))
  try {
    return parseArgs({ args: [...argv], options: types, allowPositionals: true, strict: true })
  } catch (error) {
    // Node's message goes on with advice about `--`.
    const [problem] = messageOf(error).split('. ', 1)
    throw new BadInput(`${problem.replace(/\.?$/, '.')} See tradelake ${name} --help.`)
  }
}

/** The help of one command. */
export function helpOf({ name, usage, options }: Command, summary: string): string {
  const rows = Object.entries<Option>({ ...options, help: HELP_OPTION }).map(([option, definition]) => {
    const { value, default: otherwise } = { value: undefined, default: undefined, ...definition }
    return {
      left: `  --${option}${value ? ` ${value}` : ''}`,
      right: `${definition.help}${otherwise ? ` (default ${otherwise})` : ''}`,
    }
  })
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2
  const lines = rows.map(({ left, right }) => left.padEnd(width) + right)
  return [`tradelake ${name} ${usage}`.trimEnd(), '', summary, '', ...lines].join('\n')
}
