import { createHash } from 'node:crypto';
import type { PlaceInTopic } from '@tidewall/contracts';
import { type Since, TidewallError } from '@tidewall/protocol';

/*
 * Where a client is in all of its topics, as one text that needs no escaping in a header or an address:
 *
 *   <name of the topic, hashed><offset, base 36>:<epoch>,…
 *
 * Names may be long, and the client has said them already: 48 bits tell those of one client apart. Should two ever be
 * the same, their epochs differ, and a position of another epoch is told as what it is (W17). What follows a semicolon is
 * no part of it.
 */

const HASH_LENGTH = 8;
const ENTRY = /^([\w-]{8})([0-9a-z]{1,11}):([\w%.~!*()'-]{1,192})$/;
/** Of a header; Node takes no more of all headers together. */
const MOST_LENGTH = 16 * 1024;
const MOST_HASHES = 4096;

/** Positions by the hash of their topic's name. */
export type Cursor = ReadonlyMap<string, Since>;

export function writeEntries(entries: readonly (readonly [hash: string, since: Since])[]): string {
  return entries
    .map(([hash, { offset, epoch }]) => `${hash}${offset.toString(36)}:${encodeURIComponent(epoch)}`)
    .join(',');
}

/** @throws TidewallError bad_request when it is not one of ours */
export function parseCursor(text: string): Cursor {
  const cursor = new Map<string, Since>();
  if (text.length > MOST_LENGTH) throw noCursor(text);
  const [places = ''] = text.split(';');
  if (places === '') return cursor;
  for (const part of places.split(',')) {
    const [, hash = '', digits = '', epoch = ''] = ENTRY.exec(part) ?? [];
    const offset = Number.parseInt(digits, 36);
    if (!Number.isSafeInteger(offset)) throw noCursor(text);
    cursor.set(hash, { epoch: decoded(epoch), offset });
  }
  return cursor;
}

/** What stands for a topic's name in a cursor. */
export function hashOf(topic: string): string {
  return createHash('sha256').update(topic).digest('base64url').slice(0, HASH_LENGTH);
}

/** Writes cursors; it remembers hashes, since there is a cursor for every push and nearly always of the same topics. */
export class CursorWriter {
  readonly #hashes = new Map<string, string>();

  write(places: readonly PlaceInTopic[]): string {
    return writeEntries(places.map((place) => [this.#hashOf(place.topic), place]));
  }

  #hashOf(topic: string): string {
    let hash = this.#hashes.get(topic);
    if (hash === undefined) {
      hash = hashOf(topic);
      if (this.#hashes.size >= MOST_HASHES) this.#hashes.clear();
      this.#hashes.set(topic, hash);
    }
    return hash;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw noCursor(text);
  }
}

function noCursor(text: string): TidewallError {
  return new TidewallError(
    'bad_request',
    `cursor: ${JSON.stringify(text.slice(0, 60))} is not one that was given here`,
  );
}
