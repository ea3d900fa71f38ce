import type { ParameterValue } from '@tidewall/contracts';
import { TidewallError } from '@tidewall/protocol';

type Values = Readonly<Record<string, ParameterValue>>;

/** An operator of a label, and the parameter behind it, within braces. */
const MATCHER = /(=~|!~|!=|=)(\s*):([A-Za-z][A-Za-z0-9_]{0,31})(?=[\s,}])/y;
const QUOTES = ['"', "'", '`'];

/**
 * A query in PromQL with its parameters bound: each as the text that is the value of a label, in quotes, and nowhere else.
 * Behind `=~` and `!~` it is that text too, not a pattern.
 *
 * @throws TidewallError bad_request naming a parameter that there is none of, or that the query has no such place for
 */
export function bindQuery(query: string, values: Values): string {
  const used = new Set<string>();
  let bound = '';
  let braces = 0;
  for (let at = 0; at < query.length; ) {
    const character = query[at] as string;
    const skipped = skippedFrom(query, at);
    if (skipped > at) {
      bound += query.slice(at, skipped);
      at = skipped;
      continue;
    }
    if (character === '{') braces += 1;
    if (character === '}') braces -= 1;
    MATCHER.lastIndex = at;
    const match = braces > 0 ? MATCHER.exec(query) : null;
    if (match === null) {
      bound += character;
      at += 1;
      continue;
    }
    const [text, operator = '', space = '', name = ''] = match;
    if (!Object.hasOwn(values, name)) throw unknown(name, values);
    used.add(name);
    const value = String(values[name]);
    bound += `${operator}${space}${quoted(operator.endsWith('~') ? literal(value) : value)}`;
    at += text.length;
  }
  const unused = Object.keys(values).find((name) => !used.has(name));
  if (unused === undefined) return bound;
  throw new TidewallError(
    'bad_request',
    `the query has no place for the parameter ${unused}: it can only be the value of a label, like {job=:${unused}}`,
  );
}

/** Where a text in quotes, or a comment, that begins there has ended. */
function skippedFrom(query: string, from: number): number {
  const first = query[from] as string;
  if (first === '#') {
    const end = query.indexOf('\n', from);
    return end < 0 ? query.length : end;
  }
  if (!QUOTES.includes(first)) return from;
  for (let at = from + 1; at < query.length; at++) {
    if (query[at] === '\\' && first !== '`') at += 1;
    else if (query[at] === first) return at + 1;
  }
  return query.length;
}

function unknown(name: string, values: Values): TidewallError {
  const known = Object.keys(values);
  const cure = known.length === 0 ? 'params names none' : `params names ${known.join(', ')}`;
  return new TidewallError('bad_request', `the query has a parameter ":${name}" that there is none of; ${cure}`);
}

/** As Go, and so PromQL, writes a text; what is no character of UTF-8 becomes the one that stands for it. */
function quoted(text: string): string {
  const escaped = Buffer.from(text)
    .toString()
    .replace(/["\\]/g, '\\$&')
    .replace(/[\p{Cc}\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped}"`;
}

/** A pattern of RE2 that only this text fits. */
function literal(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
