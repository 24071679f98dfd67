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
