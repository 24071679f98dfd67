import { describe, expect, test } from 'vitest'
import { systemIds, systemScratch } from '../../adapters/system.ts'
import { Conflict, Corrupt, Fenced } from '../../domain/errors.ts'
import {
  consumePending,
  countPending,
  listPending,
  lookUpPending,
  noteResend,
  producePending,
} from '../../domain/pending.ts'
import type { Clock, Write } from '../../domain/ports.ts'
import { commit, deadlineOf, repeatUntil } from '../../domain/protocol.ts'
import { memoryState } from '../memory/state.ts'
import { memoryStore } from '../memory/store.ts'

/** A clock that only moves when the test moves it, or by sleeping. */
function handClock(start = 1_000_000): Clock & { advance(milliseconds: number): void } {
  let now = start
  const advance = (milliseconds: number) => {
    now += milliseconds
  }
  return { now: () => now, steady: () => now, sleep: async milliseconds => advance(milliseconds), advance }
}

function makePorts() {
  const clock = handClock()
  const ids = systemIds()
  return { clock, ids, state: memoryState(clock), store: memoryStore({ clock, scratch: systemScratch() }) }
}

const put = (sort: string, value: number, when?: Write['when']): Write => ({
  kind: 'put',
  item: { key: { table: 'state', partition: 'p', sort }, attributes: { value } },
  ...(when && { when }),
})

describe('commit', () => {
  test('plans again from a fresh reading after a conflict, and ends with the plan that was taken', async () => {
    const ports = makePorts()
    await ports.state.transact([put('a', 1)], 'first')
    const seen: unknown[] = []
    const result = await commit(ports, async (attempt, conflict) => {
      const stored = await ports.state.get({ table: 'state', partition: 'p', sort: 'a' })
      seen.push(stored?.value, conflict?.found?.value)
      // Someone else comes between the reading and the first attempt.
      if (attempt === 0) await ports.state.transact([put('a', 2)], 'other')
      const when = { is: 'matching' as const, attributes: { value: stored?.value ?? null } }
      return { writes: [put('a', Number(stored?.value) + 10, when)], result: attempt }
    })
    expect(result).toBe(1)
    expect(seen).toEqual([1, undefined, 2, 2])
    expect(await ports.state.get({ table: 'state', partition: 'p', sort: 'a' })).toEqual({ value: 12 })
  })

  test('gives up with the conflict after twenty attempts', async () => {
    const ports = makePorts()
    await ports.state.transact([put('a', 1)], 'first')
    let attempts = 0
    const failing = commit(ports, async () => {
      attempts++
      return { writes: [put('a', 2, { is: 'absent' })], result: 0 }
    })
    await expect(failing).rejects.toThrow(Conflict)
    expect(attempts).toBe(20)
  })

  test('is fenced when its oldest file is over an hour old, and commits nothing', async () => {
    const ports = makePorts()
    const late = commit(ports, async () => {
      const oldestFile = ports.clock.now()
      ports.clock.advance(3_600_001)
      return { writes: [put('a', 1)], result: 0, oldestFile }
    })
    await expect(late).rejects.toThrow(Fenced)
    expect(await ports.state.get({ table: 'state', partition: 'p', sort: 'a' })).toBeUndefined()
  })

  test('throws what is not a conflict at once', async () => {
    let attempts = 0
    const failing = commit(makePorts(), async () => {
      attempts++
      throw new Corrupt('broken')
    })
    await expect(failing).rejects.toThrow(Corrupt)
    expect(attempts).toBe(1)
  })
})

describe('pending lists', () => {
  test('an item is consumed by one of two consumers only', async () => {
    const ports = makePorts()
    await ports.state.transact([await producePending(ports, 'c', { n: 1 }, 'id')], 'a')
    const [first] = await listPending<{ n: number }>(ports, 'c', 10)
    const [second] = await listPending(ports, 'c', 10)
    expect(first.payload).toEqual({ n: 1 })
    await ports.state.transact([consumePending(first)], 'b')
    await expect(ports.state.transact([consumePending(second)], 'c')).rejects.toThrow(Conflict)
    expect(await lookUpPending(ports, 'c', 'id')).toBeUndefined()
  })

  test('an item that was put again is not consumed by a reader of the old one', async () => {
    const ports = makePorts()
    await ports.state.transact([await producePending(ports, 'c', 1, 'id')], 'a')
    const [old] = await listPending(ports, 'c', 10)
    await ports.state.transact([consumePending(old)], 'b')
    await ports.state.transact([await producePending(ports, 'c', 2, 'id')], 'c')
    await expect(ports.state.transact([consumePending(old)], 'd')).rejects.toThrow(Conflict)
  })

  test('a payload that would take several write units is compressed in its item, and reads the same', async () => {
    const ports = makePorts()
    const payload = { text: 'BTCUSDT '.repeat(50_000) }
    await ports.state.transact([await producePending(ports, 'c', payload)], 'a')
    const [{ attributes }] = await ports.state.query('state', 'pending#c')
    expect(String(attributes.payload_brotli).length).toBeLessThan(1_024)
    expect((await listPending(ports, 'c', 1))[0].payload).toEqual(payload)
  })

  test('a payload too large for an item stands in an object, and reads the same', async () => {
    const ports = makePorts()
    const payload = { numbers: Array.from({ length: 150_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0) }
    await ports.state.transact([await producePending(ports, 'c', payload)], 'a')
    const [{ attributes }] = await ports.state.query('state', 'pending#c')
    expect(Object.keys(attributes)).toContain('payload_object')
    expect((await listPending(ports, 'c', 1))[0].payload).toEqual(payload)
    expect(await countPending(ports.state, 'c')).toEqual({ items: 1, oldest: ports.clock.now() })
  })

  test('re-sends double their pause from 30 seconds up to an hour', async () => {
    const ports = makePorts()
    await ports.state.transact([await producePending(ports, 'c', 1, 'id')], 'a')
    const pauses: number[] = []
    for (let i = 0; i < 9; i++) {
      const [item] = await listPending(ports, 'c', 1)
      pauses.push(item.resendAt - ports.clock.now())
      ports.clock.advance(item.resendAt - ports.clock.now())
      const note = await noteResend(ports.state, item, ports.clock.now())
      await ports.state.transact([note as Write], `note ${i}`)
    }
    expect(pauses.map(pause => pause / 1000)).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
  })
})

test('steps repeat until nothing is found or the time is up', async () => {
  const clock = handClock()
  const steps = [1, 2, 3]
  expect(await repeatUntil({ clock }, clock.now() + 1000, async () => steps.shift())).toEqual([1, 2, 3])
  const slow = async () => {
    clock.advance(600)
    return 1
  }
  expect(await repeatUntil({ clock }, clock.now() + 1000, slow)).toEqual([1, 1])
})

test('an invocation begins no commit after seventy percent of its time', () => {
  const clock = handClock(0)
  expect(deadlineOf({ clock }, { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 })).toBe(7_000)
})
