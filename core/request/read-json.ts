import { isJsonObject, type JsonValue, parseJson } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { valueAt } from '@tidewall/transform';

/**
 * The JSON of an answer.
 *
 * @throws TidewallError source_error naming what was asked, and what its answer is in place of JSON
 */
export function readJson(text: string, contentType: string | undefined, place: string): JsonValue {
  if (text.trim() === '') throw new TidewallError('source_error', `${place} answers with nothing where JSON should be`);
  try {
    return parseJson(text);
  } catch (cause) {
    const isPage = /^\s*<(!doctype|html|\?xml)/i.test(text);
    const what = isPage ? 'a page for people; is a login before it?' : `${typeName(contentType)} that is no JSON`;
    const why = isPage ? '' : ` (${whereOfJson(cause)})`;
    throw new TidewallError('source_error', `${place} answers with ${what}${why}; format says what it is`, { cause });
  }
}

/** Where a text is no JSON, without the text itself, which Node repeats. */
export function whereOfJson(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : '';
  return (
    /(?:in JSON )?at position \d+/.exec(message)?.[0] ??
    /nests deeper than \d+ levels/.exec(message)?.[0] ??
    'it ends too soon'
  );
}

function typeName(contentType: string | undefined): string {
  const [type = ''] = (contentType ?? '').split(';');
  return type.trim() === '' ? 'a text' : type.trim().slice(0, 60);
}

function membersOf(value: JsonValue): string {
  if (Array.isArray(value)) return `it is a list of ${value.length}`;
  if (!isJsonObject(value)) return `it is ${value === null ? 'null' : `a ${typeof value}`}`;
  const names = Object.keys(value);
  return names.length === 0 ? 'it is empty' : `it has ${names.slice(0, 10).join(', ').slice(0, 200)}`;
}

/**
 * What stands at a path of an answer; all of it at the empty one.
 *
 * @throws TidewallError source_error naming what it has in place of that
 */
export function dataAt(whole: JsonValue, path: string, place: string): JsonValue {
  const data = valueAt(whole, path);
  if (data !== undefined) return data;
  throw new TidewallError('source_error', `${place} answers without ${path} (path); ${membersOf(whole)}`);
}
