/** `tradelake drain`: runs every stage until nothing is pending. */
import { createLogFile } from '../adapters/log-file.ts'
import { drain as drainLake } from '../embedded/drain.ts'
import { wireFunctions } from '../embedded/functions.ts'
import { openLake } from '../embedded/lake.ts'
import { createTotals } from '../embedded/totals.ts'
import { drainDeployed } from '../operations/deployed-drain.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'
import { command, JSON_OPTION, LAKE_OPTIONS } from './command.ts'
import { LINEAGE_OPTION, toldOf, withLineage } from './lineage.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'

export const drain = command({
  name: 'drain',
  usage: '[--data DIR [--lineage URL|FILE] | --stack NAME] [--json] [--quiet]',
  options: {
    ...LAKE_OPTIONS,
    lineage: { ...LINEAGE_OPTION, insteadOf: 'stack' },
    json: JSON_OPTION,
    quiet: QUIET_OPTION,
  },
  async run(values) {
    if (values.stack !== undefined) return drainStack(values.stack, values)
    const sink = toldOf(values)
    const lake = await openLake(values.data, { mustExist: true })
    const log = createLogFile(lake.directory, lake.ports.clock)
    try {
      const totals = createTotals(lake.exchanges)
      await withProgress(values, told =>
        withLineage(sink, log, lineage => drainLake(lake, wireFunctions({ ...lake, lineage }, log), totals, told)),
      )
      const rows = Object.fromEntries(totals.exchanges)
      if (values.json) console.log(JSON.stringify(rows))
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
})

async function drainStack(stack: string, values: { readonly json: boolean; readonly quiet: boolean }): Promise<number> {
  const lake = await openDeployedLake(stack)
  try {
    await withProgress(values, told => drainDeployed(lake, told))
    console.log(values.json ? JSON.stringify({ stack, pending: 0 }) : `nothing is pending in ${stack}`)
    return 0
  } finally {
    lake.close()
  }
}
