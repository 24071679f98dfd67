/**
 * Decides which records of a batch are new, against the checkpoint of their partition. Pure except for the lookup.
 *
 * An offset at or above nextOffset is new, and one above it opens a gap. An offset below nextOffset is a repeat if Bronze
 * holds the same time and bytes there; new if it lies in an open gap and Bronze holds nothing there; and otherwise the
 * topic was recreated, and a new epoch begins (an epoch counts the topic's recreations).
 */
import { type Checkpoint, inGap, takeOffset } from '../../domain/checkpoint.ts'
import type { KafkaEventRecord } from '../../domain/events.ts'
import type { AcceptedRun } from './columns.ts'

/** What Bronze holds at an offset of an epoch: whether it is the same record, another one, or nothing. */
export type Stored = 'same' | 'other' | 'nothing'

/** Looks up records of one partition and epoch; the answers are in the order of the records. */
export type LookUp = (
  topic: string,
  partition: number,
  epoch: number,
  records: readonly KafkaEventRecord[],
) => Promise<Stored[]>

export interface Acceptance {
  readonly before: Checkpoint
  readonly after: Checkpoint
  readonly runs: AcceptedRun[]
  readonly repeats: number
  readonly newEpochs: number
}

/** Goes through the records of one partition in their order. */
export async function acceptRecords(
  before: Checkpoint,
  records: readonly KafkaEventRecord[],
  lookUp: LookUp,
): Promise<Acceptance> {
  const { topic, partition } = before
  let after = before
  let repeats = 0
  let newEpochs = 0
  const runs: { topic: string; partition: number; epoch: number; records: KafkaEventRecord[] }[] = []
  const answers = await storedAnswers(before, records, lookUp)
  // What this batch brought, by offset. A batch is normally in order, and then has no offset twice.
  const taken = isAscending(records) ? undefined : new Map<number, KafkaEventRecord>()
  for (const [i, record] of records.entries()) {
    const run = runs.at(-1)
    if (run !== undefined && record.offset === after.nextOffset) {
      // The common case: the next record of a run.
      after = { ...after, nextOffset: record.offset + 1 }
      run.records.push(record)
      taken?.set(record.offset, record)
      continue
    }
    if (record.offset < after.nextOffset) {
      const twin = taken?.get(record.offset)
      // Above the checkpoint that was read, Bronze can have only this batch's records.
      const stored = twin ? (sameRecord(twin, record) ? 'same' : 'other') : (answers.get(i) ?? 'nothing')
      if (stored === 'same') {
        repeats++
        continue
      }
      if (stored === 'other' || !inGap(after.gaps, record.offset)) {
        after = { ...after, epoch: after.epoch + 1, nextOffset: 0, gaps: [] }
        newEpochs++
        answers.clear()
        taken?.clear()
      }
    }
    after = takeOffset(after, record.offset)
    taken?.set(record.offset, record)
    if (run?.epoch === after.epoch) run.records.push(record)
    else runs.push({ topic, partition, epoch: after.epoch, records: [record] })
  }
  return { before, after, runs, repeats, newEpochs }
}

function isAscending(records: readonly KafkaEventRecord[]): boolean {
  for (let i = 1; i < records.length; i++) if (records[i].offset <= records[i - 1].offset) return false
  return true
}

function sameRecord(a: KafkaEventRecord, b: KafkaEventRecord): boolean {
  return a.timestamp === b.timestamp && (a.value ?? null) === (b.value ?? null)
}

/** One lookup for all records that lie below the checkpoint. */
async function storedAnswers(
  checkpoint: Checkpoint,
  records: readonly KafkaEventRecord[],
  lookUp: LookUp,
): Promise<Map<number, Stored>> {
  const indexes = [...records.keys()].filter(i => records[i].offset < checkpoint.nextOffset)
  if (indexes.length === 0) return new Map()
  const asked = indexes.map(i => records[i])
  const answers = await lookUp(checkpoint.topic, checkpoint.partition, checkpoint.epoch, asked)
  return new Map(indexes.map((index, i) => [index, answers[i]]))
}
