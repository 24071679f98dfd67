/** Commands that ask the read API in their own process, without a server: the same code, the same answers. */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { systemClock } from '../adapters/system.ts'
import { type ApiOptions, createApi } from '../api/app.ts'
import { PARAMETERS, type ParameterName } from '../api/market/parameter-list.ts'
import { BadInput } from '../domain/errors.ts'
import { noTradeText } from '../figures/markets.ts'
import type { MarketRow, ProblemBody } from '../figures/rows.ts'
import { parseInstant } from '../figures/times.ts'
import type { LAKE_OPTIONS, Option, Values } from './command.ts'
import { fittingTable } from './format.ts'
import { type CatalogPlace, openForCatalog } from './open-lake.ts'
import { STDERR } from './stderr-log.ts'

/** Asks a path below `/v1`. @throws BadInput in the words of the problem that was answered */
export type Ask = (path: string, method?: 'GET' | 'PUT' | 'DELETE') => Promise<Response>

/** Opens the lake, and closes it when the work has ended. `options`: what the application has besides. @throws BadInput */
export async function withApi<T>(
  place: Values<typeof LAKE_OPTIONS>,
  work: (ask: Ask) => Promise<T>,
  options: (lake: CatalogPlace) => Pick<ApiOptions, 'service' | 'urlOf'> = () => ({}),
): Promise<T> {
  const lake = await openForCatalog(place)
  try {
    const api = createApi({ ports: lake.ports, log: STDERR, auth: 'none', ...options(lake) })
    return await work(async (path, method = 'GET') => {
      const answer = await api.request(`http://localhost/v1/${path}`, { method, headers: { host: 'localhost' } })
      if (!answer.ok)
        throw new BadInput(optionWords((await answer.json()) as Pick<ProblemBody, 'detail' | 'parameter'>))
      return answer
    })
  } finally {
    lake.close()
  }
}

/** Options of a command for parameters of a route: `as_of` is `--as-of`. */
export function parameterOptions<const Name extends ParameterName>(
  ...names: readonly Name[]
): { readonly [N in Name as Dashed<N>]: Option & { readonly type: 'string' } } {
  const entries = names.map(name => [
    optionOf(name),
    {
      type: 'string',
      value: name.toUpperCase(),
      help: PARAMETERS[name].description + (TIMES.includes(name) ? ' Or 14:09, of today.' : ''),
    },
  ])
  return Object.fromEntries(entries)
}

type Dashed<Text extends string> = Text extends `${infer Before}_${infer After}` ? `${Before}-${Dashed<After>}` : Text

const optionOf = (name: string) => name.replaceAll('_', '-')

/** What the API says of its parameters, in the words of options. */
function optionWords({ detail = '', parameter }: Pick<ProblemBody, 'detail' | 'parameter'>): string {
  if (parameter !== undefined && detail.startsWith(`${parameter}: `))
    return `--${optionOf(parameter)}${detail.slice(parameter.length)}`
  const names = Object.keys(PARAMETERS).filter(name => name.includes('_'))
  return names.reduce((text, name) => text.replaceAll(name, `--${optionOf(name)}`), detail)
}

const TIMES: readonly ParameterName[] = ['start', 'end', 'as_of']

/** The query that options ask. A time of day is today's, in UTC, as in the page. */
export function queryOf(names: readonly ParameterName[], values: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  for (const name of names) {
    const value = values[optionOf(name)]
    if (typeof value !== 'string') continue
    const today =
      TIMES.includes(name) && /^[\d:]+$/.test(value) && value.includes(':')
        ? parseInstant(value, systemClock().now())
        : undefined
    query.set(name, today === undefined ? value : new Date(today).toISOString())
  }
  return query.toString()
}

/** How rows are printed: for people, or as the API sends them. */
export const ROWS_FORMAT = {
  type: 'string',
  value: 'FORMAT',
  help: 'table, json, ndjson, csv, arrow or parquet',
  default: 'table',
} as const satisfies Option

/** Prints what a route of rows answers; a table has these columns, the `spare` ones where it fits; the other formats all. @throws BadInput */
export async function printRows(
  ask: Ask,
  path: string,
  query: string,
  {
    format,
    columns,
    spare = [],
  }: { readonly format: string; readonly columns: readonly string[]; readonly spare?: readonly string[] },
): Promise<void> {
  if ((format === 'arrow' || format === 'parquet') && process.stdout.isTTY)
    throw new BadInput(`${format} cannot be printed to a terminal: add > FILE.${format}.`)
  if (format !== 'table') {
    const answer = await ask(`${path}?${query}&format=${format}`)
    await writeBody(answer)
    return
  }
  const { data, next } = (await (await ask(`${path}?${query}&format=json`)).json()) as {
    data: readonly Record<string, unknown>[]
    next?: string | null
  }
  if (data.length === 0) {
    console.log(path === 'candles' || path === 'trades' ? await noTradesText(ask, query) : 'There are no rows.')
    return
  }
  const cells = data.map(row => columns.map(column => (row[column] === null ? '' : String(row[column]))))
  console.log(fittingTable(columns, cells, spare, process.stdout.columns || Number.POSITIVE_INFINITY))
  if (next) console.log(`There are more: give a larger --limit, or --limit all with --format csv, ndjson or arrow.`)
}

async function noTradesText(ask: Ask, query: string): Promise<string> {
  const asked = new URLSearchParams(query)
  const chosen = new URLSearchParams([...asked].filter(([name]) => ['symbols', 'exchanges', 'as_of'].includes(name)))
  const { data } = (await (await ask(`symbols?${chosen}`)).json()) as { data: readonly MarketRow[] }
  return noTradeText(data)
}

async function writeBody(answer: Response): Promise<void> {
  if (!answer.body) return
  await pipeline(Readable.fromWeb(answer.body as never), process.stdout, { end: false })
}

/** Saves a file that exports named. `came` is told of its bytes as they come. */
export async function saveFile(answer: Response, path: string, came: (bytes: number) => void): Promise<void> {
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      came(chunk.length)
      yield chunk
    }
  }
  await pipeline(Readable.fromWeb(answer.body as never), counted, createWriteStream(path, { flags: 'wx' }))
}
