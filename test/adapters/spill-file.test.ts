/** A feed's records on disk, through whatever ends the process in the middle. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSpill } from '../../adapters/spill-file.ts'
import type { FeedRecord } from '../../domain/feed-ports.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradelake-spill-'))
  path = join(folder, 'spill.bin')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** 18 bytes of header, 5 of the topic, 3 of the key, and the value. */
const RECORD_BYTES = 18 + 5 + 3 + 10
const record = (number: number): FeedRecord => ({
  topic: 'topic',
  key: Buffer.from('key'),
  value: Buffer.alloc(10, number),
  timestamp: number,
})
const records = (...numbers: number[]) => numbers.map(record)
/** The first record's number of each that is next. */
const numbers = (spill: ReturnType<typeof openSpill>) => spill.next(1_000_000).map(({ timestamp }) => timestamp)

test('records come back as they were, in their order, also to the next process', () => {
  const spill = openSpill(path)
  spill.append(records(1, 2))
  spill.append(records(3))
  expect([spill.records, spill.bytes]).toEqual([3, 3 * RECORD_BYTES])
  spill.close()
  const next = openSpill(path)
  expect([next.records, next.bytes]).toEqual([3, 3 * RECORD_BYTES])
  const found = next.next(1_000_000)
  next.close()
  expect(found.map(({ topic, timestamp }) => [topic, timestamp])).toEqual([
    ['topic', 1],
    ['topic', 2],
    ['topic', 3],
  ])
  expect(Buffer.from(found[2].key).toString()).toBe('key')
  expect([...found[2].value]).toEqual(Array(10).fill(3))
})

test('what was given and not taken is still there: again, and after a crash', () => {
  const spill = openSpill(path)
  spill.append(records(1, 2))
  expect(numbers(spill)).toEqual([1, 2])
  expect(numbers(spill)).toEqual([1, 2])
  expect([spill.records, spill.bytes]).toEqual([2, 2 * RECORD_BYTES])
  spill.close()
  const next = openSpill(path)
  expect(numbers(next)).toEqual([1, 2])
  next.close()
})

test('only what was given is taken, and an emptied file begins anew', () => {
  const spill = openSpill(path)
  spill.append(records(1, 2, 3))
  expect(spill.next(2 * RECORD_BYTES).map(({ timestamp }) => timestamp)).toEqual([1, 2])
  spill.append(records(4))
  spill.taken()
  expect([spill.records, spill.bytes]).toEqual([2, 2 * RECORD_BYTES])
  expect(numbers(spill)).toEqual([3, 4])
  spill.taken()
  expect([spill.records, spill.bytes, statSync(path).size]).toEqual([0, 0, 0])
  spill.append(records(5))
  expect(numbers(spill)).toEqual([5])
  spill.close()
})

test('a record that a crash left half-written is cut off, wherever it ends, and the next one stands in its place', () => {
  const whole = openSpill(path)
  whole.append(records(1, 2))
  whole.close()
  const bytes = readFileSync(path)
  for (let length = RECORD_BYTES; length < 2 * RECORD_BYTES; length++) {
    writeFileSync(path, bytes)
    truncateSync(path, length)
    const spill = openSpill(path)
    expect([spill.records, spill.bytes, statSync(path).size], `${length}`).toEqual([1, RECORD_BYTES, RECORD_BYTES])
    spill.append(records(3))
    spill.close()
    const next = openSpill(path)
    expect(numbers(next), `${length}`).toEqual([1, 3])
    next.close()
  }
})

test('bytes that are no record end the file', () => {
  const whole = openSpill(path)
  whole.append(records(1))
  whole.close()
  appendFileSync(path, Buffer.alloc(100))
  const spill = openSpill(path)
  expect([spill.records, statSync(path).size]).toEqual([1, RECORD_BYTES])
  spill.close()
})

test.skipIf(process.platform === 'win32')(
  'a disk that fills up in the middle of a record keeps the whole ones, and only them',
  () => {
    // The shell's limit for a file stands for a full disk: a write stops in the middle of a record, and the next one fails.
    const code = `
    import { openSpill } from ${JSON.stringify(new URL('../../adapters/spill-file.ts', import.meta.url).href)}
    const spill = openSpill(process.argv[1])
    const record = { topic: 'topic', key: Buffer.from('key'), value: Buffer.alloc(1000), timestamp: 1 }
    let problem = ''
    while (problem === '' && spill.records < 100) try { spill.append([record]) } catch (error) { problem = error.message }
    console.log(JSON.stringify({ records: spill.records, bytes: spill.bytes, problem }))`
    const args = [
      '-c',
      'ulimit -f 16; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1" "$2"',
    ]
    const told = JSON.parse(execFileSync('sh', [...args, process.execPath, code, path], { encoding: 'utf8' }))
    expect(told.problem).toContain('writing records that Kafka does not take')
    expect(told.records).toBeGreaterThan(3)
    expect(told.bytes).toBe(told.records * 1026)
    expect(statSync(path).size).toBe(told.bytes)
  },
)
