import { randomBytes } from 'node:crypto';
import type { Principal } from '@tidewall/contracts';

/** Nobody guesses 128 bits. */
const WORD_BYTES = 16;
const WORD_IN_ID = /;([\w-]{22})$/;

/** A client as it was when its stream ended. */
export interface Returner {
  readonly principal: Principal;
  /** What it asked for. */
  readonly asked: string;
}

/** Clients whose streams have ended, until each has come back: by the id of its last event, which nobody else knows. */
export class Returning<Client extends Returner> {
  readonly #byWord = new Map<string, Client>();
  readonly #words = new Map<Client, string>();

  /** From now on it may come back. Returns what its id ends with. */
  expect(client: Client): string {
    this.forget(client);
    const word = randomBytes(WORD_BYTES).toString('base64url');
    this.#byWord.set(word, client);
    this.#words.set(client, word);
    return `;${word}`;
  }

  /** Who comes back with an id, once; undefined when it is nobody who is waited for, or asks for something else. */
  take(id: string, who: Principal, asked: string): Client | undefined {
    const client = this.#byWord.get(WORD_IN_ID.exec(id)?.[1] ?? '');
    if (client === undefined || client.principal.id !== who.id || client.asked !== asked) return undefined;
    this.forget(client);
    return client;
  }

  /** It is not waited for any more, if it was. */
  forget(client: Client): void {
    this.#byWord.delete(this.#words.get(client) ?? '');
    this.#words.delete(client);
  }
}

/** An id without what brings its client back. */
export function withoutWord(id: string): string {
  return id.replace(WORD_IN_ID, '');
}
