import { TextDecoder } from 'node:util';
import type { Clock } from '@tidewall/base';
import { isJsonObject, type JsonValue, parseJson } from '@tidewall/base';
import { TidewallError } from '@tidewall/protocol';
import { valueAt } from '@tidewall/transform';
import { Turns } from '../turns.ts';
import type { HttpConfig } from './config.ts';
import { readCsv } from './read-csv.ts';

export interface ReadAnswerOptions {
  readonly config: Pick<HttpConfig, 'format' | 'path' | 'encoding' | 'delimiter'>;
  readonly clock: Clock;
  /** What was asked, as sentences name it. */
  readonly place: string;
  refused(reason: string): void;
}

/** What an answer says. */
export interface Reading {
  /** What stands where the rows are. */
  readonly data: JsonValue;
  /** All of it, where it is JSON. */
  readonly whole: JsonValue | undefined;
}

/**
 * Reads the body of an answer. Of rows in lines, one that cannot be read is refused, and the others go on.
 *
 * @throws TidewallError source_error naming what was asked, and what its answer is in place of what it should be
 */
export async function readAnswer(
  bytes: Uint8Array,
  contentType: string | undefined,
  options: ReadAnswerOptions,
): Promise<Reading> {
  const { config, place } = options;
  const text = textOf(bytes, contentType, options);
  switch (config.format) {
    case 'text':
      return { data: text, whole: undefined };
    case 'csv':
      return { data: await readCsv(text, options), whole: undefined };
    case 'ndjson':
      return { data: await readLines(text, options), whole: undefined };
    case 'json': {
      const whole = readJson(text, contentType, place);
      const data = valueAt(whole, config.path);
      if (data !== undefined) return { data, whole };
      throw new TidewallError('source_error', `${place} answers without ${config.path} (path); ${membersOf(whole)}`);
    }
  }
}

function textOf(bytes: Uint8Array, contentType = '', { config, place }: ReadAnswerOptions): string {
  const declared = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  const encoding = config.encoding ?? declared ?? 'utf-8';
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch {
    const named = JSON.stringify(encoding.slice(0, 40));
    throw new TidewallError(
      'source_error',
      `${place} answers in the encoding ${named}; name the right one in encoding`,
    );
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    const message = `${place} answers with what is no text in ${encoding}; name the right one in encoding`;
    throw new TidewallError('source_error', message, { cause });
  }
}

function readJson(text: string, contentType: string | undefined, place: string): JsonValue {
  if (text.trim() === '') throw new TidewallError('source_error', `${place} answers with nothing where JSON should be`);
  try {
    return parseJson(text);
  } catch (cause) {
    const isPage = /^\s*<(!doctype|html|\?xml)/i.test(text);
    const what = isPage ? 'a page for people; is a login before it?' : `${typeName(contentType)} that is no JSON`;
    const why = isPage ? '' : ` (${whereOf(cause)})`;
    throw new TidewallError('source_error', `${place} answers with ${what}${why}; format says what it is`, { cause });
  }
}

/** Without the text itself, which Node repeats. */
function whereOf(cause: unknown): string {
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

async function readLines(text: string, { clock, refused }: ReadAnswerOptions): Promise<JsonValue[]> {
  const turns = new Turns(clock);
  const rows: JsonValue[] = [];
  let number = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
    number += 1;
    if (line.trim() !== '') {
      try {
        rows.push(parseJson(line));
      } catch (failure) {
        refused(`line ${number} is not JSON (${whereOf(failure)})`);
      }
    }
    await turns.step();
  }
  return rows;
}
