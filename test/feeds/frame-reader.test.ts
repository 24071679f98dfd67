import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { DECODERS } from '../../feeds/exchanges/decoders.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { createFrameReader } from '../../feeds/frame-reader.ts'
import { createFeedMetrics } from '../../feeds/metrics.ts'
import { createFakeTimers } from './fake-timers.ts'

function reader() {
  const registry = new Registry()
  const warnings: unknown[] = []
  const timers = createFakeTimers(1_790_000_000_000)
  const read = createFrameReader(
    {
      exchange: 'binance',
      decoder: DECODERS.binance,
      api: VENUES.binance.stream,
      metrics: createFeedMetrics(registry, 'binance'),
      timers,
      log: { info() {}, error() {}, warn: (message, fields) => warnings.push({ message, ...fields }) },
    },
    { trade() {}, reached() {} },
  )
  const counted = async (name: string) =>
    (await registry.getSingleMetric(`binance_feed_${name}`)?.get())?.values[0].value
  return { read, counted, warnings, timers }
}

test('what was received counts in bytes of UTF-8', async () => {
  const { read, counted } = reader()
  const frame = '{"e":"news","title":"10 € for 1 ₿"}'
  read(frame)
  expect(await counted('received_bytes_total')).toBe(Buffer.byteLength(frame))
  expect(Buffer.byteLength(frame)).toBe(frame.length + 4)
})

test('what cannot be read, or is of an unknown type, is counted each time and told once a second', async () => {
  const { read, counted, warnings, timers } = reader()
  for (let i = 0; i < 3; i++) read('{"e":"trade"')
  expect(warnings).toEqual([{ message: 'a frame cannot be read', exchange: 'binance', problem: expect.any(String) }])
  await timers.advance(1_000)
  for (let i = 0; i < 3; i++) read('{"e":"news"}')
  expect(warnings.slice(1)).toEqual([
    { message: 'a message of an unknown type', exchange: 'binance', frame: '{"e":"news"}' },
  ])
  expect([await counted('parse_errors_total'), await counted('unknown_messages_total')]).toEqual([3, 3])
})
