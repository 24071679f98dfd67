/** What a changing lake is asked, again and again. */
import type { Answered, Clients } from './changing-clients.ts'
import { BEGIN, END, HOUR, SECOND } from './changing-lake.ts'

/** No whole hours. */
export const [FROM, TO] = [BEGIN + HOUR + 17n * 60n * SECOND, END - 13n * 60n * SECOND - 7n]
const RANGE = `start=${FROM}&end=${TO}`

/** By pages. */
export const QUESTIONS = {
  trades: `/v1/trades?start=${BEGIN}&limit=700`,
  previous: `/v1/candles?timeframe=5m,1h&start=${BEGIN}&end=${END}&fill=previous&limit=130`,
  null: `/v1/candles?timeframe=10m&start=${BEGIN + HOUR}&end=${END}&fill=null&limit=70`,
  none: `/v1/candles?timeframe=15m,1d&start=${BEGIN}&end=${END}&limit=90`,
} as const
/** At once. */
export const WHOLE = {
  ndjson: `/v1/trades?start=${BEGIN}&limit=all&format=ndjson`,
  arrow: `/v1/trades?start=${BEGIN}&limit=all&format=arrow`,
  fresh: `/v1/trades?start=${BEGIN}&fresh=true&limit=50000`,
  replay: `/v1/replay?start=${BEGIN}&end=${END}&speed=max&channels=trades,candles&timeframe=1h&format=ndjson`,
  vwap: `/v1/vwap?${RANGE}`,
  twap: `/v1/twap?${RANGE}`,
  coverage: `/v1/coverage?start=${BEGIN}&end=${END}&bucket=1h`,
} as const
/** For their status. */
const ALSO = [
  ...[
    '/v1/stats',
    '/v1/symbols',
    '/v1/snapshots',
    '/v1/pins',
    `/v1/spread?base=BTC&start=${BEGIN}&end=${END}&timeframe=1h`,
  ],
  ...['/binance/api/v3/klines?symbol=BTCUSDT&interval=1h', '/binance/api/v3/aggTrades?symbol=BTCUSDT&limit=100'],
  ...['/binance/api/v3/ticker/24hr', '/binance/api/v3/exchangeInfo', '/v1/trades?limit=50', '/v1/candles?limit=20'],
  `/udf/history?symbol=BINANCE:BTCUSDT&resolution=60&from=${BEGIN / SECOND}&to=${END / SECOND}`,
]
/** As of a pin. */
export const PINNED = [
  `/v1/trades?start=${BEGIN}&limit=5000`,
  `/v1/candles?timeframe=1m,1h,1d&start=${BEGIN}&end=${END}&fill=previous&limit=3000`,
  `/v1/vwap?${RANGE}`,
  `/v1/twap?${RANGE}`,
  `/v1/coverage?start=${BEGIN}&end=${END}&bucket=1h`,
].map(path => `${path}&as_of=kept`)

export interface Asked {
  /** How often something was answered. */
  readonly counts: ReadonlyMap<string, number>
  of(name: string): readonly (readonly Answered[])[]
  /** Notes an answer, or its pages; one that is the same as the one before is counted alone. */
  note(name: string, answers: readonly Answered[]): void
}

export const jsonOf = ({ body }: Answered) => JSON.parse(body.toString())

/** Clients ask all of it until they are stopped. */
export function askAll(clients: Clients): Asked {
  const counts = new Map<string, number>()
  const found = new Map<string, (readonly Answered[])[]>()
  const isSame = (one: Answered, other: Answered | undefined) =>
    other && one.committed === other.committed && one.isCalm === other.isCalm && one.body.equals(other.body)

  const asked: Asked = {
    counts,
    of: name => found.get(name) ?? [],
    note(name, answers) {
      const some = asked.of(name)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      if (!some.at(-1)?.every((one, n) => isSame(one, answers[n]))) found.set(name, [...some, answers])
    },
  }
  for (const [name, path] of Object.entries(QUESTIONS))
    clients.start(async () => {
      const pages = await clients.walk(path)
      if (pages) asked.note(name, pages)
    })
  for (const [name, path] of [...Object.entries(WHOLE), ...PINNED.map(path => [path, path])])
    clients.start(async () => {
      const answer = await clients.ask(path)
      if (answer) asked.note(name, [answer])
    })
  clients.start(async () => {
    for (const path of ALSO) await clients.ask(path)
  })
  clients.start(() =>
    clients.within(async ask => {
      const named = await ask(`/v1/exports?table=gold_crypto_trades`)
      if (!named) return
      const files: Answered[] = []
      for (const { url } of jsonOf(named).data as { url: string }[]) {
        const file = await ask(new URL(url).pathname)
        if (!file) return
        files.push(file)
      }
      asked.note('exports', [named, ...files])
    }),
  )
  return asked
}
