/** `npm run cost -- --rate 138`: what a month costs; `--page` writes docs/cost.md. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BadInput, messageOf } from '../../domain/errors.ts'
import { costPage, costTable } from './page.ts'

function main(): void {
  const { values } = parseArgs({ options: { rate: { type: 'string', default: '138' }, page: { type: 'boolean' } } })
  if (values.page) {
    writeFileSync(join(import.meta.dirname, '..', '..', 'docs', 'cost.md'), costPage())
    return
  }
  const rate = Number(values.rate)
  if (!(rate > 0 && rate <= 1_000_000))
    throw new BadInput(`--rate is ${values.rate}: give trades a second, up to 1000000.`)
  console.log(costTable([rate]))
}

try {
  main()
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
