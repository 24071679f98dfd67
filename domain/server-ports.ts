/** What the web application may ask of the connection that a request came by, besides to answer it; and what it gets from the process that it runs in. */

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

/** A connection to an exchange, in the process that keeps it. */
export interface FeedConnection {
  /** The address that trades come from; undefined while there is no connection. */
  readonly url: string | undefined
  readonly live: boolean
  /** Markets that it is for. */
  readonly markets: number
  /** Seconds since it has been live, and since the last frame came; undefined where there is none. */
  readonly ageSeconds: number | undefined
  readonly silentSeconds: number | undefined
  /** Connections in its place that have ended since the process began, by cause; those that were only replaced too. */
  readonly ends: Readonly<Record<string, number>>
  /** Why the last of them did. */
  readonly lastEnd: string | undefined
}

/** The state of a feed, for probes and people. */
export interface FeedStatus {
  /** Whether the process itself is well. */
  readonly healthy: boolean
  /** Whether trades come in and go out. */
  readonly ready: boolean
  readonly connections: readonly FeedConnection[]
  readonly waitingRecords: number
  readonly spillBytes: number
  readonly missingTrades: number
  readonly problems: readonly string[]
}

/** A feed's state; `exchange` is its code. */
export interface FeedReport extends FeedStatus {
  readonly exchange: string
}

/** Told what an audit does now, and how many of its steps are done. */
export type AuditProgress = (now: { readonly step: string; readonly done: number; readonly of: number }) => void

/** What an audit found (operations/audit/report.ts): all of it is passed on as it is. */
export interface AuditVerdict {
  /** All laws hold, and every loss is acknowledged. */
  readonly holds: boolean
  readonly audited_at: string
  readonly laws: readonly object[]
  readonly losses: readonly object[]
  readonly feeds: object | undefined
}

/** Audits the lake that is served. */
export type RunAudit = (progress: AuditProgress) => Promise<AuditVerdict>
