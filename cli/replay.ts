/** `tradelake replay`: publishes the records of Bronze files again, keeping topic, partition, offset and time. */
import { BadInput } from '../domain/errors.ts'
import { openLake } from '../localstack/lake.ts'
import { inputFile } from '../localstack/replay/input.ts'
import { replayFiles } from '../localstack/replay.ts'
import { type Command, DATA_OPTION } from './command.ts'
import { formatCount } from './format.ts'

export const replay: Command = {
  name: 'replay',
  usage: 'FILE.parquet… [--data DIR]',
  options: { data: DATA_OPTION },
  async run(args) {
    if (args.positionals.length === 0) throw new BadInput('Give at least one Parquet file with the Bronze columns.')
    for (const name of args.positionals) inputFile(name)
    const lake = await openLake(args.text('data') as string)
    try {
      const { records, placed } = await replayFiles(lake, args.positionals)
      const there = records - placed
      console.log(
        `${formatCount(records)} records: ${formatCount(placed)} placed in their topics${there > 0 ? `, ${formatCount(there)} were there already` : ''}.`,
      )
      if (placed > 0) console.log('Run tradelake drain, or tradelake start, to take them through.')
      return 0
    } finally {
      lake.close()
    }
  },
}
