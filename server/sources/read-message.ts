import { isJsonObject, type JsonObject, type JsonValue, parseJson, setOwn } from '@tidewall/base';
import type { TopicKind } from '@tidewall/protocol';
import type { MessageFormat } from './message-fields.ts';
import { pointOf } from './point.ts';

/** What a message says: data, that a row is gone, or why it says nothing. */
export type MessageReading = { readonly data: JsonValue } | { readonly gone: string } | { readonly refused: string };

export interface MessageForm {
  readonly format: MessageFormat;
  readonly topicKind: TopicKind;
  readonly keyField?: string | undefined;
}

/** The name that a message of a pattern came by, and the field that tells it. */
export interface MessageName {
  readonly field: string;
  readonly name: string;
}

/** The field of a number, or of anything else that has no fields, where fields are needed. */
export const VALUE_FIELD = 'value';

/**
 * Data for a topic of that kind. A text that is an entry of a `log` carries its time, as a feed of events shows it. Rows
 * of a `table` are objects, one or a list of them; a point of a `series` is an object of numbers, or one number.
 *
 * What came by a pattern carries its name: as a row with its time, in a `table`, elsewhere beside its data. Where rows are
 * known by their name, an empty message takes that row away, as brokers forget what they keep.
 *
 * @param at when it came, ms since 1970
 */
export function readMessage(text: string, at: number, form: MessageForm, by?: MessageName): MessageReading {
  const { format, topicKind: kind } = form;
  if (text === '' && by !== undefined && isRow(form, by)) return { gone: by.name };
  let data: JsonValue;
  if (format === 'text') data = text;
  else if (format === 'auto') data = jsonOrText(text);
  else {
    try {
      data = parseJson(text);
    } catch (failure) {
      return { refused: `a message is not JSON (${shortened((failure as Error).message)}): ${shortened(text)}` };
    }
  }
  if (by !== undefined) return named(data, at, kind, by);
  if (kind === 'log' && typeof data === 'string' && format !== 'json') return { data: { t: at, text: data } };
  return readFields(data, at, kind);
}

/** As `readMessage`, of a message that has fields already. */
export function readFields(data: JsonValue, at: number, kind: TopicKind): MessageReading {
  if (kind === 'table') {
    const rows = Array.isArray(data) ? data : [data];
    return rows.every(isJsonObject) ? { data: rows } : { refused: `a message is not an object: ${textOf(data)}` };
  }
  if (kind !== 'series') return { data };
  const row = typeof data === 'number' ? { [VALUE_FIELD]: data } : data;
  if (!isJsonObject(row)) return { refused: `a message is not an object, nor a number: ${textOf(data)}` };
  const point = pointOf(row, at);
  return point ? { data: point } : { refused: `a message has no number: ${textOf(data)}` };
}

/** The text as the JSON that it is, or as the text that it is. */
export function jsonOrText(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** Whether there is one row for each name. */
function isRow({ topicKind: kind, keyField }: MessageForm, { field }: MessageName): boolean {
  return kind === 'table' && (keyField === undefined || keyField === field);
}

function named(data: JsonValue, at: number, kind: TopicKind, { field, name }: MessageName): MessageReading {
  if (kind !== 'table') return { data: { [field]: name, data } };
  const row: JsonObject = { [field]: name, t: at };
  if (isJsonObject(data)) for (const [key, value] of Object.entries(data)) setOwn(row, key, value);
  else setOwn(row, VALUE_FIELD, data);
  // Whatever the message calls so itself: rows are told apart by it.
  row[field] = name;
  return { data: [row] };
}

function textOf(data: JsonValue): string {
  return shortened(JSON.stringify(data));
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
