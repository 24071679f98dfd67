import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSpill } from '../../adapters/spill-file.ts'
import type { FeedRecord } from '../../domain/feed-ports.ts'
import { createPublisher, type Publisher } from '../../feeds/publisher.ts'
import { SILENT } from '../silent-log.ts'
import { createFakeTimers, type FakeTimers } from './fake-timers.ts'

const KIB = 1024
let folder: string
let timers: FakeTimers
let kafka: ReturnType<typeof broker>
let room: boolean[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradelake-publisher-'))
  timers = createFakeTimers(0)
  kafka = broker()
  room = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Takes batches, as long as it is up. */
function broker() {
  return {
    up: true,
    slowMs: 0,
    batches: [] as FeedRecord[][],
    async send(records: readonly FeedRecord[]) {
      if (this.slowMs > 0) await new Promise<void>(resolve => timers.after(this.slowMs, resolve))
      if (!this.up) throw new Error('no broker answers')
      this.batches.push([...records])
    },
    numbers() {
      return this.batches.flat().map(record => Number(record.timestamp))
    },
  }
}

function open(limits: { memoryBytes?: number; spillBytes?: number } = {}): Publisher {
  const { memoryBytes = 100 * KIB, spillBytes = 1000 * KIB } = limits
  const spill = openSpill(join(folder, 'spill.bin'))
  return createPublisher(
    { sink: kafka, spill, timers, random: () => 0.5, log: SILENT, memoryBytes, spillBytes },
    { sent() {}, failed() {}, room: isThere => room.push(isThere) },
  )
}

const record = (number: number, bytes = 50): FeedRecord => ({
  topic: 'market.crypto.trades.binance',
  key: Buffer.from('BTCUSDT'),
  value: Buffer.alloc(bytes, number),
  timestamp: number,
})
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('the publisher', () => {
  test('sends what came within 100 ms together, and no later', async () => {
    const publisher = open()
    publisher.publish(record(0))
    await timers.advance(60)
    publisher.publish(record(1))
    await timers.advance(39)
    expect(kafka.batches).toEqual([])

    await timers.advance(1)

    expect(kafka.batches.map(batch => batch.length)).toEqual([2])
  })

  test('sends a full batch at once, and one batch at a time', async () => {
    kafka.slowMs = 50
    const publisher = open({ memoryBytes: 100_000 * KIB })
    for (const i of upTo(25_000)) publisher.publish(record(i))
    await timers.advance(0)
    expect(publisher.waiting.records).toBe(25_000)

    await timers.advance(1_000)

    expect(kafka.numbers()).toEqual(upTo(25_000))
    expect(Math.max(...kafka.batches.map(batch => batch.length))).toBeLessThanOrEqual(10_000)
  })

  test('what came while a batch was under way does not wait for another interval', async () => {
    kafka.slowMs = 150
    const publisher = open()
    publisher.publish(record(0))
    await timers.advance(100)
    publisher.publish(record(1))
    await timers.advance(150 + 150)
    expect(kafka.numbers()).toEqual([0, 1])
  })

  test('tries a batch again until Kafka has it, in order', async () => {
    const publisher = open()
    kafka.up = false
    publisher.publish(record(0))
    await timers.advance(5_000)
    publisher.publish(record(1))
    kafka.up = true

    await timers.advance(10_000)

    expect(kafka.numbers()).toEqual([0, 1])
    expect(publisher.waiting).toEqual({ records: 0, bytes: 0, spillBytes: 0 })
  })

  test('a barrier waits for all that came before it, and for nothing that came after', async () => {
    const publisher = open()
    let passed = false
    publisher.publish(record(0))
    void publisher.barrier().then(() => {
      passed = true
    })
    await timers.advance(99)
    expect(passed).toBe(false)

    await timers.advance(1)

    expect(passed).toBe(true)
    await publisher.barrier()
  })

  test('beyond the memory limit records go to disk, and come back in their order when Kafka does', async () => {
    const publisher = open({ memoryBytes: 20 * KIB })
    kafka.up = false
    let passed = false
    for (const i of upTo(2_000)) {
      publisher.publish(record(i))
      if (i % 10 === 9) await timers.advance(1)
    }
    void publisher.barrier().then(() => {
      passed = true
    })
    await timers.advance(20_000)
    expect(publisher.waiting.bytes).toBeLessThan(21 * KIB)
    expect(publisher.waiting.spillBytes).toBeGreaterThan(100 * KIB)
    expect(room).toEqual([])
    expect(passed).toBe(false)

    kafka.up = true
    await timers.advance(20_000)

    expect(kafka.numbers()).toEqual(upTo(2_000))
    expect(publisher.waiting).toEqual({ records: 0, bytes: 0, spillBytes: 0 })
    expect(passed).toBe(true)
  })

  test('beyond the disk limit it asks to be given no more, and asks again when half of it is free', async () => {
    const publisher = open({ memoryBytes: 5 * KIB, spillBytes: 50 * KIB })
    kafka.up = false
    for (const i of upTo(1_500)) publisher.publish(record(i))
    await timers.advance(1_000)
    expect(room).toEqual([false])
    expect(publisher.hasRoom).toBe(false)

    kafka.up = true
    await timers.advance(60_000)

    expect(room).toEqual([false, true])
    expect(kafka.numbers()).toEqual(upTo(1_500))
  })

  test('a disk that takes nothing loses nothing: records stay in memory, and no more are asked for', async () => {
    const publisher = createPublisher(
      {
        sink: kafka,
        spill: {
          records: 0,
          bytes: 0,
          append() {
            throw new Error('the disk is full')
          },
          next: () => [],
          taken() {},
          close() {},
        },
        timers,
        random: () => 0.5,
        log: SILENT,
        memoryBytes: KIB,
        spillBytes: KIB,
      },
      { sent() {}, failed() {}, room: isThere => room.push(isThere) },
    )
    kafka.up = false
    for (const i of upTo(3_000)) publisher.publish(record(i))
    await timers.advance(1_000)
    expect(room).toEqual([false])

    kafka.up = true
    await timers.advance(60_000)

    expect(kafka.numbers()).toEqual(upTo(3_000))
    expect(room).toEqual([false, true])
  })

  test('closing sends what waits', async () => {
    const publisher = open()
    publisher.publish(record(0))

    const closed = publisher.close(10_000)
    await timers.advance(0)

    expect(await closed).toBe(0)
    expect(kafka.numbers()).toEqual([0])
  })

  test('a process that ends while Kafka has records from the disk, and has not answered, leaves them there', async () => {
    const ended = open()
    kafka.up = false
    for (const i of upTo(3)) ended.publish(record(i))
    const closed = ended.close(2_000)
    await timers.advance(2_000)
    await closed
    kafka.slowMs = 60_000
    open()
    await timers.advance(1_000)

    Object.assign(kafka, { up: true, slowMs: 0 })
    open()
    await timers.advance(1_000)

    expect(kafka.numbers()).toEqual([0, 1, 2])
  })

  test('what Kafka does not take at the end is on disk, and the next process sends it first', async () => {
    const publisher = open()
    kafka.up = false
    for (const i of upTo(3)) publisher.publish(record(i))
    const closed = publisher.close(2_000)
    await timers.advance(2_000)
    expect(await closed).toBe(3)

    kafka.up = true
    const next = open()
    next.publish(record(3))
    let passed = false
    void next.barrier().then(() => {
      passed = true
    })
    await timers.advance(1_000)

    expect(kafka.numbers()).toEqual([0, 1, 2, 3])
    expect(kafka.batches.flat()[2]).toEqual({ ...record(2), key: expect.anything(), value: expect.anything() })
    expect(Buffer.from(kafka.batches.flat()[2].value)).toEqual(record(2).value)
    expect(passed).toBe(true)
  })
})
