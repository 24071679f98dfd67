/** `tradelake drain`: runs every stage until nothing is pending. */
import { createLogFile } from '../adapters/log-file.ts'
import { drain as drainLake } from '../localstack/drain.ts'
import { wireFunctions } from '../localstack/functions.ts'
import { openLake } from '../localstack/lake.ts'
import { createTotals } from '../localstack/totals.ts'
import { type Command, DATA_OPTION, JSON_OPTION } from './command.ts'

export const drain: Command = {
  name: 'drain',
  usage: '[--data DIR] [--json]',
  summary: 'Run every stage until nothing is pending, then exit.',
  options: { data: DATA_OPTION, json: JSON_OPTION },
  async run(args) {
    const lake = await openLake(args.text('data') as string, { mustExist: true })
    const log = createLogFile(lake.directory, lake.ports.clock)
    try {
      const totals = createTotals(lake.exchanges)
      await drainLake(lake, wireFunctions(lake, log), totals)
      const rows = Object.fromEntries(totals.exchanges)
      if (args.flag('json')) console.log(JSON.stringify(rows))
      else
        for (const [name, { bronze, silver, dlq, gold, candles }] of Object.entries(rows))
          console.log(
            `${name}: ${bronze} Bronze, ${silver} Silver, ${dlq} DLQ, ${gold} Gold rows and ${candles} candles added`,
          )
      return 0
    } finally {
      log.close()
      lake.close()
    }
  },
}
