/** The six laws, checked on a drained lake against the naive list of what was published. */
import type { Exchange } from '../../domain/exchanges.ts'
import { topicName } from '../../domain/names.ts'
import { FEED_GAPS } from '../../domain/streams.ts'
import { bronzeTable, candleTable, DLQ_TABLE, FEED_GAPS_TABLE, GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import type { Trade } from '../../domain/trade.ts'
import { type Candles, naiveCandles } from '../functions/candle-support.ts'
import { checkFeeds, type MadeTrade } from './feed-laws.ts'
import { candle, checkCandles, checkGold, differences, goldTrades } from './gold-laws.ts'
import type { MayBeGone } from './kept.ts'
import type { Platform } from './platform.ts'
import { type Scenario, valueKey } from './scenario.ts'
import { type Row, readTable } from './tables.ts'
import type { TopicLife } from './topics.ts'
import type { World } from './world.ts'

const MAX_TOLD = 5
/** A record is refused this long after it came at the latest: zombies sleep for thirty hours. */
const WAITED = 2n * 86_400_000_000n

/** What breaks a law, each in one line; nothing where all hold. `made`: what the exchanges made, where feeds read them. */
export async function checkLaws(
  world: World,
  platform: Platform,
  scenario: Scenario,
  { gone, made }: { readonly gone: MayBeGone; readonly made: readonly MadeTrade[] | undefined },
): Promise<string[]> {
  const problems: string[] = []
  const tell = (law: number | string, found: readonly string[]) => {
    for (const problem of found.slice(0, MAX_TOLD)) problems.push(`law ${law}: ${problem}`)
    if (found.length > MAX_TOLD) problems.push(`law ${law}: … and ${found.length - MAX_TOLD} more`)
  }
  const pending = await platform.pendingOf()
  tell(
    6,
    pending.map(list => `still pending for ${list}`),
  )
  const files: string[] = []
  const read = async (definition: Parameters<typeof readTable>[1]) => {
    const { rows, problems: wrong } = await readTable(world, definition)
    files.push(...wrong)
    return rows
  }
  const deployed = world.isRegistered || world.happened.some(({ kind }) => kind === 'deploy')
  const dead = Map.groupBy(await read(DLQ_TABLE), row => row.bronze_source)
  const valid: Trade[] = []
  for (const exchange of scenario.exchanges) {
    const bronze = await read(bronzeTable(exchange))
    const lives = platform.topics.lives.filter(life => life.stream === exchange.name)
    tell(
      1,
      checkBronze(bronze, lives, topicName(exchange.name), age => gone(bronzeTable(exchange), age)),
    )
    const silver = await read(silverTable(exchange))
    const letters = dead.get(bronzeTable(exchange).name) ?? []
    tell(2, checkSilver(bronze, silver, letters, { exchange, scenario, deployed, gone }, valid))
    valid.push(...droppedTrades(bronze, silver, lives, { exchange, scenario, deployed, gone }))
  }
  const reports = platform.topics.lives.filter(life => life.stream === FEED_GAPS.name)
  const gaps = reports.length > 0 ? await read(FEED_GAPS_TABLE) : []
  if (reports.length > 0)
    tell(
      1,
      checkBronze(gaps, reports, FEED_GAPS.topic, () => false),
    )
  const gold = await read(GOLD_TABLE)
  if (made) tell('of feeds', checkFeeds(made, scenario.expected.values(), gold, gaps))
  const trades = goldTrades(gold, valid)
  tell(3, [...trades.problems, ...checkGold(trades.found, valid)])
  const candles: Candles = {}
  for (const timeframe of TIMEFRAMES) candles[timeframe.name] = (await read(candleTable(timeframe))).map(candle)
  tell(4, checkCandles(candles, naiveCandles(trades.found), gone))
  tell(5, files)
  return problems
}

/**
 * Each record that a topic delivered is there once; one whose topic went away before its batch was taken may be. Only a topic that was
 * made again has a second epoch.
 */
function checkBronze(
  rows: readonly Row[],
  lives: readonly TopicLife[],
  topic: string,
  gone: (age: bigint) => boolean,
): string[] {
  const problems: string[] = []
  const places = new Set(rows.map(row => `${row.topic_epoch}/${row.partition}/${row.offset}`))
  if (places.size !== rows.length) problems.push(`${topic}: ${rows.length} rows at ${places.size} offsets`)
  // What retention dropped looks new when it comes again.
  const later = lives.length > 1 || gone(0n) ? undefined : rows.find(row => row.topic_epoch !== 0)
  if (later)
    problems.push(
      `${topic}-${later.partition} offset ${later.offset} is of another epoch of a topic that was never made again`,
    )
  const found = Map.groupBy(rows, row =>
    recordKey(
      Number(row.partition),
      Number(row.offset),
      Number(row.kafka_timestamp) / 1000,
      row.raw_bytes as Uint8Array | null,
    ),
  )
  for (const [key, published] of Map.groupBy(publishedIn(lives), ({ key }) => key)) {
    const times = found.get(key)?.length ?? 0
    found.delete(key)
    const { life, place, partition, offset, record } = published[0]
    const name = `${topic}-${partition} offset ${offset} of life ${lives.indexOf(life)}`
    const isDue = published.some(
      ({ life }) => !life.gone.has(place) && (life === lives.at(-1) || life.acknowledged.has(place)),
    )
    if (times > 1) problems.push(`${name} is in Bronze ${times} times`)
    else if (times === 0 && isDue && !gone(BigInt(record.timestamp) * 1000n)) problems.push(`${name} is not in Bronze`)
    else if (times === 1 && !published.some(({ life }) => life.delivered.has(place)))
      problems.push(`${name} was never delivered and is in Bronze`)
  }
  for (const key of found.keys()) problems.push(`${topic}: Bronze holds ${key.slice(0, 60)}, which nobody published`)
  return problems
}

/** The same bytes at the same place and time in two lives of a topic are one record: nothing tells them apart. */
function publishedIn(lives: readonly TopicLife[]) {
  return lives.flatMap(life =>
    life.published.map(({ partition, offset, record }) => ({
      ...{ life, partition, offset, record, place: `${partition}/${offset}` },
      key: recordKey(partition, offset, record.timestamp, record.value),
    })),
  )
}

function recordKey(partition: number, offset: number, millis: number, value: Uint8Array | null): string {
  return `${partition}/${offset}/${millis}/${valueKey(value)}`
}

/** What the rows of an exchange are compared with. */
interface Reference {
  readonly exchange: Exchange
  readonly scenario: Scenario
  readonly deployed: boolean
  readonly gone: MayBeGone
}

/** Each Bronze row is in one of the two, as it must be; what is valid is added to `valid`. */
function checkSilver(
  bronze: readonly Row[],
  silver: readonly Row[],
  letters: readonly Row[],
  { exchange, scenario: { expected }, deployed, gone }: Reference,
  valid: Trade[],
): string[] {
  const problems: string[] = []
  const place = (row: Row) => `${row.topic_epoch}/${row.kafka_partition}/${row.kafka_offset}`
  const good = Map.groupBy(silver, place)
  const bad = Map.groupBy(letters, place)
  for (const row of bronze) {
    const name = `${row.topic_epoch}/${row.partition}/${row.offset}`
    const [trades, refused] = [good.get(name) ?? [], bad.get(name) ?? []]
    good.delete(name)
    bad.delete(name)
    const value = row.raw_bytes as Uint8Array | null
    const expectation = expected.get(valueKey(value))
    // It was validated later than it came, so that what is young enough here is there.
    const outcome = expectation?.verdicts[0] === 'valid' ? silverTable(exchange) : DLQ_TABLE
    if (trades.length + refused.length === 0 && gone(outcome, row.ingestion_timestamp)) continue
    if (trades.length + refused.length !== 1) {
      problems.push(`${row.topic} ${name} is ${trades.length} times in Silver and ${refused.length} times in the DLQ`)
      continue
    }
    if (!expectation) continue
    const verdicts = deployed ? expectation.verdicts : expectation.verdicts.slice(0, 1)
    const verdict = trades.length === 1 ? 'valid' : String(refused[0].error_type)
    if (!verdicts.some(allowed => allowed === verdict))
      problems.push(`${row.topic} ${name} is ${verdict}, not ${verdicts}`)
    else if (verdict === 'valid' && expectation.trade) {
      valid.push(expectation.trade)
      problems.push(
        ...differences(trades[0], expectation.trade).map(column => `${row.topic} ${name} has another ${column}`),
      )
    } else if (valueKey(refused[0].raw_record as Uint8Array | null) !== valueKey(value))
      problems.push(`${row.topic} ${name} is a dead letter with other bytes`)
  }
  for (const [name, [row]] of [...good, ...bad])
    if (!gone(bronzeTable(exchange), row.bronze_ingestion_timestamp ?? (row.error_timestamp as bigint) - WAITED))
      problems.push(`${name} is in Silver or the DLQ and not in Bronze`)
  return problems
}

/** Valid trades whose way into Gold no longer shows, as retention has taken their Bronze or Silver rows. */
function droppedTrades(
  bronze: readonly Row[],
  silver: readonly Row[],
  lives: readonly TopicLife[],
  { exchange, scenario, gone }: Reference,
): Trade[] {
  const known = new Set(bronze.map(row => valueKey(row.raw_bytes as Uint8Array | null)))
  const inSilver = new Set(silver.map(row => `${row.message_id}/${row.timestamp}`))
  return lives.flatMap(({ published, acknowledged }) =>
    published.flatMap(({ partition, offset, record: { value, timestamp } }) => {
      const { trade, verdicts } = scenario.expected.get(valueKey(value)) ?? { verdicts: [] }
      if (!trade || verdicts[0] !== 'valid' || !acknowledged.has(`${partition}/${offset}`)) return []
      const micros = BigInt(timestamp) * 1000n
      const noBronze = !known.has(valueKey(value)) && gone(bronzeTable(exchange), micros)
      const noSilver = !inSilver.has(`${trade.messageId}/${trade.timestamp}`) && gone(silverTable(exchange), micros)
      return noBronze || noSilver ? [trade] : []
    }),
  )
}
