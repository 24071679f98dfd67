/** `tradelake export`: the Parquet files that hold a table's rows of a range, named or copied. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sumOf } from '../domain/counts.ts'
import { uriOf } from '../iceberg/location.ts'
import { type Ask, parameterOptions, printRows, queryOf, ROWS_FORMAT, saveFile, withApi } from './ask.ts'
import { command, LAKE_OPTIONS } from './command.ts'
import { fileService } from './file-service.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'

const NAMES = ['table', 'start', 'end', 'as_of'] as const

export const exportCommand = command({
  name: 'export',
  usage:
    '--table gold_crypto_trades [--start TIME] [--end TIME] [--to FOLDER] [--json] [--quiet] [--data DIR | --stack NAME]',
  options: {
    ...parameterOptions(...NAMES),
    to: {
      type: 'string',
      value: 'FOLDER',
      help: 'copy the files there; without it they are only named, by path or, in S3, by URLs that are good for an hour',
    },
    format: ROWS_FORMAT,
    json: { type: 'boolean', help: 'with --to: print JSON' },
    quiet: QUIET_OPTION,
    ...LAKE_OPTIONS,
  },
  async run(values) {
    const query = queryOf(NAMES, values)
    const { to } = values
    if (to !== undefined) return withApi(values, ask => copyFiles(ask, query, to, values))
    const service = await fileService(values)
    const columns = ['rows', 'bytes', 'first', 'last', 'url']
    return withApi(
      values,
      async ask => {
        await printRows(ask, 'exports', query, { format: values.format, columns })
        return 0
      },
      ({ ports: { store } }) =>
        service ? { service } : { urlOf: (key: string) => uriOf(store, key).replace(/^file:\/\//, '') },
    )
  },
})

async function copyFiles(
  ask: Ask,
  query: string,
  folder: string,
  values: { readonly json: boolean; readonly quiet: boolean },
): Promise<number> {
  const answer = await ask(`exports?${query}`)
  const { data } = (await answer.json()) as {
    data: readonly { url: string; rows: number; bytes: number; column: string }[]
  }
  mkdirSync(folder, { recursive: true })
  await withProgress(values, async told => {
    told.begin(
      'Copying files',
      'byte',
      sumOf(data, ({ bytes }) => bytes),
    )
    for (const [at, { url }] of data.entries()) {
      const path = decodeURIComponent(new URL(url).pathname).replace('/v1/', '')
      // Names of files are made up, and so differ; a number keeps their order.
      const name = `${String(at).padStart(6, '0')}-${path.split('/').at(-1)}`
      await saveFile(await ask(path), join(folder, name), told.add)
    }
  })
  const rows = sumOf(data, each => each.rows)
  if (values.json) console.log(JSON.stringify({ files: data.length, rows, folder }))
  else
    console.log(
      `${data.length} files with ${rows} rows in ${folder}${data.length > 0 ? `: those of other times among them, by ${data[0].column}` : ''}.`,
    )
  return 0
}
