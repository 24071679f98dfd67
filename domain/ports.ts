/**
 * The ports: all I/O, time and randomness of the stages goes through these.
 * Each has one contract test suite (test/contract) that runs against every adapter.
 */
import type { KafkaEvent } from './events.ts'

/** What a state item may hold. Integers beyond 2^53 are stored as decimal strings. */
export type Attribute = string | number | null
export type Attributes = Readonly<Record<string, Attribute>>

/** `state` holds checkpoints and pending lists, `catalog` the Iceberg table pointers (layout of DynamoDbCatalog). */
export type StateTable = 'state' | 'catalog'

/** An item's address: DynamoDB's partition and sort key. */
export interface Key {
  readonly table: StateTable
  readonly partition: string
  readonly sort: string
}

export interface Item {
  readonly key: Key
  readonly attributes: Attributes
}

/** `absent`: there is no item. `matching`: there is an item and every named attribute has this value. */
export type Condition = { readonly is: 'absent' } | { readonly is: 'matching'; readonly attributes: Attributes }

/** One part of a transaction. `check` writes nothing and only states a condition. */
export type Write =
  | { readonly kind: 'put'; readonly item: Item; readonly when?: Condition }
  | { readonly kind: 'remove'; readonly key: Key; readonly when?: Condition }
  | { readonly kind: 'check'; readonly key: Key; readonly when: Condition }

/** DynamoDB refuses more (API_TransactWriteItems). */
export const MAX_TRANSACTION_WRITES = 100

/** Checkpoints, pending lists and table pointers; all reads are strongly consistent. */
export interface StateStore {
  get(key: Key): Promise<Attributes | undefined>
  /**
   * Items of one partition in ascending order of their sort key (UTF-8 bytes), after `after` and with the prefix
   * `prefix`, at most `limit`.
   */
  query(
    table: StateTable,
    partition: string,
    options?: { readonly prefix?: string; readonly after?: string; readonly limit?: number },
  ): Promise<Item[]>
  /**
   * All writes or none. At most 100, no two for the same key. `token` makes repeating the same call harmless for ten
   * minutes.
   * @throws Conflict with the index of the first write whose condition failed and the item that stood there
   * @throws Throttled when the store asks to back off
   */
  transact(writes: readonly Write[], token: string): Promise<void>
}

export interface ObjectInfo {
  readonly key: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** Immutable objects under `/`-separated keys. A key is written once. */
export interface ObjectStore {
  /** Absolute URI of the root without a trailing slash (`s3://bucket`, `file:///path`): Iceberg locations are absolute. */
  readonly root: string
  /** @throws AlreadyExists when the key is taken */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Moves a local file in. @throws AlreadyExists when the key is taken */
  putFile(key: string, localPath: string): Promise<void>
  /** @throws NotFound */
  get(key: string): Promise<Uint8Array>
  /** Bytes `start` up to but not including `end`; fewer where the object ends earlier. @throws NotFound */
  getRange(key: string, start: number, end: number): Promise<Uint8Array>
  /** Size and time, or undefined where there is no such object. */
  head(key: string): Promise<ObjectInfo | undefined>
  /** Every object whose key begins with `prefix`, in ascending key order. */
  list(prefix: string): AsyncIterable<ObjectInfo>
  /** Deleting what is not there is not an error. */
  delete(keys: readonly string[]): Promise<void>
  /** A path on the local disk that holds the object's bytes, for engines that read files; never written to, valid until `releaseLocal`. @throws NotFound */
  localFile(key: string): Promise<string>
  /** Gives up local copies made by `localFile` (nothing to do where the store itself is local). */
  releaseLocal(keys: readonly string[]): Promise<void>
}

/** Writer schemas by Confluent schema id. */
export interface SchemaRegistry {
  /** The Avro schema as parsed JSON, or undefined when the registry answers that there is none of this id. @throws Throttled when it does not answer */
  writerSchema(id: number): Promise<unknown>
}

/** One value of a query's answer: decimals, timestamps and dates come as the query casts them. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array
export type SqlRow = Readonly<Record<string, SqlValue>>

/** A column-oriented SQL engine over local files (DuckDB). */
export interface QueryEngine {
  /**
   * Runs the statements in order in a temporary session of their own and gives the rows of the last one;
   * another call never sees its temporary tables.
   */
  run(statements: readonly string[]): Promise<SqlRow[]>
  /** A session that keeps its temporary tables from call to call until `close`. */
  session(): Promise<QuerySession>
}

export interface QuerySession {
  run(sql: string): Promise<SqlRow[]>
  /** The rows of one statement, some at a time, for answers that are larger than memory. */
  stream(sql: string): AsyncIterable<SqlRow[]>
  close(): void
}

export interface Clock {
  /** Milliseconds since 1970, by a clock that may be set forward and back: for the times of events. */
  now(): number
  /** Milliseconds since some moment, by a clock that only goes forward: for waits, deadlines and ages. */
  steady(): number
  sleep(milliseconds: number): Promise<void>
}

export interface Ids {
  /** A fresh UUID that sorts by time (version 7), never given twice. */
  uuid(): string
}

/** A folder on the local disk for scratch files (/tmp of a Lambda). */
export interface Scratch {
  /** A path where there is no file yet. */
  path(name: string): string
  /** Removes the file at the path, if there is one. */
  remove(path: string): void
}

/** What a stage gets. */
export interface Ports {
  readonly store: ObjectStore
  readonly state: StateStore
  readonly registry: SchemaRegistry
  readonly engine: QueryEngine
  readonly clock: Clock
  readonly ids: Ids
  readonly scratch: Scratch
}

/** A record on its way into a topic. The key and value are bytes; null is not empty. */
export interface LogRecord {
  readonly partition: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Kafka's CreateTime, milliseconds since 1970. */
  readonly timestamp: number
}

export interface PlacedRecord extends LogRecord {
  readonly offset: number
}

/** Names a producer's append so that its repeat is recognized and ignored (Kafka's idempotent producer). */
export interface ProducerSequence {
  readonly id: string
  /** Grows from append to append. */
  readonly sequence: number
}

/** A batch that a consumer holds until it acknowledges it. */
export interface PolledBatch {
  readonly event: KafkaEvent
  readonly records: number
  /** Opaque to the consumer. */
  readonly receipt: string
}

export interface PartitionEnd {
  readonly partition: number
  /** One past the highest offset ever given. */
  readonly end: number
  /** Records that no consumer has acknowledged yet. */
  readonly waiting: number
}

/**
 * The embedded stand-in for Kafka, seen from both sides: producers append, the one consumer group gets events of the
 * shape that the MSK event source sends. Acknowledged records are deleted; the others come again.
 */
export interface TopicLog {
  /** Makes a topic; does nothing where it exists with as many partitions. */
  createTopic(topic: string, partitions: number): Promise<void>
  /** Appends all records in one atomic step, each at the next offset of its partition. An append of a sequence that is not above the producer's last is ignored. */
  append(topic: string, records: readonly LogRecord[], producer?: ProducerSequence): Promise<void>
  /** The last sequence that a producer appended, or undefined. */
  lastSequence(producerId: string): Promise<number | undefined>
  /**
   * Puts records at offsets of their own, in one atomic step. A record that waits at that offset with the same key,
   * value and timestamp is left as it is.
   * @throws AlreadyExists naming topic, partition and offset where other bytes wait at the offset
   */
  place(topic: string, records: readonly PlacedRecord[]): Promise<void>
  /** What waits at each record's offset: nothing, the same key, value and timestamp, or another record. */
  compare(topic: string, records: readonly PlacedRecord[]): Promise<('nothing' | 'same' | 'other')[]>
  /**
   * The next records that wait, by partition and offset, at most `maxRecords` and 6 MB of event, over as many
   * partitions as fit; undefined where no record waits. Polling again before the acknowledgement gives the same records
   * again.
   */
  poll(topic: string, maxRecords: number): Promise<PolledBatch | undefined>
  acknowledge(batch: PolledBatch): Promise<void>
  ends(topic: string): Promise<PartitionEnd[]>
}

/**
 * Tells Silver of Bronze objects, as the object store's own notifications do; the sweep uses it when those got lost.
 */
export interface ObjectEvents {
  send(exchange: string, objects: readonly { readonly key: string; readonly bytes: number }[]): Promise<void>
}

/** Structured logs: a message and its fields. Powertools' Logger is one. */
export interface Log {
  info(message: string, fields: LogFields): void
  warn(message: string, fields: LogFields): void
  error(message: string, fields: LogFields): void
}

/** A log line has these itself: a field of the same name would replace them. */
export type LogFields = Readonly<Record<string, unknown>> & {
  readonly [own in 'level' | 'message' | 'timestamp']?: never
}

/** Counts and gauges that alarms watch. Powertools' Metrics is one. */
export interface Metrics {
  addMetric(name: string, unit: 'Count' | 'Seconds', value: number): void
  publishStoredMetrics(): void
}

/** How a function reports on itself: logs and metrics. */
export interface Telemetry {
  readonly log: Log
  readonly metrics: Metrics
}

/** What AWS tells a function about its invocation, as far as it is read. */
export interface InvocationContext {
  readonly awsRequestId: string
  getRemainingTimeInMillis(): number
}
