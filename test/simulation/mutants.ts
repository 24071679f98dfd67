/**
 * Faults planted in the product, one at a time: each says what it breaks, and the campaigns must find it.
 * Over 250 lines: a list with an entry for each planted fault.
 */
import { CLIENT_MUTANTS } from './client-mutants.ts'
import { FEED_MUTANTS } from './feed-mutants.ts'
import { type Mutant, plantedIn } from './planted.ts'
import { WORLD_MUTANTS } from './world-mutants.ts'

const mutant = plantedIn(undefined)

export const MUTANTS: readonly Mutant[] = [
  // Conditions.
  mutant(
    'a pending item is consumed whoever else has consumed it',
    'domain/pending.ts',
    "    key: pendingKey(item.consumer, item.id),\n    when: { is: 'matching', attributes: { generation: item.generation } },",
    '    key: pendingKey(item.consumer, item.id),',
  ),
  mutant(
    'a checkpoint moves on whatever it is by then',
    'domain/checkpoint.ts',
    "    when: read.stored ? { is: 'matching', attributes: attributesOf(read) } : { is: 'absent' },\n",
    '',
  ),
  mutant(
    'a checkpoint’s condition leaves the offset out',
    'domain/checkpoint.ts',
    "{ is: 'matching', attributes: attributesOf(read) }",
    "{ is: 'matching', attributes: { epoch: read.epoch } }",
  ),
  {
    ...mutant(
      'a table’s pointer moves whatever it is by then',
      'iceberg/catalog.ts',
      "    when: { is: 'matching', attributes: { v: table.version } },\n",
      '',
    ),
    scenario: 'rebuilt',
    seed: 38,
  },
  mutant(
    'a table is made where one stands already',
    'iceberg/catalog.ts',
    "item: { key, attributes }, when: { is: 'absent' } }",
    'item: { key, attributes } }',
  ),
  // Tables that evolve.
  mutant(
    'a table of an older version keeps its schema',
    'iceberg/catalog.ts',
    'metadata: evolveMetadata(table.metadata, definition) }',
    'metadata: (evolveMetadata(table.metadata, definition), table.metadata) }',
  ),
  mutant(
    'a new schema takes the number of the old one',
    'iceberg/evolve.ts',
    "Math.max(...metadata.schemas.map(schema => schema['schema-id'])) + 1",
    "Math.max(...metadata.schemas.map(schema => schema['schema-id']))",
  ),
  mutant(
    'an int of an older version is not read as the long that it became',
    'iceberg/parquet/read.ts',
    "definition?.type === 'long' ? longs(found) : found",
    'found',
  ),
  // The protocol.
  mutant(
    'a conflict counts as success',
    'domain/protocol.ts',
    '      if (!(error instanceof Conflict)) throw error\n      conflict = error',
    '      if (!(error instanceof Conflict)) throw error\n      return (await plan(attempt, error)).result',
  ),
  mutant(
    'any failure counts as success',
    'domain/protocol.ts',
    '      await ports.state.transact(writes, ports.ids.uuid())\n',
    '      await ports.state.transact(writes, ports.ids.uuid()).catch(() => {})\n',
  ),
  mutant(
    'the transaction is not waited for',
    'domain/protocol.ts',
    '      await ports.state.transact(writes, ports.ids.uuid())\n',
    '      void ports.state.transact(writes, ports.ids.uuid()).catch(() => {})\n',
  ),
  mutant(
    'data files are put after their transaction, if at all',
    'iceberg/data-file.ts',
    '  await ports.store.put(key, bytes)\n',
    '  void ports.store.put(key, bytes).catch(() => {})\n',
  ),
  mutant(
    'metadata is put after the pointer names it, if at all',
    'iceberg/metadata-file.ts',
    '  await store.put(key, joinGzip',
    '  void store.put(key, joinGzip',
  ),
  {
    ...mutant(
      'metadata files are named by their number alone',
      'iceberg/metadata-file.ts',
      '-$' + '{uuid}$' + '{gzip',
      '-$' + '{gzip',
    ),
    scenario: 'one-batch',
  },
  // Bronze.
  mutant(
    'the checkpoint stays where it is',
    'functions/bronze/bronze.ts',
    '.map(({ before, after }) => advanceCheckpoint(before, after))',
    '.map(({ before }) => advanceCheckpoint(before, before))',
  ),
  mutant(
    'Silver does not hear of a Bronze file',
    'functions/bronze/bronze.ts',
    '      ...(next === undefined ? [] : [await producePending(ports, next, object, file.key)]),\n',
    '',
  ),
  mutant(
    'a record at the checkpoint counts as a repeat',
    'functions/bronze/accept.ts',
    '    if (record.offset < after.nextOffset) {',
    '    if (record.offset <= after.nextOffset) {',
  ),
  mutant(
    'a repeat is stored again',
    'functions/bronze/accept.ts',
    '      repeats++\n      continue\n',
    '      repeats++\n',
  ),
  mutant(
    'a recreated topic is taken for the old one',
    'functions/bronze/accept.ts',
    'if (isHeld || !inGap(after.gaps, record.offset)) {',
    'if (isHeld && inGap(after.gaps, record.offset)) {',
  ),
  {
    ...mutant(
      'a jump leaves no gap',
      'domain/checkpoint.ts',
      'joinGaps([...checkpoint.gaps, [checkpoint.nextOffset, offset - 1]])',
      'joinGaps([...checkpoint.gaps])',
    ),
    scenario: 'waves',
    seed: 130,
  },
  {
    ...mutant(
      'a gap ends one offset too soon',
      'domain/checkpoint.ts',
      '[checkpoint.nextOffset, offset - 1]])',
      '[checkpoint.nextOffset, offset - 2]])',
    ),
    scenario: 'waves',
    seed: 130,
  },
  mutant(
    'a repeat is looked for in the table alone',
    'functions/bronze/stored.ts',
    'pending.flatMap(item => item.payload.files.map(file => [file.key, file.bytes] as const))',
    'pending.flatMap(item => item.payload.files.slice(0, 0).map(file => [file.key, file.bytes] as const))',
  ),
  mutant(
    'a repeat is looked for among pending files alone',
    'functions/bronze/stored.ts',
    '{ where })) files.set(file.key, file.bytes)',
    '{ where })) files.has(file.key)',
  ),
  mutant(
    'a missing value is an empty one',
    'functions/bronze/columns.ts',
    "      if (typeof value === 'string') {\n        appendBase64(values, value)",
    "      if (typeof value !== 'number') {\n        appendBase64(values, value ?? '')",
  ),
  // Silver.
  mutant(
    'a tombstone is left out',
    'functions/silver/decode.ts',
    "        dead.add(null, failed('the record has no value (a tombstone)'), lineage, null)\n",
    '',
  ),
  mutant(
    'a rejected record is left out',
    'functions/silver/decode.ts',
    '      if (rejection) dead.add(plain',
    '      if (rejection && schemaId === null) dead.add(plain',
  ),
  mutant(
    'Silver forgets to consume its objects',
    'functions/silver/silver.ts',
    'const writes: Write[] = items.map(consumePending)',
    'const writes: Write[] = []',
  ),
  mutant(
    'Gold does not hear of Silver’s files',
    'functions/silver/silver.ts',
    '    writes.push(await producePending(ports, consumers.gold(exchange.name), gold))\n',
    '    await producePending(ports, consumers.gold(exchange.name), gold)\n',
  ),
  mutant(
    'Silver’s first file of several stands for all',
    'functions/silver/silver.ts',
    'const gold: SilverFiles = { files: forGold }',
    'const gold: SilverFiles = { files: forGold.slice(0, 1) }',
  ),
  mutant(
    'dead letters are dated by another look at the clock',
    'functions/silver/silver.ts',
    '    const day = dayOfMs(started)\n',
    '    const day = dayOfMs(ports.clock.now())\n',
  ),
  // Commit and the table format.
  mutant(
    'commit forgets to consume its items',
    'functions/commit/commit.ts',
    'const writes = items.map(consumePending)',
    'const writes = items.slice(1).map(consumePending)',
  ),
  mutant(
    'commit consumes its items and moves no pointer',
    'functions/commit/commit.ts',
    'if (add.length > 0) writes.push(',
    'if (add.length < 0) writes.push(',
  ),
  mutant(
    'a snapshot forgets its parent’s files',
    'iceberg/commit.ts',
    '  const parents = parent ? await readManifests(store, parent) : []',
    '  const parents = parent && remove.size > 0 ? await readManifests(store, parent) : []',
  ),
  mutant(
    'a removed file stays',
    'iceberg/commit-manifests.ts',
    'return carriedEntry(entry, manifest, writer.snapshotId)',
    'return carriedEntry(entry, manifest)',
  ),
  mutant(
    'a file of a range’s last moment is passed by',
    'iceberg/scan.ts',
    'range.upper) ?? 0) > 0',
    'range.upper) ?? 0) >= 0',
  ),
  // Gold.
  mutant(
    'repeats are recognized by time to the microsecond',
    'domain/trade.ts',
    'SAME_TRADE_MICROS = 1_000_000n',
    'SAME_TRADE_MICROS = 0n',
  ),
  mutant(
    'one id is one trade, whenever it was',
    'domain/repeats.ts',
    '(a > b ? a - b : b - a) <= SAME_TRADE_MICROS',
    '(a > b ? a - b : b - a) <= 86_400n * SAME_TRADE_MICROS',
  ),
  mutant(
    'Gold’s own rows are not looked at',
    'domain/repeats.ts',
    'if (near(times[row], goldTimes[i])) repeated[row] = 1',
    'if (near(times[row], goldTimes[i])) repeated[row] = 0',
  ),
  mutant(
    'repeats across a minute’s end are not looked for',
    'tables/gold-repeats.ts',
    'rangesAround(windows, MINUTE_MICROS, SAME_TRADE_MICROS)',
    'rangesAround(windows, MINUTE_MICROS, SAME_TRADE_MICROS - SAME_TRADE_MICROS)',
  ),
  mutant(
    'trades before midnight are filed under the next day',
    'functions/gold/trades.ts',
    'exchange_date: Math.floor(hour / 24)',
    'exchange_date: Math.ceil(hour / 24)',
  ),
  mutant(
    'Gold forgets to consume its items',
    'functions/gold/gold.ts',
    'const writes: Write[] = items.map(consumePending)',
    'const writes: Write[] = items.slice(1).map(consumePending)',
  ),
  mutant(
    'the candles do not hear of the last changed minute',
    'functions/gold/gold.ts',
    'const changed: ChangedMinutes = { minutes }',
    'const changed: ChangedMinutes = { minutes: minutes.slice(0, -1) }',
  ),
  // Candles.
  mutant(
    'candles are counted up and not folded again',
    'functions/ohlcv/spans.ts',
    'filter(([, candle]) => !isTouched(candle))',
    'filter(([, candle]) => isTouched(candle) || true)',
  ),
  mutant(
    'the spans’ old files stay beside the new ones',
    'functions/ohlcv/spans.ts',
    'const remove = new Set(open.files.map(file => file.key))',
    'const remove = new Set(open.files.slice(1).map(file => file.key))',
  ),
  mutant(
    'days are not folded again',
    'functions/ohlcv/ohlcv.ts',
    '    if (changed > 0) {',
    "    if (changed > 0 && timeframe.name !== '1d') {",
  ),
  mutant('nobody waits for a candle table’s failure', 'functions/ohlcv/ohlcv.ts', '      write.catch(() => {})\n', ''),
  mutant(
    'trades of one moment are ordered by their ids as text',
    'domain/trade-ids.ts',
    'return a.tail(rowA) - b.tail(rowB) || compareTradeIds(a.text(rowA), b.text(rowB))',
    'return a.text(rowA) < b.text(rowB) ? -1 : 1',
  ),
  // The sweep, and maintenance.
  mutant(
    'the sweep notes a re-send and sends nothing',
    'functions/sweep/sweep.ts',
    '      sent.push({ key: item.id, bytes: item.payload.bytes })\n',
    '',
  ),
  mutant(
    'a file is swept at the first reading that does not find it named',
    'functions/maintain/reclaim.ts',
    'filter(key => mayGo.has(key))',
    'filter(key => mayGo.has(key) || true)',
  ),
  ...WORLD_MUTANTS,
  ...FEED_MUTANTS,
  ...CLIENT_MUTANTS,
]
