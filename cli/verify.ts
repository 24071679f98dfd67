/** `tradelake verify`: waits until a deployment takes records from Kafka to every table. */
import { lambdaMappings } from '../adapters/lambda-mappings.ts'
import { BadInput } from '../domain/errors.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'
import { type Part, verifyDeployed } from '../operations/verify.ts'
import { command, JSON_OPTION, type Options } from './command.ts'
import { parseDuration } from './values.ts'

const OPTIONS = {
  stack: { type: 'string', value: 'NAME', help: 'the deployed stack' },
  wait: { type: 'string', value: 'TIME', help: 'the longest to wait', default: '15m' },
  expect: {
    type: 'string',
    value: 'LIST',
    help: 'exchanges whose trades are meant to come, or none (default: all)',
  },
  json: JSON_OPTION,
} as const satisfies Options

export const verify = command({
  name: 'verify',
  usage: '--stack NAME [--wait TIME] [--expect X,Y] [--json]',
  options: OPTIONS,
  async run({ stack, wait, expect, json }) {
    if (stack === undefined) throw new BadInput('Say which stack: --stack tradelake-dev.')
    const waitMs = parseDuration(wait)
    const lake = await openDeployedLake(stack)
    const mappings = lambdaMappings()
    try {
      const wanted = expect === undefined ? undefined : expect === 'none' ? [] : expect.split(',')
      const wrong = wanted?.find(name => !lake.exchanges.some(exchange => exchange.name === name))
      if (wrong !== undefined)
        throw new BadInput(
          `--expect ${wrong} is not none, nor one of ${lake.exchanges.map(({ name }) => name).join(', ')}.`,
        )
      const expected = lake.exchanges.filter(({ name }) => wanted?.includes(name) ?? true)
      const onReady = ({ name, now }: Part) => (json ? undefined : console.log(`ready    ${name}: ${now}`))
      const parts = await verifyDeployed(lake, mappings, { expected, waitMs, onReady })
      const missing = parts.filter(({ ready }) => !ready)
      if (json) console.log(JSON.stringify({ ready: missing.length === 0, parts }))
      else {
        for (const { name, now } of missing) console.log(`waiting  ${name}: ${now}`)
        console.log(
          missing.length === 0
            ? `${stack} works: every topic is read${expected.length > 0 ? ', and every table has rows' : ''}.`
            : `${stack} is not ready after ${wait}: ${missing.length} of ${parts.length} parts wait. docs/runbook.md#bronze-silent says what an event source's words mean.`,
        )
      }
      return missing.length === 0 ? 0 : 1
    } finally {
      mappings.close()
      lake.close()
    }
  },
})
