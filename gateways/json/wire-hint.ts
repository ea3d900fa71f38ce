import { isJsonObject, type JsonValue } from '@tidewall/base';

const COMMANDS = ['connect', 'subscribe', 'publish', 'configure', 'unsubscribe', 'history', 'presence'];

/** A frame of one wire that came in at another's door, as a sentence that names the right one; undefined: it is none. */
export function wireHint(frame: JsonValue, here: string): string | undefined {
  const wire = wireOf(frame);
  if (wire === undefined || wire.kind === here) return undefined;
  return `this is a frame of ${wire.name}, which is spoken at ${wire.path}`;
}

function wireOf(frame: JsonValue) {
  if (!isJsonObject(frame)) return undefined;
  const has = (name: string) => Object.hasOwn(frame, name);
  if (has('action') && has('version')) return { kind: 'tcv', name: 'Tencent Cloud 图', path: '/tcv' };
  if (has('action')) return { kind: 'koa-socket', name: 'a SocketService page', path: '/socket-service' };
  if (has('type')) return { kind: 'heart-check', name: 'the heart-check wire', path: '/heart-check' };
  // Last: other wires' frames may have any name beside their own, and these do not have theirs.
  if (has('ping') || COMMANDS.some(has)) return { kind: 'websocket', name: 'the native wire', path: '/ws' };
  return undefined;
}

/** As `wireHint`, for text that is not JSON. */
export function textHint(text: string): string | undefined {
  // Engine.IO, protocol 4: a packet is a digit and what it carries; a client's first ones are these.
  if (!/^(?:2probe|[0-6]|40.*|42\[.*)$/s.test(text)) return undefined;
  return 'this is a packet of Socket.IO, which is spoken at /socket.io/';
}
