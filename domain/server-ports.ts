/** What the web application may ask of the connection that a request came by, besides to answer it. */

/** One WebSocket connection, from the server's side. The adapter answers the other side's pings. */
export interface ServerSocket {
  /** Aborts when the other side has left, or the connection was closed. */
  readonly gone: AbortSignal
  /** Takes what the other side says from now on: text, or undefined for a binary message. What nobody takes is dropped. */
  listen(take: (text: string | undefined) => void): void
  /** Sends text messages (UTF-8); settles when the network has taken them, or the other side has left. */
  send(messages: Iterable<Uint8Array>): Promise<void>
  /** Says goodbye behind what was sent. `code` as in RFC 6455 section 7.4.1, `reason` of at most 123 bytes. */
  close(code: number, reason: string): void
  /** Ends the connection at once, whatever still waits in it. */
  destroy(): void
}

export interface Connection {
  /** Ends it at once, whatever still waits in it. */
  readonly destroy?: () => void
  /** Makes a WebSocket of the request, in place of the answer; undefined where it asks for none. */
  readonly upgrade?: (session: (socket: ServerSocket) => void) => void
}

/** A file of the page that browsers get. */
export interface PageFile {
  /** Without a slash before it: `index.html`, and below `assets/` names that change with what is in the file. */
  readonly path: string
  readonly body: Uint8Array
}
