/** The AWS events that the functions get, as far as they are read. */
import { messageOf } from './errors.ts'
import { consumerOf } from './names.ts'

/** One Kafka record as the MSK and self-managed event sources deliver it (AWS Lambda, "Example event" of MSK). */
export interface KafkaEventRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly timestampType?: string
  /** base64; missing or null where the record has no key. */
  readonly key?: string | null
  /** base64; missing or null for a tombstone. */
  readonly value?: string | null
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[]
}

/** A batch of several partitions, ordered inside each; keys are `<topic>-<partition>`. */
export interface KafkaEvent {
  readonly eventSource: string
  readonly eventSourceArn?: string
  readonly bootstrapServers?: string
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>
}

/** An invocation takes at most 6 MB of JSON (Lambda quotas, "Invocation payload", synchronous). */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024

/** A record of a topic, as it goes into an event. */
export interface EventRecord {
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

/** An event that is being filled, as the event source fills it. */
export interface KafkaEventDraft {
  readonly records: number
  /** Takes a record in; gives false, and leaves it out, where the event would be too large with it. The first always goes in. */
  add(record: EventRecord, headers?: KafkaEventRecord['headers']): boolean
  event(): KafkaEvent
}

/**
 * JSON around a record's key, value and topic, with the longest numbers and its own list's key: JSON.stringify never
 * makes more.
 */
const RECORD_OVERHEAD = 200

/** Begins an event of one topic's records that never exceeds an invocation's 6 MB. */
export function draftKafkaEvent(topic: string, source: Omit<KafkaEvent, 'records'>): KafkaEventDraft {
  const lists: Record<string, KafkaEventRecord[]> = {}
  let records = 0
  let bytes = Buffer.byteLength(JSON.stringify({ ...source, records: lists }))
  return {
    get records() {
      return records
    },
    add(record, headers = []) {
      const { partition, offset, timestamp, key, value } = record
      const size = RECORD_OVERHEAD + 2 * topic.length + base64Length(key) + base64Length(value) + headersLength(headers)
      if (records > 0 && bytes + size > MAX_EVENT_BYTES) return false
      bytes += size
      records++
      const list = (lists[`${topic}-${partition}`] ??= [])
      list.push({
        topic,
        partition,
        offset,
        timestamp,
        timestampType: 'CREATE_TIME',
        ...(key && { key: base64(key) }),
        ...(value && { value: base64(value) }),
        headers,
      })
      return true
    },
    event: () => ({ ...source, records: lists }),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function headersLength(headers: KafkaEventRecord['headers'] = []): number {
  return headers.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(headers))
}

function base64Length(bytes: Uint8Array | null): number {
  return bytes ? Math.ceil(bytes.length / 3) * 4 : 0
}

/** One SQS message; for Silver its body is an S3 notification. */
export interface QueueRecord {
  readonly messageId: string
  readonly body: string
  readonly attributes?: Readonly<Record<string, string>>
}

export interface QueueEvent {
  readonly Records: readonly QueueRecord[]
}

/** Partial batch response: only the named messages come again. */
export interface QueueResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[]
}

/** An S3 notification as far as it is read: keys are URL-encoded with `+` for a space. */
export interface ObjectNotification {
  readonly Records?: readonly { readonly s3: { readonly object: { readonly key: string; readonly size?: number } } }[]
}

/** The body of a notification that an object was made. */
export function objectCreated(key: string, bytes: number): string {
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
  const notification: ObjectNotification = { Records: [{ s3: { object: { key: encoded, size: bytes } } }] }
  return JSON.stringify(notification)
}

/**
 * The object keys that a notification names (none for S3's own test message), or why the body is not a notification.
 */
export function readNotification(body: string): { readonly keys: readonly string[]; readonly problem?: string } {
  try {
    const { Records = [] } = JSON.parse(body) as ObjectNotification
    return { keys: Records.map(record => decodeURIComponent(record.s3.object.key.replaceAll('+', ' '))) }
  } catch (error) {
    return { keys: [], problem: messageOf(error) }
  }
}

/** A change of the state table as far as it is read: the keys of its item. */
interface Change {
  readonly dynamodb?: { readonly Keys?: Readonly<Record<string, { readonly S?: string }>> }
}

/** What a function gets that changes of the state table start: the changes (AWS Lambda, "Using AWS Lambda with Amazon DynamoDB"). */
export interface WakeEvent {
  readonly Records: readonly Change[]
}

/** Whether changes started the function; a schedule sends an event of another shape. */
export function isWake(event: unknown): event is WakeEvent {
  return Array.isArray((event as Partial<WakeEvent> | null)?.Records)
}

/** The consumers whose lists an event's changes are of; none where it is no wake. */
export function pendingListsOf(event: unknown): ReadonlySet<string> {
  const keys = isWake(event) ? event.Records.flatMap(change => Object.values(change.dynamodb?.Keys ?? {})) : []
  return new Set(keys.flatMap(({ S = '' }) => consumerOf(S) ?? []))
}
