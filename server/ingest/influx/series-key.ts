import { isUtf8 } from 'node:buffer';
import type { Label } from '../label-set.ts';
import type { Refusal } from '../refusals.ts';
import { BACKSLASH, COMMA, EQUALS, SPACE } from './bytes.ts';

export interface SeriesKey {
  readonly name: string;
  readonly labels: readonly Label[];
}

/** Before these a backslash is no part of a name. */
const ESCAPED = /\\([,= "])/g;
const ESCAPED_IN_TAG = /\\([,= ])/g;

/**
 * What stands before the first space of a line: `cpu,host=a,region=eu`. A comma, `=` or space that follows a backslash is a
 * part of a name.
 *
 * @param end where its space is, or its line ends
 */
export function parseSeriesKey(bytes: Buffer, start: number, end: number): SeriesKey | Refusal {
  if (bytes[start] === COMMA) return malformed('missing measurement');
  if (!isUtf8(bytes.subarray(start, end))) return { reason: 'not_utf8', message: 'its names are not UTF-8' };
  const nameEnd = find(bytes, start + 1, end, COMMA);
  const name = text(bytes, start, nameEnd).replace(ESCAPED, '$1');
  const labels: Label[] = [];
  let at = nameEnd;
  while (at < end) {
    const keyStart = at + 1;
    const first = bytes[keyStart];
    if (keyStart >= end || first === COMMA || first === EQUALS || first === SPACE) return malformed('missing tag key');
    const keyEnd = find(bytes, keyStart + 1, end, EQUALS, COMMA);
    if (bytes[keyEnd] !== EQUALS || keyEnd === end) return malformed('missing tag value');
    const valueStart = keyEnd + 1;
    if (valueStart >= end || bytes[valueStart] === COMMA) return malformed('missing tag value');
    // The first byte of a value means nothing, whatever it is.
    const valueEnd = find(bytes, valueStart + 1, end, COMMA, EQUALS);
    if (valueEnd < end && bytes[valueEnd] === EQUALS) return malformed('invalid tag format');
    labels.push({
      name: text(bytes, keyStart, keyEnd).replace(ESCAPED_IN_TAG, '$1'),
      value: text(bytes, valueStart, valueEnd).replace(ESCAPED_IN_TAG, '$1'),
    });
    at = valueEnd;
  }
  return { name, labels };
}

/** The name of a field from its bytes. */
export function parseFieldName(raw: string): string | Refusal {
  const bytes = Buffer.from(raw, 'latin1');
  if (!isUtf8(bytes)) return { reason: 'not_utf8', message: 'the name of a field is not UTF-8' };
  return bytes.toString().replace(ESCAPED, '$1');
}

function malformed(message: string): Refusal {
  return { reason: 'malformed', message };
}

/** Where one of the two stands that does not follow a backslash; `end` when none does. */
function find(bytes: Uint8Array, from: number, end: number, one: number, other = one): number {
  for (let i = from; i < end; i++) {
    const byte = bytes[i];
    if ((byte === one || byte === other) && bytes[i - 1] !== BACKSLASH) return i;
  }
  return end;
}

function text(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
}
