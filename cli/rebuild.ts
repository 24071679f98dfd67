/** `tradelake rebuild`: makes a range of a table again from the table before it, with the code of today. */
import { BadInput } from '../domain/errors.ts'
import type { Exchange } from '../domain/exchanges.ts'
import type { ReadableLake } from '../domain/lake.ts'
import type { Progress } from '../domain/progress.ts'
import type { TimeRange } from '../domain/ranges.ts'
import type { WritableLake } from '../embedded/lake.ts'
import { noneText } from '../figures/nearest.ts'
import { emptyRangeText } from '../figures/times.ts'
import { type RebuildResult, rebuildCandles, rebuildGold, rebuildSilver } from '../operations/repair/rebuild.ts'
import { command, JSON_OPTION, type Values } from './command.ts'
import { formatCount } from './format.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'
import { parseTime } from './values.ts'
import { WORK_OPTIONS, withLake } from './work-lake.ts'

/** The lake that is worked on, and how the outcome is printed. */
export const OUTPUT_OPTIONS = { ...WORK_OPTIONS, json: JSON_OPTION, quiet: QUIET_OPTION } as const

/** The values of --from and --to. */
interface Range {
  readonly from: string | undefined
  readonly to: string | undefined
}

const WHAT = ['silver', 'gold', 'candles']

export const rebuild = command({
  name: 'rebuild',
  usage:
    'silver|gold|candles --from TIME [--to TIME] [--exchange NAME] [--data DIR | --stack NAME] [--lineage URL|FILE] [--json] [--quiet]',
  takesWords: true,
  options: {
    from: { type: 'string', value: 'TIME', help: 'begin of the range, like 2026-11-20T10:00:00Z' },
    to: { type: 'string', value: 'TIME', help: 'end of the range (default: now)' },
    exchange: {
      type: 'string',
      value: 'NAME',
      help: 'only this exchange (default: all; candles are always made for all)',
    },
    ...OUTPUT_OPTIONS,
  },
  async run(values, positionals) {
    const [what, ...more] = positionals
    if (!WHAT.includes(what) || more.length > 0)
      throw new BadInput('Name what to rebuild: tradelake rebuild silver, gold or candles.')
    if (values.from === undefined) throw new BadInput('Give --from TIME: a rebuild works on a range of time.')
    return repairLake(values, 'rebuild', async (lake, told) => {
      const range = rangeOf(values, lake.ports.clock.now())
      if (what === 'candles') return { all: await rebuildCandles(lake.ports, range, told) }
      const results: Record<string, RebuildResult> = {}
      for (const exchange of chosenExchanges(values.exchange, lake))
        results[exchange.name] =
          what === 'silver'
            ? await rebuildSilver(lake.ports, exchange, range, told)
            : await rebuildGold(lake.ports, exchange, range, [], told)
      return results
    })
  },
})

/** Opens the lake for a repair, works off what the repair left pending, and prints what it did. */
export async function repairLake(
  values: Values<typeof OUTPUT_OPTIONS>,
  kind: 'rebuild' | 'redrive',
  work: (lake: WritableLake, progress: Progress) => Promise<Record<string, RebuildResult>>,
): Promise<number> {
  return withLake(values, { kind }, ({ beside, drain }) =>
    withProgress(values, async told => {
      const results = await beside(lake => work(lake, told))
      told.clear()
      if (values.json) console.log(JSON.stringify(results))
      else for (const [name, result] of Object.entries(results)) console.log(resultLine(name, result))
      await drain(told)
      return 0
    }),
  )
}

/** The range of --from and --to. @throws BadInput where it is empty */
export function rangeOf({ from, to }: Range, nowMs: number): TimeRange {
  const range = {
    from: from === undefined ? 0n : parseTime('from', from),
    to: to === undefined ? BigInt(nowMs) * 1000n : parseTime('to', to) - 1n,
  }
  if (range.from > range.to) throw new BadInput(emptyRangeText('--from', to === undefined ? 'now' : '--to'))
  return range
}

/** The exchange of --exchange, or all. @throws BadInput where there is no exchange of that name */
export function chosenExchanges(name: string | undefined, lake: ReadableLake): readonly Exchange[] {
  if (name === undefined) return lake.exchanges
  const chosen = lake.exchanges.filter(exchange => exchange.name === name)
  if (chosen.length === 0)
    throw new BadInput(
      noneText(
        'exchange',
        name,
        lake.exchanges.map(exchange => exchange.name),
        'there are none',
      ),
    )
  return chosen
}

function resultLine(name: string, { records, valid, invalid, goldRemoved, goldAdded, minutes }: RebuildResult): string {
  const parts = [
    ...(records > 0
      ? [
          `${formatCount(records)} records looked at, now ${formatCount(valid)} in Silver and ${formatCount(invalid)} in the DLQ`,
        ]
      : []),
    `${formatCount(goldRemoved)} rows left Gold, ${formatCount(goldAdded)} came in`,
    `candles of ${formatCount(minutes)} minutes folded again`,
  ]
  return `${name}: ${parts.join('; ')}`
}
