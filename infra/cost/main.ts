/** `npm run cost -- --rate 138 --freshness 10`: what a month costs; `--page` writes docs/cost.md. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BadInput, messageOf } from '../../domain/errors.ts'
import { DEFAULT_FRESHNESS } from '../context.ts'
import { COUNTED } from './figures.ts'
import { costPage, costTable } from './page.ts'

function main(): void {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '138' },
      freshness: { type: 'string', default: String(DEFAULT_FRESHNESS) },
      page: { type: 'boolean' },
    },
  })
  if (values.page) {
    writeFileSync(join(import.meta.dirname, '..', '..', 'docs', 'cost.md'), costPage())
    return
  }
  const rate = Number(values.rate)
  if (!(rate > 0 && rate <= 1_000_000))
    throw new BadInput(`--rate is ${values.rate}: give trades a second, up to 1000000.`)
  const freshness = COUNTED.find(seconds => String(seconds) === values.freshness)
  if (freshness === undefined)
    throw new BadInput(`--freshness is ${values.freshness}: give one of ${COUNTED.join(', ')} seconds.`)
  console.log(costTable([rate], freshness))
}

try {
  main()
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
