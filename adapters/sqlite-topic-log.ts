/**
 * A durable topic log in one SQLite file: the embedded lake's Kafka.
 *
 * Records are stored in chunks, one row for the records of one append and partition: a row a record would cost more
 * than the records. Chunk ids are never given twice, so an old receipt cannot acknowledge what came later.
 */
import { NotFound } from '../domain/errors.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { LogRecord, PlacedRecord, TopicLog } from '../domain/ports.ts'
import { openSqlite } from './sqlite.ts'
import {
  checkPartitions,
  checkPlaced,
  checkRecord,
  compareRecords,
  fillBatch,
  readReceipt,
  runsOf,
  sameRecord,
  sortPlaced,
  takenOffset,
  unknownTopic,
  type WaitingRecord,
} from './topic-batch.ts'
import { decodeChunk, encodeChunk } from './topic-chunk.ts'

const KIND = 2
const SCHEMA = `
  CREATE TABLE partitions (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, end INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL, partition INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, body BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX chunks_by_offset ON chunks (topic, partition, first, count);
  CREATE TABLE producers (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID`
/** Records of one chunk at most: what is acknowledged in parts is written anew, so a chunk stays small. */
const CHUNK_RECORDS = 512
/** Chunks read ahead from one partition. */
const PAGE_CHUNKS = 16

/** A topic log that holds a file open until it is closed. */
export interface SqliteTopicLog extends TopicLog {
  close(): void
}

/**
 * Opens or makes the log at `path`; with `readOnly` another process's log may be looked at.
 * @throws Corrupt where the file is damaged or foreign; BadInput where it cannot be opened
 */
export function sqliteTopicLog(path: string, options: { readonly readOnly?: boolean } = {}): SqliteTopicLog {
  const file = openSqlite(path, { kind: KIND, schema: SCHEMA, readOnly: options.readOnly })
  const { database } = file
  const sql = file.guard(() => ({
    partitions: database.prepare('SELECT partition, end FROM partitions WHERE topic = ? ORDER BY partition'),
    addPartition: database.prepare('INSERT INTO partitions VALUES (?, ?, 0) ON CONFLICT DO NOTHING'),
    setEnd: database.prepare('UPDATE partitions SET end = max(end, ?) WHERE topic = ? AND partition = ?'),
    addChunk: database.prepare('INSERT INTO chunks (topic, partition, first, count, body) VALUES (?, ?, ?, ?, ?)'),
    chunk: database.prepare('SELECT first, count, body FROM chunks WHERE id = ?'),
    setChunk: database.prepare('UPDATE chunks SET first = ?, count = ?, body = ? WHERE id = ?'),
    removeChunk: database.prepare('DELETE FROM chunks WHERE id = ?'),
    // A chunk that begins before the range may reach into it, by less than a chunk's length.
    chunksWithin: database.prepare(
      `SELECT first, count, body FROM chunks
       WHERE topic = ? AND partition = ? AND first > ? - ${CHUNK_RECORDS} AND first <= ? ORDER BY first`,
    ),
    chunksFrom: database.prepare(
      `SELECT id, first, count, body FROM chunks
       WHERE topic = ? AND partition = ? AND first >= ? ORDER BY first LIMIT ${PAGE_CHUNKS}`,
    ),
    waiting: database.prepare('SELECT partition, sum(count) AS records FROM chunks WHERE topic = ? GROUP BY partition'),
    sequence: database.prepare('SELECT sequence FROM producers WHERE id = ?'),
    setSequence: database.prepare(
      'INSERT INTO producers VALUES (?, ?) ON CONFLICT DO UPDATE SET sequence = excluded.sequence',
    ),
  }))
  /** By topic, the partition that the next batch begins with; after a restart any will do. */
  const nextPartition = new Map<string, number>()

  function endsOf(topic: string): number[] {
    const ends = sql.partitions.all(topic).map(row => Number(row.end))
    if (ends.length === 0) throw unknownTopic(topic)
    return ends
  }

  function lastSequence(producerId: string): number | undefined {
    const row = sql.sequence.get(producerId)
    return row && Number(row.sequence)
  }

  function addRun(topic: string, partition: number, first: number, records: readonly LogRecord[]): void {
    for (const [i, part] of piecesOf(records, CHUNK_RECORDS).entries())
      sql.addChunk.run(topic, partition, first + i * CHUNK_RECORDS, part.length, encodeChunk(part))
    sql.setEnd.run(first + records.length, topic, partition)
  }

  function* waitingIn(topic: string, partition: number): Generator<WaitingRecord> {
    for (let from = 0; ; ) {
      const rows = sql.chunksFrom.all(topic, partition, from)
      for (const row of rows) {
        let offset = Number(row.first)
        for (const record of decodeChunk(row.body as Uint8Array, partition, path))
          yield { chunk: Number(row.id), offset: offset++, record }
        from = offset
      }
      if (rows.length < PAGE_CHUNKS) return
    }
  }

  /** What waits at the offsets of records of one partition, by offset. */
  function waitingAt(topic: string, partition: number, records: readonly PlacedRecord[]): Map<number, LogRecord> {
    const offsets = new Set(records.map(record => record.offset))
    const lowest = records.reduce((least, { offset }) => Math.min(least, offset), Number.POSITIVE_INFINITY)
    const highest = records.reduce((most, { offset }) => Math.max(most, offset), 0)
    const there = new Map<number, LogRecord>()
    for (const row of sql.chunksWithin.iterate(topic, partition, lowest, highest)) {
      let offset = Number(row.first)
      for (const record of decodeChunk(row.body as Uint8Array, partition, path)) {
        if (offsets.has(offset)) there.set(offset, record)
        offset++
      }
    }
    return there
  }

  /** Those of one partition's sorted records at whose offset nothing waits. */
  function freshOf(topic: string, records: readonly PlacedRecord[]): readonly PlacedRecord[] {
    const there = waitingAt(topic, records[0].partition, records)
    return records.filter(record => {
      const other = there.get(record.offset)
      if (other && !sameRecord(other, record)) throw takenOffset(topic, record)
      return !other
    })
  }

  function shorten(id: number, partition: number, through: number): void {
    const row = sql.chunk.get(id)
    if (!row) return
    const first = Number(row.first)
    if (through < first) return
    if (through >= first + Number(row.count) - 1) {
      sql.removeChunk.run(id)
      return
    }
    const rest = [...decodeChunk(row.body as Uint8Array, partition, path)].slice(through + 1 - first)
    sql.setChunk.run(through + 1, rest.length, encodeChunk(rest), id)
  }

  return {
    async createTopic(topic, partitions) {
      checkPartitions(topic, partitions)
      file.transaction(() => {
        for (let partition = 0; partition < partitions; partition++) sql.addPartition.run(topic, partition)
      })
    },
    async append(topic, records, producer) {
      file.transaction(() => {
        const ends = endsOf(topic)
        if (producer && producer.sequence <= (lastSequence(producer.id) ?? Number.NEGATIVE_INFINITY)) return
        for (const record of records) checkRecord(topic, ends.length, record)
        for (const [partition, group] of Map.groupBy(records, record => record.partition))
          addRun(topic, partition, ends[partition], group)
        if (producer) sql.setSequence.run(producer.id, producer.sequence)
      })
    },
    async lastSequence(producerId) {
      return file.guard(() => lastSequence(producerId))
    },
    async place(topic, records) {
      file.transaction(() => {
        const partitions = endsOf(topic).length
        for (const record of records) checkPlaced(topic, partitions, record)
        for (const group of Map.groupBy(sortPlaced(topic, records), record => record.partition).values())
          for (const run of runsOf(freshOf(topic, group), CHUNK_RECORDS))
            addRun(topic, run[0].partition, run[0].offset, run)
      })
    },
    async compare(topic, records) {
      return file.guard(() => {
        const partitions = endsOf(topic).length
        for (const record of records) checkPlaced(topic, partitions, record)
        const there = new Map(
          [...Map.groupBy(records, record => record.partition)].map(([partition, group]) => [
            partition,
            waitingAt(topic, partition, group),
          ]),
        )
        return records.map(record => compareRecords(there.get(record.partition)?.get(record.offset), record))
      })
    },
    async poll(topic, maxRecords) {
      return file.guard(() => {
        const known = endsOf(topic).length
        const partitions = sql.waiting.all(topic).map(row => Number(row.partition))
        if (partitions.some(partition => partition >= known))
          throw new NotFound(`${path} holds records of ${topic} beyond its partitions.`)
        const first = nextPartition.get(topic) ?? 0
        return fillBatch(topic, partitions, first, maxRecords, partition => waitingIn(topic, partition))
      })
    },
    async acknowledge(batch) {
      const { topic, next, taken } = readReceipt(batch)
      file.transaction(() => {
        for (const { chunk, partition, through } of taken) shorten(chunk, partition, through)
      })
      nextPartition.set(topic, next)
    },
    async ends(topic) {
      return file.guard(() => {
        const ends = endsOf(topic)
        const waiting = new Map(sql.waiting.all(topic).map(row => [Number(row.partition), Number(row.records)]))
        return ends.map((end, partition) => ({ partition, end, waiting: waiting.get(partition) ?? 0 }))
      })
    },
    close: file.close,
  }
}
