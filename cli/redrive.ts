/** `tradelake redrive`: takes dead letters through Silver again, after a fix of the registry or the code. */
import { BadInput } from '../domain/errors.ts'
import { ERROR_TYPES } from '../domain/validation.ts'
import { type RebuildResult, redrive as redriveLetters } from '../operations/repair/rebuild.ts'
import { command } from './command.ts'
import { chosenExchanges, OUTPUT_OPTIONS, rangeOf, repairLake } from './rebuild.ts'

export const redrive = command({
  name: 'redrive',
  usage:
    '--error-type TYPE [--exchange NAME] [--from TIME] [--to TIME] [--data DIR | --stack NAME] [--lineage URL|FILE] [--json] [--quiet]',
  options: {
    'error-type': { type: 'string', value: 'TYPE', help: 'error_type in the dead-letter table, like unknown_schema' },
    exchange: { type: 'string', value: 'NAME', help: 'only this exchange (default: all)' },
    from: {
      type: 'string',
      value: 'TIME',
      help: 'only dead letters found from this time on, like 2026-11-20T10:00:00Z',
    },
    to: { type: 'string', value: 'TIME', help: 'and before this one (default: now)' },
    ...OUTPUT_OPTIONS,
  },
  async run(values) {
    const errorType = values['error-type']
    if (errorType === undefined || !(ERROR_TYPES as readonly string[]).includes(errorType))
      throw new BadInput(`Give --error-type: one of ${ERROR_TYPES.join(', ')}.`)
    return repairLake(values, 'redrive', async lake => {
      const range = rangeOf(values, lake.ports.clock.now())
      const results: Record<string, RebuildResult> = {}
      for (const exchange of chosenExchanges(values.exchange, lake))
        results[exchange.name] = await redriveLetters(lake.ports, exchange, { errorType, range })
      return results
    })
  },
})
