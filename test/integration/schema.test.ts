/** Requests that schemathesis makes up from the API's own description: whatever is asked, the answer is one that the description names. */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPython } from '../../localstack/python.ts'
import { type ServedMarkets, servedMarkets } from './market-lake.ts'
import { schemaPython } from './python.ts'

/** What it would check besides: a description says less of a parameter than its route asks of it. */
const NOT_CHECKED = ['positive_data_acceptance', 'negative_data_rejection']

describe.skipIf(!hasPython())('the description of /v1', () => {
  let served: ServedMarkets
  beforeAll(async () => {
    served = await servedMarkets()
  })
  afterAll(() => served.close())

  test('holds for every request that can be made up from it, and none fails the server', async () => {
    const printed = await run(await schemaPython(), [
      ...['-c', 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())'],
      ...['run', `${served.url}/v1/openapi.json`, '--url', `${served.url}/v1`],
      // These go on for as long as they are listened to.
      ...['--exclude-path', '/stream', '--exclude-path', '/replay'],
      ...['--phases', 'examples,coverage,fuzzing', '--max-examples', '60', '--seed', '11'],
      ...['--exclude-checks', NOT_CHECKED.join(','), '--request-timeout', '30', '--no-color'],
    ])
    const [, generated, passed] = /(\d+) generated, (\d+) passed/.exec(printed) ?? []
    expect([Number(generated) > 500, passed], printed).toEqual([true, generated])
  })
})

/** What a program printed, whatever its status. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: tmpdir(), env: { ...process.env, COLUMNS: '160' } })
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', text => {
        printed += text
      })
    child.on('error', reject)
    child.on('close', () => resolve(printed))
  })
}
