/** `tradelake export`: the Parquet files that hold a table's rows of a range, named or copied. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { uriOf } from '../iceberg/location.ts'
import { type Ask, parameterOptions, printRows, queryOf, ROWS_FORMAT, saveFile, withApi } from './ask.ts'
import { command, LAKE_OPTIONS } from './command.ts'
import { fileService } from './file-service.ts'

const NAMES = ['table', 'start', 'end', 'as_of'] as const

export const exportCommand = command({
  name: 'export',
  usage: '--table gold_crypto_trades [--start TIME] [--end TIME] [--to FOLDER] [--data DIR | --stack NAME]',
  options: {
    ...parameterOptions(...NAMES),
    to: {
      type: 'string',
      value: 'FOLDER',
      help: 'copy the files there; without it they are only named, by path or, in S3, by URLs that are good for an hour',
    },
    format: ROWS_FORMAT,
    ...LAKE_OPTIONS,
  },
  async run(values) {
    const query = queryOf(NAMES, values)
    const { to } = values
    if (to !== undefined) return withApi(values, ask => copyFiles(ask, query, to))
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

async function copyFiles(ask: Ask, query: string, folder: string): Promise<number> {
  const answer = await ask(`exports?${query}`)
  const { data } = (await answer.json()) as { data: readonly { url: string; rows: number; column: string }[] }
  mkdirSync(folder, { recursive: true })
  for (const [at, { url }] of data.entries()) {
    const path = decodeURIComponent(new URL(url).pathname).replace('/v1/', '')
    // Names of files are made up, and so differ; a number keeps their order.
    await saveFile(await ask(path), join(folder, `${String(at).padStart(6, '0')}-${path.split('/').at(-1)}`))
  }
  const rows = data.reduce((sum, each) => sum + each.rows, 0)
  console.log(
    `${data.length} files with ${rows} rows in ${folder}${data.length > 0 ? `: those of other times among them, by ${data[0].column}` : ''}.`,
  )
  return 0
}
