import { type JsonValue, parseJson } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { findJsonFault } from './json-fault.ts';

/** JSON text and what it says. */
export interface JsonText {
  readonly text: string;
  readonly value: JsonValue;
}

/**
 * The JSON in bytes that a stranger sent.
 *
 * @param what how messages call it: `the body`
 * @throws TidewallError bad_request naming the place
 */
export function parseJsonBytes(bytes: Uint8Array, what: string): JsonText {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TidewallError('bad_request', `${what} is not UTF-8`, { cause });
  }
  try {
    return { text, value: parseJson(text) };
  } catch (cause) {
    throw new TidewallError('bad_request', whyNotJson(text, what, cause), { cause });
  }
}

function whyNotJson(text: string, what: string, cause: unknown): string {
  if (text.trim() === '') return `${what} is empty; it must be JSON`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (reason.startsWith('JSON nests')) return `${what}: ${reason}`;
  const fault = findJsonFault(text);
  if (fault === undefined) return `${what} is not JSON: ${reason}`;
  const { line, column, expected, got } = fault;
  const hint = /^\s*\p{L}/u.test(text) ? '; a text needs double quotes around it' : '';
  const place = text.includes('\n') ? `line ${line}, column ${column}` : `column ${column}`;
  return `${what} is not JSON at ${place}: expected ${expected}, got ${got}${hint}`;
}
