/**
 * Each function's role allows the items that the function touches, and no others. What it touches is recorded while all functions work on a
 * lake together; what the role allows is read from the template.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { FEED_GAPS_TOPIC, topicName } from '../../domain/names.ts'
import type { Key, StateStore, StateTable, Write } from '../../domain/ports.ts'
import { HOUR_MS } from '../../domain/time.ts'
import { drain } from '../../embedded/drain.ts'
import { type Functions, invocation, wireFunctions } from '../../embedded/functions.ts'
import type { Lake } from '../../embedded/lake.ts'
import { createTotals } from '../../embedded/totals.ts'
import { newLake, publishMarket } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'
import { allowsItem, statementsOf } from './policies.ts'
import { KAFKA_MODES, templateOf } from './support.ts'

const template = templateOf(KAFKA_MODES['self-managed'])
const roleOf = (name: string) => statementsOf(template, `tradelake-dev-${name}`)
const TABLES: Readonly<Record<StateTable, string>> = { state: 'LakeState', catalog: 'LakeCatalog' }
const ACTIONS: Readonly<Record<Write['kind'], string>> = {
  put: 'dynamodb:PutItem',
  remove: 'dynamodb:DeleteItem',
  check: 'dynamodb:ConditionCheckItem',
}

/** `function action table partition`, each once. */
type Touched = Set<string>

/** A state store that writes down which function asks it for what. */
function recording(state: StateStore, who: AsyncLocalStorage<string>, touched: Touched): StateStore {
  const note = (action: string, table: StateTable, partition: string) =>
    void touched.add([who.getStore() ?? 'nobody', action, table, partition].join(' '))
  const keyOf = (write: Write): Key => (write.kind === 'put' ? write.item.key : write.key)
  return {
    get(key) {
      note('dynamodb:GetItem', key.table, key.partition)
      return state.get(key)
    },
    query(table, partition, options) {
      note('dynamodb:Query', table, partition)
      return state.query(table, partition, options)
    },
    transact(writes, token) {
      for (const write of writes) note(ACTIONS[write.kind], keyOf(write).table, keyOf(write).partition)
      return state.transact(writes, token)
    },
  }
}

/** Runs a market through all functions, and maintenance until it has deleted what it joined. */
async function touchedByAll(): Promise<Touched> {
  const touched: Touched = new Set()
  const who = new AsyncLocalStorage<string>()
  const stored = await newLake()
  let shift = 0
  const clock = { ...stored.ports.clock, now: () => stored.ports.clock.now() + shift }
  const lake: Lake = {
    ...stored,
    ports: { ...stored.ports, clock, state: recording(stored.ports.state, who, touched) },
  }
  const named = <A extends unknown[], R>(name: string, handler: (...given: A) => Promise<R>) => {
    return (...given: A) => who.run(name, () => handler(...given))
  }
  const wired = wireFunctions(lake, SILENT)
  const functions: Functions = {
    ...wired,
    bronze: new Map([...wired.bronze].map(([name, handler]) => [name, named(`bronze-${name}`, handler)])),
    silver: new Map([...wired.silver].map(([name, handler]) => [name, named(`silver-${name}`, handler)])),
    commit: named('commit', wired.commit),
    gold: named('gold', wired.gold),
    ohlcv: named('ohlcv', wired.ohlcv),
    sweep: named('sweep', wired.sweep),
    maintain: named('maintain', wired.maintain),
  }
  try {
    for (let from = 0; from < 90; from += 30) {
      await publishMarket(lake, { market: 0, from, to: from + 30, shift: -3n * 3_600_000_000n })
      const report = { partition: 0, key: null, value: Buffer.from('{}'), timestamp: clock.now() }
      await lake.topics.append(FEED_GAPS_TOPIC, [report])
      await drain(lake, functions, createTotals(EXCHANGES))
    }
    // Something that waits: the sweep notes that it sent it again.
    await publishMarket(lake, { market: 1, from: 0, to: 5 })
    const [{ name }] = EXCHANGES
    const batch = await lake.topics.poll(topicName(name), 1_000)
    if (batch) await functions.bronze.get(name)?.(batch.event, invocation(lake.ports))
    for (let day = 0; day < 4; day++) {
      await functions.sweep({}, invocation(lake.ports))
      await functions.maintain({}, invocation(lake.ports))
      // Snapshots expire after a day.
      shift += 26 * HOUR_MS
    }
  } finally {
    stored.remove()
  }
  return touched
}

describe('the items of the state and catalog tables', () => {
  test('that a function touches are those that its role allows', async () => {
    const touched = [...(await touchedByAll())].filter(text => !text.startsWith('nobody '))
    const refused = touched.filter(text => {
      const [name, action, table, partition] = text.split(' ')
      return !allowsItem(roleOf(name), action, TABLES[table as StateTable], partition)
    })
    expect(refused).toEqual([])
    // It did see every function at work, and the rarer things that they do.
    expect(new Set(touched.map(text => text.split(' ')[0])).size).toBe(2 * EXCHANGES.length + 6)
    for (const text of [
      'bronze-binance dynamodb:PutItem state checkpoint#market.crypto.trades.binance',
      'silver-kraken dynamodb:DeleteItem state pending#silver_kraken',
      'ohlcv dynamodb:Query state lost_times',
      'sweep dynamodb:PutItem state pending#silver_binance',
      'maintain dynamodb:PutItem state upkeep',
      'maintain dynamodb:PutItem state pending#unreached_gold_crypto_trades',
      'maintain dynamodb:DeleteItem state pending#unreached_gold_crypto_trades',
    ])
      expect(touched).toContain(text)
  }, 60_000)

  test('of one exchange are not another’s: neither its checkpoints, nor its lists, nor its tables', () => {
    for (const name of ['bronze-kraken', 'silver-kraken', 'gold', 'commit'])
      expect(allowsItem(roleOf(name), 'dynamodb:DeleteItem', TABLES.state, `checkpoint#${topicName('binance')}`)).toBe(
        false,
      )
    for (const name of ['bronze-kraken', 'silver-kraken', 'bronze-feed_gaps'])
      expect(allowsItem(roleOf(name), 'dynamodb:DeleteItem', TABLES.state, 'pending#silver_binance')).toBe(false)
    expect(
      allowsItem(roleOf('bronze-kraken'), 'dynamodb:GetItem', TABLES.catalog, 'market_data.gold_crypto_trades'),
    ).toBe(false)
    expect(allowsItem(roleOf('gold'), 'dynamodb:PutItem', TABLES.catalog, 'market_data.silver_binance_trades')).toBe(
      false,
    )
  })

  test('are all granted by partition key', () => {
    // A stream has no items to name: it tells of keys alone (infra/lake.ts).
    for (const { name } of EXCHANGES)
      for (const statement of [
        `bronze-${name}`,
        `silver-${name}`,
        'commit',
        'gold',
        'ohlcv',
        'sweep',
        'maintain',
      ].flatMap(roleOf))
        if ([statement.Action].flat().some(action => /^dynamodb:(?!\w*(?:Stream|Record|ShardIterator))/.test(action)))
          expect(statement.Condition?.['ForAllValues:StringEquals']?.['dynamodb:LeadingKeys']).toBeDefined()
  })
})
