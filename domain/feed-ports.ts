/** The ports of the feeds: timers, WebSockets and REST as they use them. */

/** Time that a feed goes by; a simulation turns it by hand. */
export interface Timers {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls once, so many milliseconds from now, unless it is cancelled before by calling what this gives. */
  after(milliseconds: number, run: () => void): () => void
}

export interface SocketEvents {
  /** Once, before anything else; never where the connection could not be made. */
  open(): void
  /** A text frame. */
  message(text: string): void
  /**
   * Once, last; also where the connection could not be made. `code` as in RFC 6455 section 7.4.1 (1006: it broke),
   * `reason` for people.
   */
  closed(code: number, reason: string): void
}

/** One WebSocket connection, from the client's side. Pings of the other side are answered by the adapter. */
export interface Socket {
  /** Nothing happens on a connection that is not open. */
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
  /** Any status is an answer. @throws TradelakeError naming the URL where none comes in time */
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
  /** All of them, in order within a partition; resolves when they are safe there. @throws what may pass: the caller sends all again */
  send(records: readonly FeedRecord[]): Promise<void>
}

/** Records that memory has no room for: first in, first out, and still there when the process comes again. */
export interface Spill {
  /** Records that were not taken yet, an earlier process's too. */
  readonly records: number
  readonly bytes: number
  /** @throws TradelakeError where the disk takes no more; then nothing was added */
  append(records: readonly FeedRecord[]): void
  /** The oldest records, about so many bytes of them; they stay until `taken`. */
  next(bytes: number): FeedRecord[]
  /** Forgets what the last `next` gave. */
  taken(): void
  close(): void
}

/** How far a symbol's trades are safe: all ids up to this one are in Kafka, or reported as missing. */
export interface FeedPosition {
  readonly symbol: string
  readonly id: number
  /** When it was so, milliseconds since 1970. */
  readonly at: number
}

/** What a feed remembers from one process to the next. */
export interface Positions {
  load(): Promise<FeedPosition[]>
  save(positions: readonly FeedPosition[]): Promise<void>
}
