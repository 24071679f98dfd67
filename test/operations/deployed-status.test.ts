/** What a deployment says of itself, from services that answer as their API references say. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { deploymentStatus } from '../../operations/deployed-status.ts'

/** Answers by path; the version that was uploaded last is another than the live one. */
const LAMBDA: Readonly<Record<string, unknown>> = {
  '/2015-03-31/functions/tradelake-gold/aliases/live': { Name: 'live', FunctionVersion: '7' },
  '/2015-03-31/functions/tradelake-gold/configuration?Qualifier=7': {
    LastModified: '2026-11-20T12:00:00.000+0000',
    Environment: { Variables: { TRADELAKE_BUILD: '0.1.0+aaaaaaaaaaaa' } },
  },
  '/2015-03-31/functions/tradelake-gold/configuration': {
    LastModified: '2026-11-26T12:00:00.000+0000',
    Environment: { Variables: { TRADELAKE_BUILD: '0.1.0+bbbbbbbbbbbb' } },
  },
}

test('the build of a function is that of the version that gets its events, not of the one that was uploaded last', async () => {
  const server = createServer((request, response) => {
    const found = LAMBDA[request.url ?? '']
    const body = found ?? { MetricAlarms: [], CompositeAlarms: [] }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  onTestFinished(() => void vi.unstubAllEnvs())
  const { functions } = await deploymentStatus({ functions: () => ['tradelake-gold'], stack: 'tradelake' })
  expect(functions).toEqual([
    { name: 'tradelake-gold', build: '0.1.0+aaaaaaaaaaaa', deployed: '2026-11-20T12:00:00.000+0000' },
  ])
})
