/** The AWS events that the functions get, as far as they are read. */
import { messageOf } from './errors.ts'

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

/** The event source invokes with at most 6 MB of JSON. */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024

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

/** The object keys that a notification names (none for S3's own test message), or why the body is no notification. */
export function readNotification(body: string): { readonly keys: readonly string[]; readonly problem?: string } {
  try {
    const { Records = [] } = JSON.parse(body) as ObjectNotification
    return { keys: Records.map(record => decodeURIComponent(record.s3.object.key.replaceAll('+', ' '))) }
  } catch (error) {
    return { keys: [], problem: messageOf(error) }
  }
}
