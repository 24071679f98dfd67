import { expect, test } from 'vitest'
import { BadInput } from '../../domain/errors.ts'
import { framesOf } from '../../feeds/frames.ts'

const read = (...lines: string[]) => Array.fromAsync(framesOf(lines, 'file.txt'))

test('received frames come with their time in microseconds and their line', async () => {
  const frames = await read(
    'wss://host/path?x=1 <-> 1633998511.159679',
    'wss://host <- 1633998511.2: {"event":"subscribe"}',
    '1633998512.0633569: {"a":1}',
    '',
    '1633998512.86375: []\r',
    '1633998513: {"b":": "}',
  )
  expect(frames).toEqual([
    { receivedAt: 1_633_998_512_063_356n, json: '{"a":1}', line: 3 },
    { receivedAt: 1_633_998_512_863_750n, json: '[]', line: 5 },
    { receivedAt: 1_633_998_513_000_000n, json: '{"b":": "}', line: 6 },
  ])
})

test.each(['{"a":1}', 'soon: {}', '12.5 {}', 'wss://host <= 1: {}', '-1: {}', 'PAR1\u0000'])(
  '%j is refused with file and line',
  async line => {
    const error: unknown = await read('1: {}', line).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BadInput)
    expect((error as Error).message).toMatch(/^file\.txt:2 [^\n]*$/)
  },
)
