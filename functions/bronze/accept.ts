/**
 * Decides which records of a batch are new, against the checkpoint of their partition. Pure except for the lookup.
 *
 * A record is a repeat if Bronze holds the same time and bytes at its offset, in this epoch or an earlier one (an epoch counts
 * the topic's recreations; batches of the topic as it was may still come after it was recreated). Otherwise an offset at or
 * above nextOffset is new, and one above it opens a gap; an offset below is new if it lies in an open gap and Bronze holds
 * nothing there in this epoch; and else the topic was recreated, and a new epoch begins.
 */
import { type Checkpoint, inGap, mayBeStored, nextEpoch, takeOffset } from '../../domain/checkpoint.ts'
import type { KafkaEventRecord } from '../../domain/events.ts'
import type { AcceptedRun } from './columns.ts'

/**
 * What Bronze holds at an offset: the same record, in whichever epoch; else another one of the epoch asked for; else
 * nothing.
 */
export type Stored = 'same' | 'other' | 'nothing'

/** Looks up records of one partition, in this epoch and those before it; the answers are in the order of the records. */
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

interface Taken {
  readonly epoch: number
  readonly record: KafkaEventRecord
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
  const taken = isAscending(records) ? undefined : new Map<number, Taken[]>()
  for (const [i, record] of records.entries()) {
    const stored = answers.get(i)
    const run = runs.at(-1)
    if (stored === undefined && run !== undefined && record.offset === after.nextOffset && !taken) {
      // The common case: the next record of a run.
      after = { ...after, nextOffset: record.offset + 1 }
      run.records.push(record)
      continue
    }
    const twins = taken?.get(record.offset) ?? []
    if (stored === 'same' || twins.some(twin => sameRecord(twin.record, record))) {
      repeats++
      continue
    }
    if (record.offset < after.nextOffset) {
      // What Bronze holds is of the checkpoint's epoch; the epochs that this batch began have its own records only.
      const isHeld =
        (stored === 'other' && after.epoch === before.epoch) || twins.some(({ epoch }) => epoch === after.epoch)
      if (isHeld || !inGap(after.gaps, record.offset)) {
        after = nextEpoch(after)
        newEpochs++
      }
    }
    after = takeOffset(after, record.offset)
    taken?.set(record.offset, [...twins, { epoch: after.epoch, record }])
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

/** One lookup for all records that may be stored; those that cannot be have no answer. */
async function storedAnswers(
  checkpoint: Checkpoint,
  records: readonly KafkaEventRecord[],
  lookUp: LookUp,
): Promise<Map<number, Stored>> {
  const indexes = [...records.keys()].filter(i => mayBeStored(checkpoint, records[i].offset))
  if (indexes.length === 0) return new Map()
  const asked = indexes.map(i => records[i])
  const answers = await lookUp(checkpoint.topic, checkpoint.partition, checkpoint.epoch, asked)
  return new Map(indexes.map((index, i) => [index, answers[i]]))
}
