/** A command on a deployed lake makes room for a repair, as the functions do. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { placeOn } from '../../cli/work-lake.ts'
import { Paused, Stopped } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { leaseHeld, takeLease } from '../../domain/lease.ts'
import type { Write } from '../../domain/ports.ts'
import type { WritableLake } from '../../embedded/lake.ts'
import { memoryLake } from '../functions/support.ts'
import { runCommandIn } from './support.ts'

const MINUTE = 60_000
const put: Write = {
  kind: 'put',
  item: { key: { table: 'state', partition: 'things', sort: 'one' }, attributes: { of: 'the test' } },
}

function place() {
  const { ports } = memoryLake()
  const lake: WritableLake = {
    exchanges: EXCHANGES,
    ports,
    topics: { poll: async () => undefined, acknowledge: async () => {}, ends: async () => [] },
    settings: { retention: {} },
    close: () => {},
  }
  return { ports, ...placeOn(lake, async () => {}) }
}

test('beside the functions a command does not begin while a repair has the lake, and is told until when', async () => {
  const { ports, beside } = place()
  await takeLease(ports, 'lake', 'a repair', MINUTE)
  const work = beside(lake => lake.ports.state.transact([put], 'token-1'))
  await expect(work).rejects.toThrow(
    'a repair has the lake to itself: wait for its end, or until 2026-11-20T12:01:00.000Z if it was killed.',
  )
  expect(await ports.state.query('state', 'things')).toEqual([])
})

test('beside the functions a command commits nothing once a repair has taken the lake', async () => {
  const { ports, beside } = place()
  const work = beside(async lake => {
    await takeLease(ports, 'lake', 'a repair', MINUTE)
    await lake.ports.state.transact([put], 'token-1')
  })
  await expect(work).rejects.toThrow(Paused)
  expect(await ports.state.query('state', 'things')).toEqual([])
})

test('a signal gives the lake back while a command has it alone, and ends the process as ever afterwards', async () => {
  const { ports, alone } = place()
  const before = process.listenerCount('SIGINT')
  const work = alone('a repair', async () => {
    process.emit('SIGINT')
    await new Promise(() => {})
  })
  await expect(work).rejects.toThrow(Stopped)
  expect(await leaseHeld(ports, 'lake')).toBeUndefined()
  expect(process.listenerCount('SIGINT')).toBe(before)
})

test('beside the functions a command keeps nobody out', async () => {
  const { ports, beside } = place()
  await beside(async lake => {
    await lake.ports.state.transact([put], 'token-1')
    expect(await leaseHeld(ports, 'lake')).toBeUndefined()
  })
  expect(await ports.state.query('state', 'things')).toHaveLength(1)
})

/** What answers every request the same, at a time; gives its address. */
async function answering(type: string, body: (path: string) => string, time: () => number = Date.now): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    response.writeHead(200, { 'content-type': type, date: new Date(time()).toUTCString() }).end(body(url))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** CloudFormation's answer (API reference, DescribeStacks), at a time. */
function cloudFormation(time?: () => number): Promise<string> {
  const outputs = ['Bucket', 'StateTable', 'CatalogTable', 'MaintainFunction'].map(
    name => `<member><OutputKey>${name}</OutputKey><OutputValue>of-${name.toLowerCase()}</OutputValue></member>`,
  )
  const body = `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>x</StackName><CreationTime>2026-11-20T12:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
  return answering('text/xml', () => body, time)
}

/** Lambda's answers about a function with these variables (API reference, GetAlias and GetFunctionConfiguration). */
function lambda(variables: Readonly<Record<string, string>>): Promise<string> {
  const about = JSON.stringify({ Environment: { Variables: variables }, LastModified: '2026-11-20T12:00:00.000+0000' })
  const alias = JSON.stringify({ Name: 'live', FunctionVersion: '3' })
  return answering('application/json', path => (path.includes('/aliases/') ? alias : about))
}

const aws = (addresses: Readonly<Record<string, string>>) => ({
  ...addresses,
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})

test('a command that needs the lake to itself is refused where functions are too old to pause for it', async () => {
  const { status, stderr } = await runCommandIn(
    aws({
      AWS_ENDPOINT_URL_CLOUDFORMATION: await cloudFormation(),
      AWS_ENDPOINT_URL_LAMBDA: await lambda({ TRADELAKE_BUCKET: 'of-bucket' }),
    }),
    'audit',
    '--repair',
    '--stack',
    'x',
  )
  expect(stderr).toBe(
    'tradelake: The function of-maintainfunction is too old to pause while a command has the lake to itself: deploy x again first.\n',
  )
  expect(status).toBe(1)
})

test('what works on a stack is refused on a machine whose clock is wrong: it would drop and delete what is young', async () => {
  const behind = await cloudFormation(() => Date.now() + 240_000)
  const ahead = await cloudFormation(() => Date.now() - 30 * 86_400_000)
  const found = await Promise.all([
    runCommandIn(aws({ AWS_ENDPOINT_URL_CLOUDFORMATION: ahead }), 'maintain', '--stack', 'x'),
    runCommandIn(aws({ AWS_ENDPOINT_URL_CLOUDFORMATION: behind }), 'audit', '--repair', '--stack', 'x'),
  ])
  expect(found.map(({ status }) => status)).toEqual([1, 1])
  expect(found[0].stderr).toMatch(
    /^tradelake: The clock of this machine is 25920\d\d s ahead of AWS's: set it, then run the command again\.\n$/,
  )
  expect(found[1].stderr).toMatch(/^tradelake: The clock of this machine is 2(39|40) s behind AWS's: set it/)
})
