import type { Encoding, PlaceInTopic, Push } from '@tidewall/contracts';
import { type Cursor, CursorWriter, parseCursor } from '../http/cursor.ts';
import { encodePushes } from '../native/index.ts';

/* Bodies of lines, each with its newline. */

const NEWLINE = 0x0a;
const CURSOR_LINE = '{"cursor":"';

/** The line that says where a client is once it has what comes before it. */
export function cursorLine(cursor: string): string {
  return `${CURSOR_LINE}${cursor}"}\n`;
}

/** For sessions, whose answers have a cursor of their own. */
export function createLineEncoding(): Encoding {
  return {
    name: 'tidewall.v1.json/poll',
    encode: (pushes: readonly Push[]) => Buffer.from(`${encodePushes(pushes)}\n`),
  };
}

/** For those who follow topics without a session: each write ends with the line that says where it leads. */
export function createTopicLineEncoding(): Encoding {
  const cursors = new CursorWriter();
  return {
    name: 'tidewall.v1.json/poll+topics',
    encode: (pushes: readonly Push[]) => Buffer.from(`${encodePushes(pushes)}\n`),
    after: (places: readonly PlaceInTopic[]) => Buffer.from(cursorLine(cursors.write(places))),
  };
}

/** What was written by `createTopicLineEncoding`, taken apart: the lines of pushes, and the cursor behind them. */
export function splitCursor(bytes: Buffer): { readonly lines: Buffer; readonly cursor: Cursor | undefined } {
  const from = bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1;
  const last = bytes.toString('latin1', from, from + CURSOR_LINE.length);
  // A line of a push begins in another way.
  if (last !== CURSOR_LINE) return { lines: bytes, cursor: undefined };
  const text = bytes.toString('latin1', from + CURSOR_LINE.length, bytes.length - '"}\n'.length);
  return { lines: bytes.subarray(0, from), cursor: parseCursor(text) };
}
