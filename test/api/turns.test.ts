/** Long requests compute a piece at a time: others come in between, few are under way at once, and none goes on for a client that left. */
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { inTurns, takingTurns, turn } from '../../api/http/turns.ts'

/** What a thing does in so many rounds of the event loop. */
const rounds = async (count: number) => {
  for (let n = 0; n < count; n++) await new Promise(setImmediate)
}

test('a round of the event loop has one turn, whoever else waits', async () => {
  let taken = 0
  const long = async () => {
    for (let n = 0; n < 50; n++) {
      await turn()
      taken++
    }
  }
  const all = Promise.all([long(), long(), long(), long()])
  for (const seen of [1, 2, 3, 4]) {
    await rounds(10)
    expect(taken).toBeLessThanOrEqual(seen * 10 + 1)
  }
  await all
  expect(taken).toBe(200)
})

test('pieces come whole and in order', async () => {
  async function* pieces() {
    yield* [1, 2, 3]
  }
  expect(await Array.fromAsync(inTurns(pieces()))).toEqual([1, 2, 3])
})

/** An application whose requests take many turns, and what was seen of them. */
function longRequests() {
  const seen = { running: 0, most: 0, turns: 0, ended: 0 }
  const app = new Hono()
  app.use(takingTurns)
  app.onError((error, context) => context.text(error.message, 503))
  app.get('/fails', async () => {
    await turn(true)
    throw new Error('it failed')
  })
  app.get('/ways', async context => {
    await Promise.all([turn(true), turn(true), turn(true)])
    return context.text('ways')
  })
  app.get('/body', context => {
    // It is begun before the request is over, and goes on behind it.
    const made = Array.fromAsync({ length: 10 }, async (_, n) => {
      await turn(true)
      return String(n)
    })
    return context.body(
      ReadableStream.from(
        (async function* () {
          for (const piece of await made) yield new TextEncoder().encode(piece)
        })(),
      ),
    )
  })
  app.get('/short', async context => {
    await turn()
    return context.text('short')
  })
  app.get('/long', async context => {
    await turn(true)
    seen.most = Math.max(seen.most, ++seen.running)
    try {
      for (let n = 0; n < 20; n++) {
        await turn()
        seen.turns++
      }
    } finally {
      seen.running--
    }
    seen.ended++
    return context.text('long')
  })
  return { seen, ask: (path: string, signal?: AbortSignal) => app.request(path, signal ? { signal } : {}) }
}

test('eight long requests are under way at once, the others wait, and short ones do not', async () => {
  const { seen, ask } = longRequests()
  const all = Array.from({ length: 30 }, () => ask('/long'))
  await rounds(60)
  expect(await (await ask('/short')).text()).toBe('short')
  expect(seen.ended).toBeLessThan(30)
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(30).fill(200))
  expect(seen).toEqual({ running: 0, most: 8, turns: 600, ended: 30 })
})

test('one that fails leaves its place to others', async () => {
  const { seen, ask } = longRequests()
  await Promise.all(Array.from({ length: 20 }, () => ask('/fails')))
  await Promise.all(Array.from({ length: 20 }, () => ask('/long')))
  expect(seen).toEqual({ running: 0, most: 8, turns: 400, ended: 20 })
})

test('one that takes its turns on several ways at once has one seat, and gives it back', async () => {
  const { seen, ask } = longRequests()
  const before = Array.from({ length: 8 }, () => ask('/long'))
  const ways = Array.from({ length: 20 }, () => ask('/ways'))
  await Promise.all([...before, ...ways])
  await Promise.all(Array.from({ length: 12 }, () => ask('/long')))
  expect(seen).toEqual({ running: 0, most: 8, turns: 400, ended: 20 })
})

test('a body that stood in line when its request was over keeps no seat', async () => {
  const { seen, ask } = longRequests()
  const before = Array.from({ length: 8 }, () => ask('/long'))
  const bodies = Array.from({ length: 20 }, async () => (await ask('/body')).text())
  expect(new Set(await Promise.all(bodies))).toEqual(new Set(['0123456789']))
  await Promise.all(before)
  await Promise.all(Array.from({ length: 12 }, () => ask('/long')))
  expect(seen).toEqual({ running: 0, most: 8, turns: 400, ended: 20 })
})

test('a request whose client has left gets no more turns, waiting or under way', async () => {
  const { seen, ask } = longRequests()
  const left = new AbortController()
  const all = Array.from({ length: 30 }, () => ask('/long', left.signal))
  await rounds(60)
  left.abort()
  const before = seen.turns
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(30).fill(503))
  expect(seen).toEqual({ running: 0, most: 8, turns: before, ended: 0 })
  await ask('/long')
  expect(seen.ended).toBe(1)
})
