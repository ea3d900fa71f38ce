/** One message as the server hands it over. */
export interface NatsMessage {
  readonly subject: string;
  /** The number of the subscription that it came by. */
  readonly sid: number;
  /** Where an answer is expected; of what a stream brings: its place. */
  readonly reply: string | undefined;
  /** Of an answer without data: its status, `503`, and the words behind it. */
  readonly status: { readonly code: number; readonly words: string } | undefined;
  readonly data: Uint8Array;
}

/** What a server says (https://docs.nats.io/reference/reference-protocols/nats-protocol). */
export type NatsOperation =
  | { readonly type: 'message'; readonly message: NatsMessage }
  | { readonly type: 'info'; readonly json: string }
  | { readonly type: 'error'; readonly words: string }
  | { readonly type: 'ping' | 'pong' | 'ok' };

/** INFO lists all servers of a cluster; all other lines are much shorter. */
const MOST_LINE_BYTES = 64 * 1024;
/** A server takes 1 MiB unless it is told otherwise, and 64 MiB at most. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

const CRLF = Buffer.from('\r\n');
const STATUS = /^NATS\/1\.0[ \t]+(\d{3})[ \t]*(.*)$/;

/** Makes operations out of pieces of bytes; holds no more than one message and one piece. */
export class OperationReader {
  #pieces: Buffer[] = [];
  #length = 0;
  /** No operation is whole before there are so many bytes. */
  #needed = 1;

  /** The operations that this piece ends. @throws Error when it is not NATS, or too large */
  *push(piece: Buffer): Generator<NatsOperation, void> {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length < this.#needed) return;
    const bytes = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    let from = 0;
    for (;;) {
      const step = operationAt(bytes, from);
      if ('needed' in step) {
        this.#pieces = from === bytes.length ? [] : [bytes.subarray(from)];
        this.#length = bytes.length - from;
        this.#needed = step.needed;
        return;
      }
      from = step.end;
      yield step.operation;
    }
  }
}

type Step = { readonly operation: NatsOperation; readonly end: number } | { readonly needed: number };

function operationAt(bytes: Buffer, from: number): Step {
  const lineEnd = bytes.indexOf(CRLF, from);
  const there = bytes.length - from;
  if ((lineEnd < 0 ? there : lineEnd - from) > MOST_LINE_BYTES) {
    throw new Error(`a line has more than ${MOST_LINE_BYTES} bytes`);
  }
  if (lineEnd < 0) return { needed: there + 1 };
  const line = bytes.toString('utf8', from, lineEnd);
  const end = lineEnd + 2;
  const [, verb = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(line) ?? [];
  switch (verb.toUpperCase()) {
    case 'MSG':
    case 'HMSG':
      return messageAt(bytes, end, from, rest.split(/[ \t]+/), verb.toUpperCase() === 'HMSG');
    case 'PING':
      return { operation: { type: 'ping' }, end };
    case 'PONG':
      return { operation: { type: 'pong' }, end };
    case '+OK':
      return { operation: { type: 'ok' }, end };
    case 'INFO':
      return { operation: { type: 'info', json: rest }, end };
    case '-ERR':
      return { operation: { type: 'error', words: rest.replace(/^'(.*)'$/, '$1') }, end };
    default:
      throw new Error(`it says ${JSON.stringify(line.slice(0, 40))}`);
  }
}

function messageAt(bytes: Buffer, start: number, from: number, words: readonly string[], hasHead: boolean): Step {
  const sizes = words.slice(hasHead ? -2 : -1).map(sizeOf);
  const [subject = '', sid = '', reply] = words.slice(0, hasHead ? -2 : -1);
  const size = sizes.at(-1) ?? 0;
  const headBytes = hasHead ? (sizes[0] ?? 0) : 0;
  if (words.length < (hasHead ? 4 : 3) || headBytes > size) throw new Error('it announces a message that cannot be');
  if (size > MAX_PAYLOAD_BYTES) throw new Error(`a message has ${size} bytes; at most ${MAX_PAYLOAD_BYTES} are read`);
  const end = start + size + 2;
  if (bytes.length < end) return { needed: end - from };
  if (bytes[end - 2] !== 0x0d || bytes[end - 1] !== 0x0a) throw new Error('a message is longer than it was announced');
  const head = bytes.toString('utf8', start, start + headBytes);
  const [, code, status = ''] = STATUS.exec(head.slice(0, Math.max(0, head.indexOf('\r\n')))) ?? [];
  const message = {
    subject,
    sid: sizeOf(sid),
    reply,
    status: code === undefined ? undefined : { code: Number(code), words: status },
    data: bytes.subarray(start + headBytes, start + size),
  };
  return { operation: { type: 'message', message }, end };
}

function sizeOf(word: string): number {
  if (!/^\d{1,10}$/.test(word)) throw new Error(`it says ${JSON.stringify(word.slice(0, 40))} where a number is due`);
  return Number(word);
}
