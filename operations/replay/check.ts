/**
 * Before a replay writes anything, every record is compared with what is at its offset: in the files themselves, in
 * Bronze, and in the topics. Joins in the engine, so that memory stays bounded.
 */
import { type Checkpoint, listCheckpoints } from '../../domain/checkpoint.ts'
import { BadInput } from '../../domain/errors.ts'
import { topicName } from '../../domain/names.ts'
import { piecesOf } from '../../domain/pieces.ts'
import type { PlacedRecord, QuerySession, SqlRow, TopicLog } from '../../domain/ports.ts'
import { tableRows } from '../../domain/sql.ts'
import { bronzeTable, type TableDefinition } from '../../domain/tables.ts'
import { listAdded } from '../../iceberg/added-files.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { type InputFile, placedRecord, RECORD_COLUMNS, recordName, rowsOf, selectRecords } from './input.ts'
import type { TargetLake } from './target.ts'

const FILES_PER_QUERY = 1_000
const RECORDS_PER_COMPARE = 10_000

/**
 * Makes the temporary tables `incoming` (each record's topic_number, part, off, millis, digest) and `held` (those of
 * them that Bronze has), and gives how many records there are.
 * @throws BadInput naming a record whose offset is taken by another
 */
export async function checkRecords(
  lake: TargetLake,
  session: QuerySession,
  files: readonly InputFile[],
): Promise<number> {
  await session.run(
    `CREATE TEMP TABLE incoming AS ${selectRecords(rowsOf(files), 'topic_number, part::INTEGER AS part, off::BIGINT AS off, millis, digest')}`,
  )
  const [{ records }] = await session.run('SELECT count(*) AS records FROM incoming')
  await checkAmongThemselves(session)
  await checkBronze(lake, session)
  if (lake.topics) await checkTopics(lake, lake.topics, session, files)
  return Number(records)
}

async function refuseFirst(session: QuerySession, query: string, why: string): Promise<void> {
  const [{ refused }] = await session.run(`SELECT count(*) AS refused FROM (${query})`)
  if (Number(refused) === 0) return
  const [row] = await session.run(
    `SELECT topic, part AS "partition", off AS "offset" FROM (${query}) JOIN topics
      ON topics.number = topic_number ORDER BY ALL LIMIT 1`,
  )
  throw refusal(row, why, Number(refused))
}

function refusal(row: SqlRow, why: string, records: number): BadInput {
  const more = records > 1 ? ` (and ${records - 1} more like it)` : ''
  return new BadInput(`${recordName(row)}${more} ${why}; nothing was replayed.`)
}

async function checkAmongThemselves(session: QuerySession): Promise<void> {
  const several = 'SELECT topic_number, part, off FROM incoming GROUP BY ALL HAVING count(*) > 1'
  await refuseFirst(
    session,
    `SELECT topic_number, part, off FROM incoming SEMI JOIN (${several}) USING (topic_number, part, off)
      GROUP BY ALL HAVING count(DISTINCT digest) > 1 OR count(DISTINCT millis) > 1`,
    'is in the files more than once, with different bytes or times',
  )
}

async function checkBronze(lake: TargetLake, session: QuerySession): Promise<void> {
  await session.run('CREATE TEMP TABLE held (topic_number TINYINT, part INTEGER, off BIGINT, same BOOLEAN)')
  await session.run(
    'CREATE TEMP TABLE checkpoints (topic_number TINYINT, part INTEGER, epoch INTEGER, next_offset BIGINT)',
  )
  await session.run('CREATE TEMP TABLE gaps (topic_number TINYINT, part INTEGER, low BIGINT, high BIGINT)')
  for (const [number, exchange] of lake.exchanges.entries()) {
    const checkpoints = await listCheckpoints(lake.ports.state, topicName(exchange.name))
    await insertCheckpoints(session, number, checkpoints)
    const [{ known }] = await session.run(
      `SELECT count(*) AS known FROM incoming JOIN checkpoints USING (topic_number, part)
        WHERE topic_number = ${number} AND off < next_offset`,
    )
    if (Number(known) === 0) continue
    for (const some of piecesOf(await bronzeFiles(lake, bronzeTable(exchange)), FILES_PER_QUERY)) {
      const paths = await Promise.all(some.map(key => lake.ports.store.localFile(key)))
      await session.run(`INSERT INTO held SELECT i.topic_number, i.part, i.off, i.digest = b.digest
        AND i.millis = b.millis FROM incoming AS i
        JOIN checkpoints AS c USING (topic_number, part)
        JOIN (${selectStored(bronzeTable(exchange), paths)}) AS b
          ON b.part = i.part AND b.off = i.off AND b.epoch = c.epoch WHERE i.topic_number = ${number}`)
      await lake.ports.store.releaseLocal(some)
    }
  }
  await refuseFirst(
    session,
    'SELECT topic_number, part, off FROM held WHERE NOT same',
    'is taken by other bytes or another time in Bronze',
  )
  // Joins by equality first: they leave few rows over, which can then be compared with ranges.
  await session.run(`CREATE TEMP TABLE below AS SELECT DISTINCT i.topic_number, i.part, i.off FROM incoming AS i
    JOIN checkpoints AS c USING (topic_number, part) ANTI JOIN held USING (topic_number, part, off)
      WHERE i.off < c.next_offset`)
  await session.run(`CREATE TEMP TABLE filling AS SELECT DISTINCT b.topic_number, b.part, b.off FROM below AS b
    JOIN gaps AS g USING (topic_number, part) WHERE b.off BETWEEN g.low AND g.high`)
  await refuseFirst(
    session,
    'SELECT topic_number, part, off FROM below ANTI JOIN filling USING (topic_number, part, off)',
    'is below what Bronze has read and Bronze no longer keeps it: replay into a new lake',
  )
}

async function insertCheckpoints(
  session: QuerySession,
  number: number,
  checkpoints: readonly Checkpoint[],
): Promise<void> {
  if (checkpoints.length === 0) return
  const rows = checkpoints.map(
    ({ partition, epoch, nextOffset }) => `(${number}, ${partition}, ${epoch}, ${nextOffset})`,
  )
  await session.run(`INSERT INTO checkpoints VALUES ${rows.join(', ')}`)
  const gaps = checkpoints.flatMap(({ partition, gaps }) =>
    gaps.map(([from, to]) => `(${number}, ${partition}, ${from}, ${to})`),
  )
  if (gaps.length > 0) await session.run(`INSERT INTO gaps VALUES ${gaps.join(', ')}`)
}

/**
 * All that Bronze holds: the waiting files are read first, so that a file which moves into the table meanwhile is not
 * missed.
 */
async function bronzeFiles(lake: TargetLake, table: TableDefinition): Promise<string[]> {
  const waiting = await listAdded(lake.ports, table.name)
  const loaded = await openTable(lake.ports, table)
  const committed = loaded ? await planFiles(lake.ports, loaded) : []
  return [...new Set([...waiting.flatMap(item => item.payload.files), ...committed].map(file => file.key))]
}

function selectStored(table: TableDefinition, paths: readonly string[]): string {
  return selectRecords(tableRows(table, paths), 'part, off, epoch, millis, digest', ', topic_epoch AS epoch')
}

async function checkTopics(
  lake: TargetLake,
  topics: TopicLog,
  session: QuerySession,
  files: readonly InputFile[],
): Promise<void> {
  for (const [number, exchange] of lake.exchanges.entries()) {
    const topic = topicName(exchange.name)
    const ends = await topics.ends(topic)
    if (ends.every(({ waiting }) => waiting === 0)) continue
    const query = `${selectRecords(rowsOf(files), RECORD_COLUMNS)} WHERE topic_number = ${number}
      AND part < ${ends.length}`
    let batch: PlacedRecord[] = []
    for await (const rows of session.stream(query)) {
      batch.push(...rows.map(placedRecord))
      if (batch.length < RECORDS_PER_COMPARE) continue
      await requireSame(topics, topic, batch)
      batch = []
    }
    await requireSame(topics, topic, batch)
  }
}

async function requireSame(topics: TopicLog, topic: string, records: readonly PlacedRecord[]): Promise<void> {
  const answers = await topics.compare(topic, records)
  const others = records.filter((_, i) => answers[i] === 'other')
  if (others.length === 0) return
  const [{ partition, offset }] = others
  throw refusal(
    { topic, partition, offset },
    'is taken by other bytes or another time that wait in the topic',
    others.length,
  )
}
