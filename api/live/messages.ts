/**
 * What live and replayed answers are made of: messages `{"type":…,"data":…,"cursor":…}`, as events of SSE, as lines, or as frames of
 * a WebSocket. They are written into one buffer, and leave it some 64 KB at a time.
 */
import { type Bytes, newBytes, putBytes, reserve } from './bytes.ts'

/** `events`: server-sent events, whose ids are the cursors; `lines`: JSON lines; `frames`: one after the other, told apart by their ends. */
export type Framing = 'events' | 'lines' | 'frames'

export interface Chunk {
  readonly bytes: Uint8Array
  /** Where each message ends. */
  readonly ends: readonly number[]
}

/** The cursor of the message that is being written. */
export interface CursorText {
  /** The most bytes that it takes. */
  readonly room: number
  put(out: Bytes): void
}

export interface Messages {
  /** Begins a message with its type, and gives the buffer for its data, with room for so many bytes. */
  open(type: string, room: number): Bytes
  close(): void
  /** A whole message; `data` is JSON. */
  text(type: string, data: string): void
  /** Bytes that were written and not taken. */
  size(): number
  /** All that was written; undefined where nothing was. */
  take(): Chunk | undefined
}

/** A chunk is taken when it has so many bytes. */
export const CHUNK_BYTES = 64 * 1024

const FRAMES: Readonly<Record<Framing, { before?: Buffer; middle: Buffer; after: Buffer }>> = {
  events: { before: Buffer.from('id: '), middle: Buffer.from('\ndata: '), after: Buffer.from('\n\n') },
  lines: { middle: Buffer.alloc(0), after: Buffer.from('\n') },
  frames: { middle: Buffer.alloc(0), after: Buffer.alloc(0) },
}
const BEFORE_CURSOR = Buffer.from(',"cursor":"')
const END = Buffer.from('"}')
/** What stands around data and cursor takes less. */
const MARGIN = 128

export function createMessages(framing: Framing, cursor: CursorText): Messages {
  const { before, middle, after } = FRAMES[framing]
  const heads = new Map<string, Buffer>()
  let out = newBytes(CHUNK_BYTES + 4096)
  let ends: number[] = []

  const messages: Messages = {
    open(type, room) {
      let head = heads.get(type)
      if (!head) heads.set(type, (head = Buffer.from(`{"type":"${type}","data":`)))
      reserve(out, room + 2 * cursor.room + MARGIN)
      if (before) {
        putBytes(out, before)
        cursor.put(out)
      }
      putBytes(out, middle)
      putBytes(out, head)
      return out
    },
    close() {
      putBytes(out, BEFORE_CURSOR)
      cursor.put(out)
      putBytes(out, END)
      putBytes(out, after)
      ends.push(out.length)
    },
    text(type, data) {
      const writer = messages.open(type, data.length * 3)
      writer.length += writer.bytes.write(data, writer.length, 'utf8')
      messages.close()
    },
    size: () => out.length,
    take() {
      if (ends.length === 0) return undefined
      const chunk = { bytes: out.bytes.subarray(0, out.length), ends }
      // Who takes it keeps it: the next begins in a buffer of its own.
      out = newBytes(CHUNK_BYTES + 4096)
      ends = []
      return chunk
    },
  }
  return messages
}

/** One message after another, each on its own. */
export function* eachMessage({ bytes, ends }: Chunk): Generator<Uint8Array> {
  let from = 0
  for (const end of ends) {
    yield bytes.subarray(from, end)
    from = end
  }
}
