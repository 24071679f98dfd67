/** The ports of the feeds: timers, WebSockets and REST as they use them. */

/** A feed's clock and timers; a simulation moves them by hand. */
export interface Timers {
  /** Milliseconds since 1970, by a clock that may be set: for the times of events. */
  now(): number
  /** Milliseconds since some moment, by a clock that only goes forward: for waits and ages. */
  steady(): number
  /** Calls `run` once, this many milliseconds from now; calling what this returns cancels it. */
  after(milliseconds: number, run: () => void): () => void
}

export interface SocketEvents {
  /** Called once, before anything else; never where the connection could not be made. */
  open(): void
  /** A text frame. */
  message(text: string): void
  /** The other side has asked whether this one is there, which the adapter answers: it is alive itself. */
  pinged?(): void
  /**
   * Called once, last; also where the connection could not be made. `code` as in RFC 6455 section 7.4.1 (1006: it
   * broke), `reason` for people.
   */
  closed(code: number, reason: string): void
}

/** One WebSocket connection, from the client's side. The adapter answers the other side's pings. */
export interface Socket {
  /** Does nothing on a connection that is not open. */
  send(text: string): void
  /** Says goodbye and ends it; `closed` follows, at the latest some seconds later. */
  close(): void
}

export interface Sockets {
  /** Begins to connect; events come later, never during the call. */
  connect(url: string, events: SocketEvents): Socket
}

export interface HttpReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Http {
  /** Any status is an answer. @throws TradelakeError naming the URL where no answer comes in time */
  get(url: string): Promise<HttpReply>
}

/** A record on its way from a feed to Kafka; its key chooses the partition. */
export interface FeedRecord {
  readonly topic: string
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** When the feed received it, milliseconds since 1970: Kafka's CreateTime. */
  readonly timestamp: number
}

/** Where a feed's records go. */
export interface RecordSink {
  /**
   * Sends all of them, in order within a partition; resolves when they are stored.
   * @throws on a fault that may pass: the caller sends all again
   */
  send(records: readonly FeedRecord[]): Promise<void>
}

/** Records that memory has no room for: first in, first out, and still there after a restart. */
export interface Spill {
  /** How many records were not taken yet, those of an earlier process included. */
  readonly records: number
  readonly bytes: number
  /** @throws TradelakeError where the disk takes no more; then nothing was added */
  append(records: readonly FeedRecord[]): void
  /** The oldest records, about this many bytes of them; they stay until `taken`. */
  next(bytes: number): FeedRecord[]
  /** Forgets what the last `next` gave. */
  taken(): void
  close(): void
}

/** How far a symbol's trades are safe: all ids up to this one are in Kafka, given up, or in `missing`. */
export interface FeedPosition {
  readonly symbol: string
  readonly id: number
  /** When that was noted, milliseconds since 1970. */
  readonly at: number
  /** Exchange's time of the newest of these trades, microseconds since 1970, where it is known: this machine's clock may be wrong. */
  readonly time?: number
  /** Ids up to that one that are still looked for; none by default. */
  readonly missing?: readonly MissingIds[]
  /** Ranges that were reported as missing, and whose end is not reported yet; none by default. */
  readonly open?: readonly MissingIds[]
}

/** Ids that have not come, both ends included, and what the search for them has to know. */
export interface MissingIds {
  readonly from: number
  readonly to: number
  /** Exchange's times of the trades around them, microseconds since 1970. */
  readonly fromTime: number
  readonly toTime: number
  readonly cause: string
}

/** What a feed remembers from one process to the next. */
export interface Positions {
  load(): Promise<FeedPosition[]>
  save(positions: readonly FeedPosition[]): Promise<void>
}
