import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** RFC 6455, 1.3: what both ends put behind the key before they hash it. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** RFC 6455, 4.1: sixteen bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const VERSION = '13';
/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * RFC 7692, 7.1: what an offer of permessage-deflate may ask for so that we can take it up. Not `server_max_window_bits`:
 * one compressed frame goes to all clients, whatever window each of them has room for.
 */
const DEFLATE_PARAMETER =
  /^(?:(server_no_context_takeover|client_no_context_takeover)|(client_max_window_bits)(?:=(?:[89]|1[0-5]|"(?:[89]|1[0-5])"))?)$/;
const DEFLATE_ANSWER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

export type Handshake =
  | {
      readonly type: 'accepted';
      /** The whole answer. */
      readonly head: string;
      /** Whether messages may be compressed from here on, each by itself. */
      readonly deflates: boolean;
    }
  | { readonly type: 'refused'; readonly reason: 'subprotocol' | 'not_websocket'; readonly why: string };

/** What a server's side of a handshake offers. */
export interface Offer {
  /** The subprotocol that is spoken: a client that names any must name it. Undefined: none is, whatever is named. */
  readonly subprotocol: string | undefined;
  /** Whether frames are compressed for clients that take it. */
  readonly deflate: boolean;
}

/** What to answer to a request that wants to become a WebSocket (RFC 6455, 4.2). */
export function answerUpgrade(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  { subprotocol, deflate }: Offer,
): Handshake {
  const offered = headers['sec-websocket-protocol'];
  const protocols = offered?.split(',').map((name) => name.trim());
  const known = subprotocol === undefined || protocols === undefined || protocols.includes(subprotocol);
  if (!known || protocols?.every((name) => TOKEN.test(name)) === false) {
    const why = `this server speaks ${subprotocol === undefined ? 'no subprotocol' : `the subprotocol ${subprotocol}`}`;
    return { type: 'refused', reason: 'subprotocol', why };
  }
  const key = headers['sec-websocket-key'];
  const fault = faultOf(method, headers, key);
  if (key === undefined || fault !== undefined) {
    return { type: 'refused', reason: 'not_websocket', why: `not a WebSocket handshake: ${fault}` };
  }
  const deflates = deflate && takesDeflate(headers['sec-websocket-extensions']);
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64')}`,
    ...(protocols === undefined || subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    ...(deflates ? [`Sec-WebSocket-Extensions: ${DEFLATE_ANSWER}`] : []),
  ];
  return { type: 'accepted', head: `${lines.join('\r\n')}\r\n\r\n`, deflates };
}

function faultOf(
  method: string | undefined,
  headers: IncomingMessage['headers'],
  key: string | undefined,
): string | undefined {
  if (method !== 'GET') return `the method is ${method}, not GET`;
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'Upgrade is not websocket';
  if (headers['sec-websocket-version'] !== VERSION) return `Sec-WebSocket-Version is not ${VERSION}`;
  if (key === undefined || !KEY.test(key)) return 'Sec-WebSocket-Key is not 16 bytes in base64';
  return undefined;
}

/** Whether one of the offers of permessage-deflate can be met. What is no list of offers is no offer. */
function takesDeflate(offers: string | undefined): boolean {
  return (offers ?? '').split(',').some((offer) => {
    const [name, ...parameters] = offer.split(';').map((part) => part.trim());
    const names = parameters.map((parameter) => {
      const [, alone, withValue] = DEFLATE_PARAMETER.exec(parameter) ?? [];
      return alone ?? withValue;
    });
    return name === 'permessage-deflate' && !names.includes(undefined) && new Set(names).size === names.length;
  });
}
