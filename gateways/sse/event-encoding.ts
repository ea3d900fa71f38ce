import type { Encoding, PlaceInTopic, Push } from '@tidewall/contracts';
import { type Cursor, CursorWriter, parseCursor } from '../http/cursor.ts';
import { encodePushes } from '../native/index.ts';
import { joinLines } from '../native/join-lines.ts';

/*
 * Events by the HTML standard, 9.2 (server-sent events): lines `field: value`, and a blank line that hands the event
 * over.
 */

/** Keeps what is between us and the client from taking the link for dead; no client hears of it. */
export const HEARTBEAT = Buffer.from(':\n\n');
/** The last event id of those who shall not come back: what is sent to the server when they do (W55). */
export const STAY_AWAY = 'stay-away';

/** When a client comes back whose stream has ended because it had lived for its time: nothing is wrong, and it is missed. */
const AGAIN_MS = [100, 500] as const;
/** Of a type that no page listens to. It has data, since there are clients that pass over an id alone. */
const AGAIN = 'event: tidewall.again\n';

/** Lines of the wire as one event. */
export function eventOf(text: string): string {
  return `data: ${text.replaceAll('\n', '\ndata: ')}\n\n`;
}

/** When an `EventSource` shall come back. Each is told another time, so that not all come at once. */
export function retryWithin([from, to]: readonly [number, number]): string {
  return `retry: ${Math.round(from + Math.random() * (to - from))}\n`;
}

/** The last word to an `EventSource`, which comes back of its own accord, and shall or shall not. */
export function lastEventOf(word: string, comesBack: boolean, afterMs?: readonly [number, number]): string {
  if (afterMs !== undefined) return `${retryWithin(afterMs)}${eventOf(word)}`;
  return comesBack ? eventOf(word) : `id: ${STAY_AWAY}\n${eventOf(word)}`;
}

/** The last event of a stream whose client shall come back with this id. */
export function comeBackEvent(id: string): string {
  return `${AGAIN}${retryWithin(AGAIN_MS)}id: ${id}\ndata: {}\n\n`;
}

/** Takes back what the last event of the stream before has said to its client: from here on its id is this one. */
export function backAgainEvent(id: string, retryMs: number): string {
  return `${AGAIN}retry: ${retryMs}\nid: ${id}\ndata: {}\n\n`;
}

/** For sessions: a frame is an event, and its lines are those of the event. */
export function createSessionEncoding(frameBytes: number): Encoding {
  return {
    name: 'tidewall.v1.json/sse',
    encode(pushes: readonly Push[]): Uint8Array {
      const text = encodePushes(pushes);
      // A UTF-16 unit is at most three bytes, so nearly every frame is known to fit without counting its bytes.
      if (text.length * 3 <= frameBytes) return Buffer.from(eventOf(text));
      return Buffer.from(joinLines(text.split('\n'), frameBytes).map(eventOf).join(''));
    },
  };
}

/**
 * For pages that know nothing of the wire: each push is an event, so that its data is one JSON object. The last event of
 * a write has an id that says where the client is after it.
 *
 * An event is left open until something follows, since its id does, if it has one. Events of nothing but an id would be
 * simpler, but there are clients that pass them over (`eventsource` of npm does).
 */
export function createTopicEncoding(ended: (view: number) => void): Encoding {
  const cursors = new CursorWriter();
  return {
    name: 'tidewall.v1.json/sse+topics',
    encode(pushes: readonly Push[]): Uint8Array {
      for (const push of pushes) if (push.type === 'end') ended(push.view);
      return Buffer.from(pushes.map((push) => `\ndata: ${encodePushes([push])}\n`).join(''));
    },
    after: (places: readonly PlaceInTopic[]) => Buffer.from(`id: ${cursors.write(places)}\n\n`),
  };
}

const NEWLINE = 0x0a;
const ID_LINE = Buffer.from('\nid: ');

/** What was written by that encoding, with its last event handed over. */
export function closedEvent(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length === 0 || (bytes[length - 1] === NEWLINE && bytes[length - 2] === NEWLINE)) return bytes;
  return Buffer.concat([bytes, Buffer.from('\n')]);
}

/** The newest cursor in what was written by that encoding; undefined when there is none. */
export function lastCursorIn(bytes: Buffer): Cursor | undefined {
  // No JSON on one line has a newline, so this can be nothing else.
  const at = bytes.lastIndexOf(ID_LINE);
  if (at === -1) return undefined;
  const from = at + ID_LINE.length;
  return parseCursor(bytes.toString('latin1', from, bytes.indexOf('\n', from)));
}
