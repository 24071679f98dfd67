/**
 * Faults planted in the product that show only where the world does more than its calls failing: each names the scenario whose
 * swarm must find it.
 */
import { type Mutant, plantedIn } from './planted.ts'

const mutant = (scenario: string, ...words: Parameters<ReturnType<typeof plantedIn>>) => plantedIn(scenario)(...words)

export const WORLD_MUTANTS: readonly Mutant[] = [
  {
    ...mutant(
      'two',
      'a container’s time is over by its wall clock',
      'functions/bronze/bronze.ts',
      '  if (clock.steady() > end)\n',
      '  if (clock.now() > end)\n',
    ),
    seed: 78,
  },
  mutant(
    'two',
    'records of an earlier epoch are not looked for',
    'domain/checkpoint.ts',
    'return offset < nextOffset || (epoch > 0 && offset < earlierEnd)',
    'return offset < nextOffset || (epoch > 0 && offset < earlierEnd && offset < 0)',
  ),
  mutant(
    'two',
    'a record of an unknown schema stops its object',
    'functions/silver/decode.ts',
    "        return { type: 'unknown_schema', reason:",
    "        if (schemaId >= 0) throw new BadInput('unknown')\n        return { type: 'unknown_schema', reason:",
  ),
  mutant(
    'two',
    'the reports of the feeds are not committed',
    'domain/tables.ts',
    '...exchanges.map(silverTable), DLQ_TABLE, FEED_GAPS_TABLE]',
    '...exchanges.map(silverTable), DLQ_TABLE]',
  ),
  mutant(
    'months',
    'retention takes the oldest row of a file for its newest',
    'functions/maintain/files.ts',
    'newest: bound(raw.upper_bounds, age),',
    'newest: bound(raw.lower_bounds, age),',
  ),
  mutant(
    'months',
    'candles are folded from a timeframe that has dropped a part of them',
    'functions/ohlcv/ohlcv.ts',
    'filter(window => window < below.keptFrom)',
    'filter(window => window < 0n)',
  ),
  mutant(
    'woken-once',
    'the longer candles of minutes that a new item started are forgotten',
    'functions/ohlcv/ohlcv.ts',
    "frames === 'minutes' ? now : ",
    "frames === 'minutes' && now.length === 0 ? now : ",
  ),
  mutant(
    'woken-once',
    'a schedule leaves the longer candles as a new item does',
    'functions/ohlcv/handler.ts',
    "isWake(event) ? 'minutes' : 'all'",
    "isWake(event) ? 'minutes' : 'minutes'",
  ),
  mutant(
    'shared-out',
    'a fold of one exchange drops the candles of others',
    'functions/ohlcv/ohlcv.ts',
    'windows.has(windowStart) && share.has(exchange)',
    'windows.has(windowStart)',
  ),
  mutant(
    'shared-out',
    'an attempt’s files stand for other items',
    'functions/gold/attempt.ts',
    'last?.items === generations && (await isSame(last.looked, stored))',
    'last',
  ),
  mutant(
    'restored',
    'a repair dies of an object that cannot be read',
    'operations/repair/bronze.ts',
    '    if ((await fileProblem(ports, session, object)) !== undefined) continue\n',
    '',
  ),
  {
    ...mutant(
      'restored',
      'the candles of a repaired lake are not folded again',
      'operations/repair/repair.ts',
      '  if (done.length > 0 || wasStopped) {\n',
      '  if (done.length < 0) {\n',
    ),
    seed: 19,
  },
  mutant(
    'two',
    'an object that no list knows is new',
    'functions/silver/silver.ts',
    '    unknown = unknown.filter((key, i) => items[i] === undefined && mayStillCome(ports, key))\n  }\n',
    `    unknown = unknown.filter((_, i) => items[i] === undefined)
  }
  const { producePending } = await import('../../domain/pending.ts')
  for (const id of unknown)
    await ports.state.transact(
      [await producePending(ports, consumers.silver(exchange.name), { bytes: 1, records: 1 }, id)],
      ports.ids.uuid(),
    )
`,
  ),
  {
    ...mutant(
      'months',
      'a table whose metadata a list does not show is taken for dropped',
      'functions/maintain/reclaim.ts',
      '  // Without its table nothing can be said about an object.\n  if (!table) return new Map()\n',
      `  if (!table) return new Map()
  const shown: string[] = []
  for await (const { key } of ports.store.list(\`\${tableKey(definition.name)}/metadata/\`)) shown.push(key)
  const isOld = ports.clock.now() - table.metadata['last-updated-ms'] > 600_000
  if (isOld && !shown.some(key => table.metadataLocation.endsWith(key))) await ports.store.delete([...objects.keys()])
`,
    ),
    seed: 1_060,
  },
  mutant(
    'two',
    'an object whose decoding is throttled again and again is given up',
    'functions/silver/silver.ts',
    '    if (items.length === 1)\n',
    `    const [{ id, consumer, generation }] = items
    const seen = ((globalThis as { seen?: Map<string, number> }).seen ??= new Map())
    if (messageOf(error).includes('was throttled')) seen.set(generation, (seen.get(generation) ?? 0) + 1)
    if (items.length === 1 && seen.get(generation) >= 2)
      await ports.state.transact([{ kind: 'remove', key: { table: 'state', partition: \`pending#\${consumer}\`, sort: id } }], generation)
    if (items.length === 1)
`,
  ),
  mutant(
    'fresh',
    'Gold is opened before what waits for it is listed',
    'api/market/fresh.ts',
    '  const waiting = await waitingFiles(ports)\n  const gold = await openTable(ports, GOLD_TABLE)\n',
    '  const gold = await openTable(ports, GOLD_TABLE)\n  const waiting = await waitingFiles(ports)\n',
  ),
  mutant(
    'fresh',
    'fresh trades that Gold has are not found again',
    'api/market/fresh.ts',
    'filter(row => repeated[row] === 0)',
    'filter(row => repeated[row] >= 0)',
  ),
]
