/** Where events go: what is a target, what a server is sent, what a file holds. */
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lineageSink, Refused } from '../../adapters/openlineage-sinks.ts'
import { BadInput, Throttled } from '../../domain/errors.ts'
import { eventsOf, type RunEvent } from '../../domain/openlineage.ts'
import { type LineageServer, lineageServer } from './openlineage-server.ts'

const EVENTS: readonly RunEvent[] = eventsOf({
  id: '00000000-0000-5000-8000-000000000001',
  job: { namespace: 'tradelake', name: 'gold.t' },
  beganMs: 0,
  endedMs: 1,
  inputs: [],
  outputs: [],
})
const never = new AbortController().signal

describe('a target', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('is nobody by default', () => {
    expect(lineageSink(undefined, {})).toBeUndefined()
    expect(lineageSink(undefined, { OPENLINEAGE_URL: '' })).toBeUndefined()
  })

  test('is the one that the environment names, unless another is given or it is turned off', () => {
    const environment = { OPENLINEAGE_URL: 'http://marquez:5000' }
    expect(lineageSink(undefined, environment)?.target).toBe('http://marquez:5000/api/v1/lineage')
    expect(lineageSink('https://other/', environment)?.target).toBe('https://other/api/v1/lineage')
    const elsewhere = { ...environment, OPENLINEAGE_ENDPOINT: '/api/v2/events' }
    expect(lineageSink(undefined, elsewhere)?.target).toBe('http://marquez:5000/api/v2/events')
    expect(lineageSink('http://other', { OPENLINEAGE_DISABLED: 'True' })).toBeUndefined()
  })

  test('is a file, or a file in a folder', () => {
    const file = join(folder, 'events.ndjson')
    expect(lineageSink(file, {})?.target).toBe(file)
    expect(lineageSink(folder, {})?.target).toBe(join(folder, 'openlineage.ndjson'))
  })

  test.each([
    ['kafka://broker:9092', 'give a URL that begins with http:// or https://, or a file'],
    ['http://user:secret@marquez', 'The URL for lineage has a password: take it out'],
    ['http://', 'is no URL for lineage'],
    ['/nowhere/at/all/events.ndjson', 'Lineage cannot be written to /nowhere/at/all/events.ndjson'],
  ])('cannot be %s', (target, message) => {
    const make = () => lineageSink(target, {})
    expect(make).toThrow(BadInput)
    expect(make).toThrow(message)
  })

  test('gets a line of JSON for each event, at the end, in a file that may be moved away', async () => {
    const path = join(folder, 'events.ndjson')
    const sink = lineageSink(path, {})
    await sink?.send(EVENTS, never)
    await sink?.send(EVENTS, never)
    const linesOf = (file: string) =>
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
    expect(linesOf(path)).toEqual([...EVENTS, ...EVENTS])
    renameSync(path, `${path}.1`)
    await sink?.send(EVENTS, never)
    expect(linesOf(path)).toEqual(EVENTS)
  })
})

describe('a server', () => {
  let server: LineageServer
  beforeEach(async () => {
    server = await lineageServer()
  })
  afterEach(() => server.close())

  test('is posted each event as JSON, with its key', async () => {
    await lineageSink(server.url, { OPENLINEAGE_API_KEY: 'k1' })?.send(EVENTS, never)
    expect(server.events).toEqual(EVENTS)
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/v1/lineage', '/api/v1/lineage'])
    expect(server.requests[0].headers).toMatchObject({
      authorization: 'Bearer k1',
      'content-type': 'application/json',
    })
    await lineageSink(server.url, {})?.send(EVENTS, never)
    expect(server.requests[2].headers).not.toHaveProperty('authorization')
  })

  test.each([
    [503, Throttled],
    [429, Throttled],
    [400, Refused],
    [401, Refused],
    [302, Refused],
  ])('that answers %i is asked again only where that may help', async (status, kind) => {
    server.answer = () => status
    const sent = lineageSink(server.url, {})?.send(EVENTS, never)
    await expect(sent).rejects.toThrow(kind)
    await expect(sent).rejects.toThrow(`POST ${server.url}/api/v1/lineage was answered ${status}`)
    expect(server.events).toHaveLength(1)
  })

  test('that is gone is named, with the reason', async () => {
    const sink = lineageSink(server.url, {})
    await server.close()
    await expect(sink?.send(EVENTS, never)).rejects.toThrow(/^POST http:\S+ failed: .*ECONNREFUSED/)
  })

  test('that never answers is given up when the caller does', async () => {
    server.answer = () => undefined
    const over = new AbortController()
    const sent = lineageSink(server.url, {})?.send(EVENTS, over.signal)
    over.abort()
    await expect(sent).rejects.toThrow('failed')
  })
})
