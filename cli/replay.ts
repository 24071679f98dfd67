/** `tradelake replay`: brings the records of Bronze files in again, keeping topic, partition, offset and time. */
import { BadInput } from '../domain/errors.ts'
import { openLake } from '../embedded/lake.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'
import { replayDeployed } from '../operations/replay/deployed-replay.ts'
import { inputFile } from '../operations/replay/input.ts'
import { replayFiles } from '../operations/replay/replay.ts'
import { command, JSON_OPTION, LAKE_OPTIONS } from './command.ts'
import { formatCount } from './format.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'

export const replay = command({
  name: 'replay',
  usage: 'FILE.parquet… [--data DIR | --stack NAME] [--json | --quiet]',
  takesWords: true,
  options: { ...LAKE_OPTIONS, json: JSON_OPTION, quiet: QUIET_OPTION },
  async run(values, positionals) {
    if (positionals.length === 0) throw new BadInput('Give at least one Parquet file with the Bronze columns.')
    for (const name of positionals) inputFile(name)
    if (values.stack !== undefined) return replayStack(values.stack, positionals, values)
    const lake = await openLake(values.data)
    try {
      const { records, placed } = await withProgress(values, told => replayFiles(lake, positionals, told))
      console.log(
        values.json ? JSON.stringify({ records, placed }) : summary(records, placed, 'placed in their topics'),
      )
      if (placed > 0 && !values.json)
        console.log('Run tradelake drain, or tradelake start, to take them through the stages.')
      return 0
    } finally {
      lake.close()
    }
  },
})

async function replayStack(
  stack: string,
  names: readonly string[],
  values: { readonly json: boolean; readonly quiet: boolean },
): Promise<number> {
  const lake = await openDeployedLake(stack)
  try {
    const { records, placed } = await withProgress(values, told => replayDeployed(lake, names, told))
    console.log(values.json ? JSON.stringify({ records, placed }) : summary(records, placed, 'brought to Bronze'))
    return 0
  } finally {
    lake.close()
  }
}

function summary(records: number, placed: number, done: string): string {
  const there = records - placed
  return `${formatCount(records)} records: ${formatCount(placed)} ${done}${there > 0 ? `, ${formatCount(there)} were there already` : ''}.`
}
