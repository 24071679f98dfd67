/** How a feed treats a REST API that wants to be asked less, or refuses. */
import { describe, expect, test } from 'vitest'
import { type Asked, HOUR, idsOf, lacks, late, MINUTE, SECOND, statuses, traded } from './late-feed.ts'
import { START_MS } from './rig.ts'

test.each([
  [429, '90', 90],
  [418, '600', 600],
  [429, 'Fri, 20 Nov 2026 11:01:00 GMT', 54],
  [429, undefined, 5],
])('after %i with Retry-After %s it asks no more for that long', async (status, after, seconds) => {
  const headers: Record<string, string> = after === undefined ? {} : { 'retry-after': after }
  const { rig, asked, arrive } = late(2 * MINUTE, {
    ratePerSecond: 20,
    hosts: ['a.sim', 'b.sim'],
    answer: (_, past) => (past.length === 1 ? { status, headers, body: 'slower' } : undefined),
  })
  // A gap of several pages, so that there is a second request.
  await rig.timers.advance(58 * MINUTE)
  await arrive()
  await rig.timers.advance(20 * MINUTE)
  const [, refused, next] = asked
  expect((next.at - refused.at) / SECOND).toBeGreaterThanOrEqual(seconds)
  expect((next.at - refused.at) / SECOND).toBeLessThan(seconds + 7)
  rig.simulator.endTrading()
  await rig.timers.advance(10 * SECOND)
  expect(lacks('BTCUSDT', rig)).toEqual([])
})

describe('where an exchange refuses the region', () => {
  /** All addresses refuse but the one that serves only market data. */
  const refuse = ({ path }: Asked) =>
    path.startsWith('data-api.')
      ? undefined
      : { status: 451, headers: {}, body: '{"code":0,"msg":"restricted location"}' }
  const hosts = ['api.sim', 'api1.sim', 'data-api.sim']
  const hostsOf = (asked: readonly Asked[]) => asked.map(({ path }) => path.split('/')[0])

  test('aggregates come from the address that serves only market data, whatever their age', async () => {
    const { rig, asked, arrive } = late(40 * MINUTE, {
      ratePerSecond: 20,
      stream: 'aggTrade',
      fromTheFirst: false,
      hosts,
      answer: refuse,
    })
    rig.positions.set('BTCUSDT@aggTrade', { symbol: 'BTCUSDT@aggTrade', id: 1_000_000, at: START_MS })
    await arrive()
    await rig.timers.advance(5 * MINUTE)
    rig.simulator.endTrading()
    await rig.timers.advance(10 * SECOND)

    expect(statuses(rig)).toEqual(['open', 'filled'])
    expect(idsOf(rig).length).toBe(traded(rig, 'BTCUSDT').length)
    // An address that refuses is left alone for an hour.
    expect(hostsOf(asked).slice(0, 4)).toEqual(['api.sim', 'api1.sim', 'data-api.sim', 'data-api.sim'])
  })

  test('single trades come as far as it has them, and those before are not called lost', async () => {
    const { rig, arrive } = late(10 * MINUTE, { ratePerSecond: 20, hosts, answer: refuse })
    await arrive()
    await rig.timers.advance(5 * HOUR)
    rig.simulator.endTrading()
    await rig.timers.advance(10 * SECOND)

    const { missingTrades } = rig.feed.status()
    expect(missingTrades).toBeGreaterThan(1_000)
    expect(missingTrades).toBeLessThan(3_000)
    expect(lacks('BTCUSDT', rig)).toHaveLength(missingTrades)
    expect(statuses(rig)).toEqual(['open'])
  })

  test('single trades of a short gap all come', async () => {
    const { rig, arrive } = late(MINUTE, { ratePerSecond: 20, hosts, answer: refuse })
    await arrive()
    await rig.timers.advance(MINUTE)
    expect(statuses(rig)).toEqual(['open', 'filled'])
  })
})
