/*
 * What a load client says to a server, as bytes: it knows no server's language. A publication's number and its topic's
 * stand in them as placeholders of their length.
 */

/** Ten digits that number the publication. They begin with 1, so that they are a number in JSON too. */
export const NUMBER = '##########';
/** Four digits that number the topic. */
export const TOPIC = '@@@@';
/** What stands before the number in whatever a subscriber gets. */
export const MARKER = '"seq":';

/** How to talk to one server over WebSocket. */
export interface Wire {
  readonly path: string;
  readonly protocol?: string;
  /** Offer permessage-deflate; what then arrives compressed is counted, not read. */
  readonly compressed?: boolean;
  /** Frames that a subscriber sends after the handshake; made for each where no two may say the same. */
  readonly greeting?: Buffer | ((client: number) => Buffer);
  /** What an answer must hold before the client goes on; absent: it goes on at once. */
  readonly greetedBy?: string;
  /** The frame that follows a topic, with `TOPIC` in it; sent once for each. */
  readonly subscribe?: Buffer;
  /** Where and how the publisher introduces itself; each entry is answered before the next is sent. */
  readonly publisher: { readonly port: 'clients' | 'own'; readonly says: readonly Buffer[] };
  /** The bytes that publish a JSON text, with `NUMBER` and `TOPIC` in them. */
  publication(payload: string): Buffer;
  /** Publications are lines, and those that leave together share a text frame. */
  readonly lines?: boolean;
  /** Where this arrives, something was refused: the figures would mean nothing. */
  readonly refusal?: string;
  /** How a client comes back with its position, where the server has such a thing. */
  readonly again?: Again;
}

export interface Again {
  /** What stands before a value that must be remembered of what arrives; two at most. */
  readonly keep: readonly string[];
  /** What is said in place of greeting and subscribing, with `%1` and `%2` for the values. */
  readonly text: string;
}

/** What the clients say first: one for all, or one for each. */
export function greetingsOf({ greeting }: Wire, clients: number): readonly Buffer[] {
  if (typeof greeting === 'function') return Array.from({ length: clients }, (_, client) => greeting(client));
  return greeting === undefined ? [] : [greeting];
}

/** The request that opens a WebSocket; its key is the example of RFC 6455, so that no server's answer surprises. */
export function upgrade(
  path: string,
  { protocol, compressed }: { protocol?: string; compressed?: boolean } = {},
): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...(compressed
      ? ['Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover']
      : []),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

export function textFrame(text: string): Buffer {
  return frame(0x81, Buffer.from(text));
}

export function binaryFrame(bytes: Buffer): Buffer {
  return frame(0x82, bytes);
}

function frame(head: number, payload: Buffer): Buffer {
  const long = payload.length > 125;
  // A mask of zeros is a mask: the frame is valid, and placeholders can be filled in as they stand.
  const bytes = Buffer.alloc(long ? 8 : 6);
  bytes[0] = head;
  bytes[1] = 0x80 | (long ? 126 : payload.length);
  if (long) bytes.writeUInt16BE(payload.length, 2);
  return Buffer.concat([bytes, payload]);
}

/** A JSON object of that many bytes that carries its number. */
export function payloadOf(bytes: number): string {
  const [head, tail] = [`{"seq":${NUMBER},"pad":"`, '"}'];
  return head + 'x'.repeat(Math.max(0, bytes - head.length - tail.length)) + tail;
}
