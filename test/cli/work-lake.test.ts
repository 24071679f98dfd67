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

/** CloudFormation's answer (API reference, DescribeStacks), at a time. */
async function cloudFormation(time: () => number): Promise<string> {
  const outputs = ['Bucket', 'StateTable', 'CatalogTable'].map(
    name => `<member><OutputKey>${name}</OutputKey><OutputValue>of-${name.toLowerCase()}</OutputValue></member>`,
  )
  const body = `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>x</StackName><CreationTime>2026-11-20T12:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${outputs.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
  const server = createServer((_, response) => {
    const headers = { 'content-type': 'text/xml', date: new Date(time()).toUTCString() }
    response.writeHead(200, headers).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('what works on a stack is refused on a machine whose clock is wrong: it would drop and delete what is young', async () => {
  const aws = (endpoint: string) => ({
    AWS_ENDPOINT_URL_CLOUDFORMATION: endpoint,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  })
  const behind = await cloudFormation(() => Date.now() + 240_000)
  const ahead = await cloudFormation(() => Date.now() - 30 * 86_400_000)
  const found = await Promise.all([
    runCommandIn(aws(ahead), 'maintain', '--stack', 'x'),
    runCommandIn(aws(behind), 'audit', '--repair', '--stack', 'x'),
  ])
  expect(found.map(({ status }) => status)).toEqual([1, 1])
  expect(found[0].stderr).toMatch(
    /^tradelake: The clock of this machine is 25920\d\d s ahead of AWS's: set it, then run the command again\.\n$/,
  )
  expect(found[1].stderr).toMatch(/^tradelake: The clock of this machine is 2(39|40) s behind AWS's: set it/)
})
