import { TidewallError } from '@tidewall/protocol';
import { reasonOf } from '../reason.ts';

/** Which database a sentence is about, and what it may not repeat. */
export interface Place {
  /** `PostgreSQL at db.example:5432` */
  readonly name: string;
  /** Passwords as they are written. */
  readonly secrets: readonly string[];
}

/** Shorter ones are part of many words, and no secret for long. */
const SHORTEST_SECRET = 3;

/** What went wrong with a database, as a sentence for those who look at the screen. */
export function sqlFailure(place: Place, what: string, cause?: unknown): TidewallError {
  const why = cause === undefined ? '' : `: ${reasonOf(cause)}`;
  return new TidewallError('source_error', withoutSecrets(`${place.name} ${what}${why}`, place.secrets));
}

/** A text in which no secret is repeated. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}

/** Where in a statement a database found something wrong: its line, from there on. @param place from 1 */
export function excerptAt(text: string, place: number): string {
  const before = text.slice(0, place - 1);
  const line = before.split('\n').length;
  const rest = text.slice(place - 1).split('\n')[0] ?? '';
  const shown = rest.length > 40 ? `${rest.slice(0, 39)}…` : rest;
  return shown === '' ? ` (line ${line})` : ` (line ${line}, at ${JSON.stringify(shown)})`;
}
